/** What the displacement desk sends, and the little arithmetic its pages need. */
import type { Land, MapPoint } from '@/ui/map';

export interface Scenario {
  id: string;
  name: string;
  source: string;
  sha256: string;
  made_at: string;
  made_by: string;
  seen_by: SeenBy;
  /** Of its name and of who sees it. */
  revision: number;
  /** It is of the reader's organisation; `of` is whose it is otherwise. */
  ours: boolean;
  of?: string;
  may_edit: boolean;
  /** The day after which a removed scenario cannot be brought back. */
  gone_at?: string;
}

export const seenByLevels = ['maker', 'organisation', 'node'] as const;
export type SeenBy = (typeof seenByLevels)[number];

/** What was changed about a scenario itself. */
export interface Edit {
  revision: number;
  what: 'name' | 'seen_by' | 'removed' | 'restored';
  was: string;
  became: string;
  made_at: string;
  made_by: string;
}

export interface Change {
  kind: string;
  from: number;
  until?: number;
  place?: string;
  place2?: string;
  country?: string;
  country2?: string;
  capacity?: number;
  intensity?: number;
  factor?: number;
  new?: { name: string; country: string; lat: number; lon: number };
  roads?: { to: string; km?: number }[];
}

export interface Version {
  version: number;
  ruleset: string;
  changes: Change[];
  note: string;
  made_at: string;
  made_by: string;
}

export interface MapPlace {
  name: string;
  country: string;
  kind: string;
  lat: number;
  lon: number;
  capacity: number;
}

export interface MapRoute {
  a: number;
  b: number;
  km: number;
  sea: boolean;
}

export interface Bands {
  low: number[];
  mid: number[];
  high: number[];
}

export interface PlaceRun extends Bands {
  place: string;
  capacity: number;
  reports?: { date: string; people: number }[];
  what_if?: Bands;
  difference?: Bands;
  /** People of each group on the view's `who_dates`, of the version as it is. */
  who?: Partial<Record<Group, Bands>>;
  chance_over_capacity?: number;
}

/** The people that shelter and screening are planned for, beside all; they overlap. */
export const groups = ['under_five', 'children', 'women', 'older'] as const;
export type Group = (typeof groups)[number];

export interface View {
  members: number;
  seed: number;
  what_if: boolean;
  days: number[];
  dates: string[];
  /** The days, one a week, on which ages and sexes are told; absent for a case that does not give them. */
  who_dates?: string[];
  places: PlaceRun[];
  total: Bands;
  other_total?: Bands;
  raw_bands: boolean;
  sensitivity?: { input: string; first: number }[];
  notes: string[];
}

export interface Run {
  id: string;
  version: number;
  state: 'queued' | 'running' | 'stopping' | 'stopped' | 'done' | 'failed';
  done: number;
  /** Other processes that help while it runs. */
  workers?: number;
  seconds_left?: number;
  problem?: string;
  settings: { members: number; seed?: number; warm?: { day: number; horizon: number }; series?: string };
  asked_at: string;
  asked_by: string;
  program: string;
  view?: View;
}

export interface Finding {
  severity: 'error' | 'warning' | 'note';
  file: string;
  line?: number;
  column?: number;
  what: string;
  assumed?: string;
}

export interface Series {
  id: string;
  name: string;
  source: string;
  start: string;
  people: number[];
  made_at: string;
}

export interface Input {
  kind: 'case-file' | 'ruleset' | 'counts' | 'series';
  name: string;
  rows?: number;
  bytes: number;
  sha256: string;
  source: string;
  made_at: string;
  made_by: string;
}

export interface Arrival {
  place: string;
  date: string;
  people: number;
  source: string;
}

export interface Comparison {
  places: { place: string; counts: { date: string; people: number; low: number; mid: number; high: number; persistence: number }[] }[];
  compared: number;
  error: number;
  persistence_error: number;
  inside: number;
}

export interface ScenarioView {
  scenario: Scenario;
  versions: Version[];
  edits: Edit[];
  runs: Run[];
  rulesets: string[];
  start: string;
  days: number;
  places: MapPlace[];
  routes: MapRoute[];
  land?: Land;
  findings: Finding[];
  series: Series[];
  outlook: boolean;
  names: Record<string, string>;
  last_report: number;
}

export interface FlowView {
  start: string;
  places: MapPlace[];
  routes: MapRoute[];
  people: number[][];
  flows: number[][];
  at_sea: number[];
  notes: string[];
  split?: { ages: string[]; sexes: string[]; days: number[]; people: number[][][] };
}

export interface GapRow {
  name: string;
  date: string;
  interviewers: number;
  peak: number;
  capacity: number;
  shelter_gap: number;
  arrivals: number;
  waiting: number;
  staff_needed: number;
}

/** The what-ifs, in the order a planner thinks of them. */
export const kinds = ['shut_border', 'shut_place', 'cut_road', 'slow_road', 'open_camp', 'close_camp', 'set_capacity', 'fill_camp', 'spread_conflict', 'ceasefire', 'stop_boats', 'flood'] as const;

export type Kind = (typeof kinds)[number];

export interface Needs {
  countries?: boolean;
  place?: 'any' | 'camp' | 'optional';
  /** The other end of a road, or of a sea route. */
  other?: 'road' | 'sea';
  capacity?: boolean;
  factor?: boolean;
  level?: boolean;
  /** A place that the case does not have may be made. */
  newPlace?: boolean;
}

/** Which fields a kind of change asks for. */
export function needs(kind: string): Needs {
  switch (kind) {
    case 'shut_border':
      return { countries: true };
    case 'cut_road':
      return { place: 'any', other: 'road' };
    case 'slow_road':
      return { place: 'any', other: 'road', factor: true };
    case 'open_camp':
      return { place: 'any', capacity: true, newPlace: true };
    case 'set_capacity':
      return { place: 'camp', capacity: true };
    case 'close_camp':
    case 'fill_camp':
      return { place: 'camp' };
    case 'ceasefire':
      return { place: 'optional' };
    case 'stop_boats':
      return { place: 'optional', other: 'sea' };
    case 'flood':
      return { place: 'any', level: true };
    default:
      return { place: 'any' };
  }
}

/** The places that a road or a sea route joins to a place, either way; boats only there. */
export function joined(view: { places: readonly MapPlace[]; routes: readonly MapRoute[] }, place: string, sea: boolean): string[] {
  const names = view.routes.flatMap((r) => {
    const a = view.places[r.a]?.name ?? '';
    const b = view.places[r.b]?.name ?? '';
    if (sea) return r.sea && a === place ? [b] : [];
    return a === place ? [b] : b === place ? [a] : [];
  });
  return [...new Set(names)].sort();
}

/** Two changes are the same when they say the same, in whatever order. */
export const same = (a: Change, b: Change): boolean => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort());

/** What a version adds to the one before it, and what it leaves out. */
export function diff(before: readonly Change[], now: readonly Change[]): { added: Change[]; removed: Change[] } {
  return { added: now.filter((c) => !before.some((b) => same(b, c))), removed: before.filter((b) => !now.some((c) => same(b, c))) };
}

/** Runs of a version that have an answer, newest first. */
export const answeredRuns = (runs: readonly Run[], version: number): Run[] => runs.filter((r) => r.version === version && (r.state === 'done' || (r.state === 'stopped' && r.done > 0)));

/** The newest run of a version that has an answer, and the newest that is still under way. */
export function runsOf(runs: readonly Run[], version: number): { answered?: Run; waiting?: Run } {
  const of = runs.filter((r) => r.version === version);
  const answered = answeredRuns(runs, version)[0];
  const waiting = of.find((r) => r.state === 'queued' || r.state === 'running' || r.state === 'stopping');
  return { ...(answered ? { answered } : {}), ...(waiting ? { waiting } : {}) };
}

/** The bands of a version: with its changes, where it has any. */
export const bandsOf = (p: PlaceRun): Bands => p.what_if ?? p;

/** The index of the kept day at or before a date; -1 before the first. */
export function dayIndex(dates: readonly string[], date: string): number {
  let at = -1;
  for (const [k, d] of dates.entries()) if (d <= date) at = k;
  return date > (dates[dates.length - 1] ?? '') ? -1 : at;
}

/** Whole days from one date to another, both YYYY-MM-DD. */
export const daysFrom = (start: string, date: string): number => Math.round((Date.parse(date) - Date.parse(start)) / 86_400_000);

export interface ChartBand extends Bands {
  dates: string[];
  kind: 'left' | 'right';
}

export interface ChartDot {
  date: string;
  people: number;
  kind: 'report' | 'count';
}

/** The next number that reads well on an axis: a short decimal times a power of ten, its half as well. */
export function roundUp(n: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, n)));
  return power * ([1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= n) ?? 10);
}

export interface GapBand {
  low: number;
  high: number;
  /** Beds missing at the high end. */
  missing: number;
}

/** The most people of a week by an ensemble: the highest day at the low and at the high end of the band. */
export function weekBand(view: View | undefined, place: string, monday: string, capacity: number): GapBand | null {
  const p = view?.places.find((x) => x.place === place);
  if (!view || !p) return null;
  const until = dateAfter(monday, 7);
  const bands = bandsOf(p);
  const days = view.dates.flatMap((d, k) => (d >= monday && d < until ? [k] : []));
  if (days.length === 0) return null;
  const low = Math.max(...days.map((k) => bands.low[k] ?? 0));
  const high = Math.max(...days.map((k) => bands.high[k] ?? 0));
  return { low, high, missing: capacity < 0 ? 0 : Math.max(0, high - capacity) };
}

/** The band of a group at a place on the told day of a week; null where nothing is told. */
export function groupBand(view: View | undefined, place: string, monday: string, group: Group): { low: number; mid: number; high: number } | null {
  const b = view?.places.find((x) => x.place === place)?.who?.[group];
  const until = dateAfter(monday, 7);
  const k = (view?.who_dates ?? []).findIndex((d) => d >= monday && d < until);
  if (!b || k < 0) return null;
  return { low: b.low[k] ?? 0, mid: b.mid[k] ?? 0, high: b.high[k] ?? 0 };
}

/** A date so many days after a day written YYYY-MM-DD. */
export function dateAfter(start: string, days: number): string {
  const d = new Date(start + 'T00:00:00Z');
  d.setUTCDate(d.getUTCDate() + days);
  return d.toISOString().slice(0, 10);
}

/**
 * Boats under way on a day, as marks for the map: on each sea route in use one
 * for every fifty people, at most six, spread along the route and moved on by
 * the day, so that playing the days shows them sailing.
 */
export function boats(places: readonly MapPlace[], routes: readonly MapRoute[], flows: readonly number[], day: number): MapPoint[] {
  return routes.flatMap((r, i) => {
    const a = places[r.a];
    const b = places[r.b];
    const people = flows[i] ?? 0;
    if (!r.sea || people <= 0 || !a || !b) return [];
    const fleet = Math.min(6, Math.max(1, Math.round(people / 50)));
    return Array.from({ length: fleet }, (_, k): MapPoint => {
      const along = 0.08 + 0.84 * ((k / fleet + day * 0.11) % 1);
      return { id: `boat ${i} ${k}`, label: '', lat: a.lat + (b.lat - a.lat) * along, lon: a.lon + (b.lon - a.lon) * along, size: 6, shape: 'boat', tone: 'warn', silent: true };
    });
  });
}
