/** What the displacement desk sends, and the little arithmetic its pages need. */
import type { Land, MapPoint } from '@/ui/map';

export interface Scenario {
  id: string;
  name: string;
  source: string;
  sha256: string;
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
  reported?: number[];
  what_if?: Bands;
  difference?: Bands;
  chance_over_capacity?: number;
}

export interface View {
  members: number;
  seed: number;
  what_if: boolean;
  days: number[];
  dates: string[];
  places: PlaceRun[];
  sensitivity?: { input: string; first: number }[];
  notes: string[];
}

export interface Run {
  id: string;
  version: number;
  state: 'queued' | 'running' | 'done' | 'failed';
  done: number;
  problem?: string;
  settings: { members: number; seed?: number };
  asked_at: string;
  program: string;
  view?: View;
}

export interface ScenarioView {
  scenario: Scenario;
  versions: Version[];
  runs: Run[];
  rulesets: string[];
  start: string;
  days: number;
  places: MapPlace[];
  routes: MapRoute[];
  land?: Land;
}

export interface FlowView {
  start: string;
  places: MapPlace[];
  routes: MapRoute[];
  people: number[][];
  flows: number[][];
  at_sea: number[];
  notes: string[];
}

export interface GapRow {
  name: string;
  date: string;
  peak: number;
  capacity: number;
  shelter_gap: number;
  arrivals: number;
  waiting: number;
  staff_needed: number;
}

export const kinds = ['shut_border', 'shut_place', 'cut_road', 'open_camp', 'close_camp', 'set_capacity', 'fill_camp', 'spread_conflict', 'ceasefire', 'stop_boats'] as const;

/** Which fields a kind of change needs. */
export function needs(kind: string): { countries: boolean; place: boolean; place2: boolean; capacity: boolean } {
  return {
    countries: kind === 'shut_border',
    place: kind !== 'shut_border',
    place2: kind === 'cut_road' || kind === 'stop_boats',
    capacity: kind === 'open_camp' || kind === 'set_capacity',
  };
}

export interface Frame {
  width: number;
  height: number;
  at(place: { lat: number; lon: number }): { x: number; y: number };
}

/** An equirectangular frame around all places with a margin; degrees of longitude shrink with latitude. */
export function frameOf(places: readonly MapPlace[], width: number): Frame {
  const lats = places.map((p) => p.lat);
  const lons = places.map((p) => p.lon);
  const margin = 0.08 * Math.max(Math.max(...lats) - Math.min(...lats), Math.max(...lons) - Math.min(...lons)) + 0.05;
  const north = Math.max(...lats) + margin;
  const south = Math.min(...lats) - margin;
  const west = Math.min(...lons) - margin;
  const east = Math.max(...lons) + margin;
  const scale = width / (east - west);
  const stretch = 1 / Math.max(0.2, Math.cos((((north + south) / 2) * Math.PI) / 180));
  return { width, height: (north - south) * scale * stretch, at: (p) => ({ x: (p.lon - west) * scale, y: (north - p.lat) * scale * stretch }) };
}

/** A date so many days after a day written YYYY-MM-DD. */
export function dateAfter(start: string, days: number): string {
  const d = new Date(start + 'T00:00:00Z');
  d.setUTCDate(d.getUTCDate() + days);
  return d.toISOString().slice(0, 10);
}

/** The points of a band as one polygon: along the top, back along the bottom. */
export function polygon(band: Bands, x: (k: number) => number, y: (n: number) => number): string {
  const top = band.high.map((n, k) => `${x(k).toFixed(1)},${y(n).toFixed(1)}`);
  const bottom = band.low.map((n, k) => `${x(k).toFixed(1)},${y(n).toFixed(1)}`).reverse();
  return [...top, ...bottom].join(' ');
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
