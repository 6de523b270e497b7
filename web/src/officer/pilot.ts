import type { Instrument } from './bundle';
import type { Interview } from './interview';
import type { Result } from './scoring';
import type { Vault } from './vault/vault';

/**
 * Measures of a pilot, kept only when the node and the officer both agreed,
 * as counts and sums: no answer, no name, no time of day, nothing that could
 * point to one person. Kept sealed like everything else.
 */
export interface Counts {
  instrument: string;
  version: string;
  interviews: number;
  seconds: number;
  questions: Record<string, { seen: number; seconds: number; skipped: number; back: number }>;
  languages: Record<string, number>;
  sound: Record<string, { media: number; voice: number; none: number }>;
  results: { decided: number; undecided: number };
  referral: { offered: number; accepted: number; declined: number; none: number };
}

export const emptyCounts = (instrument: Instrument): Counts => ({
  instrument: instrument.form_id, version: instrument.version, interviews: 0, seconds: 0, questions: {}, languages: {}, sound: {}, results: { decided: 0, undecided: 0 }, referral: { offered: 0, accepted: 0, declined: 0, none: 0 },
});

/** A long pause is somebody called away, not a hard question. */
const longest = 300;

export interface Pilot {
  shown(path: string): void;
  left(path: string): void;
  skipped(path: string): void;
  wentBack(path: string): void;
  language(code: string): void;
  heard(sound: 'media' | 'voice' | 'none', code: string): void;
  finished(result: Result | null, interview: Interview): Promise<void>;
}

const plainPath = (path: string): string => path.replace(/\[\d+\]/g, '');

export async function optedIn(vault: Vault): Promise<boolean> {
  return (await vault.get<{ on: boolean }>('setting', 'pilot'))?.on === true;
}

/** The measures of one interview; added to the sums when it is finished, forgotten when it is not. */
export async function openPilot(vault: Vault, instrument: Instrument, now: () => number = () => performance.now()): Promise<Pilot | null> {
  if (!(await optedIn(vault))) return null;
  const own = emptyCounts(instrument);
  let since = 0;
  let current = '';
  const of = (path: string): Counts['questions'][string] => (own.questions[plainPath(path)] ??= { seen: 0, seconds: 0, skipped: 0, back: 0 });
  return {
    shown(path) {
      if (path !== current) of(path).seen++;
      current = path;
      since = now();
    },
    left(path) {
      const seconds = Math.min(longest, (now() - since) / 1000);
      of(path).seconds += seconds;
      own.seconds += seconds;
    },
    skipped: (path) => void of(path).skipped++,
    wentBack: (path) => void of(path).back++,
    language(code) {
      own.languages = { [code]: 1 };
    },
    heard(sound, code) {
      (own.sound[code] ??= { media: 0, voice: 0, none: 0 })[sound]++;
    },
    async finished(result, interview) {
      own.interviews = 1;
      if (result) own.results[result.decided ? 'decided' : 'undecided']++;
      const referral = interview.next?.referral ?? 'none';
      own.referral[referral]++;
      if (referral === 'accepted' || referral === 'declined') own.referral.offered++;
      const id = `${instrument.form_id}|${instrument.version}`;
      await vault.put('pilot', id, addCounts((await vault.get<Counts>('pilot', id)) ?? emptyCounts(instrument), own));
    },
  };
}

/** The sum of two sets of counts. */
export function addCounts(one: Counts, two: Counts): Counts {
  const add = (a: unknown, b: unknown): unknown => {
    if (typeof a === 'number' || typeof b === 'number') return ((a as number | undefined) ?? 0) + ((b as number | undefined) ?? 0);
    if (typeof a === 'string' || typeof b === 'string') return a ?? b;
    const whole: Record<string, unknown> = {};
    for (const key of new Set([...Object.keys((a as object | undefined) ?? {}), ...Object.keys((b as object | undefined) ?? {})])) whole[key] = add((a as Record<string, unknown> | undefined)?.[key], (b as Record<string, unknown> | undefined)?.[key]);
    return whole;
  };
  return add(one, two) as Counts;
}

/** A share with its 95 % interval after Wilson (1927): honest also for few and for none. */
export function wilson(hits: number, all: number): { share: number; low: number; high: number } | null {
  if (all === 0) return null;
  const z = 1.959964;
  const share = hits / all;
  const middle = (share + (z * z) / (2 * all)) / (1 + (z * z) / all);
  const half = (z / (1 + (z * z) / all)) * Math.sqrt((share * (1 - share)) / all + (z * z) / (4 * all * all));
  return { share, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
