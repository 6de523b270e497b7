/**
 * The indicator engine on the device. It is a TypeScript port of the Go
 * package screening/indicator, held equal to it by shared vectors; the node
 * scores again what it receives. It is loaded when a form with a pack opens.
 */
import type { Line } from '@/screening/indicator';

export type { Line };

export type FindingState = 'established' | 'open' | 'unanswered' | 'not_seen';

export interface Finding {
  id: string;
  kind: 'case' | 'need' | 'dimension' | 'offer';
  certain: boolean;
  possible: boolean;
  state: FindingState;
}

/** The members of lintas-result/1 that the screens show. */
export interface Result {
  format: string;
  pack: { id: string; version: string; hash: string; validated: boolean; secondary: boolean };
  profile: { id: string; version: string };
  finished: boolean;
  population: { rule: 'adult' | 'child' | 'both'; presumed_child?: boolean };
  decided: boolean;
  offer: Finding;
  outcomes: Finding[];
  dimensions: Finding[];
  views?: Array<{ population: string; outcomes: Finding[]; dimensions: Finding[] }>;
  flags?: string[];
  present: Array<{ id: string; dimension: string; because: Array<{ question: string; values: string[] }> }>;
  unanswered?: Array<{ question: string; state: string }>;
  next?: Array<{ target: string; questions: string[]; shortest: boolean }>;
  not_covered?: string[];
  exact: boolean;
}

export type PackText = Record<string, string | { draft: string }>;

/** The members of lintas-pack/1 that the screens show. */
export interface Pack {
  id: string;
  version: string;
  title: PackText;
  note?: PackText;
  rules: Array<{ id: string; text: PackText }>;
  dimensions: Array<{ id: string; title: PackText; rule: string }>;
  indicators: Array<{ id: string; text: PackText; dimension: string }>;
  profiles: Array<{ id: string; version: string; title: PackText; note?: PackText; outcomes: Array<{ id: string; title: PackText; offer?: PackText; positive?: boolean }> }>;
  questions: Array<{ name: string; label?: PackText }>;
}

export interface Scorer {
  pack: Pack;
  /** `leaves` as a form stores them; `states` for questions answered without a value. */
  score(leaves: Record<string, string>, states: Record<string, 'not_known' | 'declined'>, finished: boolean): Result;
  /** The result in sentences; a sentence that nobody checked is marked. */
  explain(result: Result, language: string): Line[];
}

/** A pack's text in a language, English, or whatever there is. */
export function packText(text: PackText | undefined, language: string): { text: string; language: string; draft: boolean } {
  const base = language.split('-')[0] ?? language;
  for (const code of [language, base, 'en', ...Object.keys(text ?? {})]) {
    const found = text?.[code];
    if (found !== undefined) return typeof found === 'string' ? { text: found, language: code, draft: false } : { text: found.draft, language: code, draft: true };
  }
  return { text: '', language: 'en', draft: false };
}
