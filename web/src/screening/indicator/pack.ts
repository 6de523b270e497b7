/** The shape of a pack (lintas-pack/1) as the node serves it: canonical JSON. */

/** A checked wording is a string, one not yet checked by a speaker is a draft. */
export type Wording = string | { draft: string };
export type Text = Record<string, Wording>;

export interface Question {
  name: string;
  type: string;
  choices?: string[];
  label?: Text;
  choice_labels?: Record<string, Text>;
  relevant?: string;
  derived?: boolean;
}

export interface Strength {
  adult?: string;
  child?: string;
}

export interface Indicator {
  id: string;
  dimension: string;
  strength: Strength;
  text: Text;
  when?: string;
  source: string;
  secondary?: boolean;
}

export interface Outcome {
  id: string;
  kind: string;
  when: string;
  positive?: boolean;
  flags?: string[];
  title: Text;
  offer?: Text;
  source?: string;
}

export interface Profile {
  id: string;
  version: string;
  title: Text;
  note?: Text;
  source?: string;
  outcomes: Outcome[];
}

export interface PackData {
  format: string;
  id: string;
  version: string;
  title: Text;
  note?: Text;
  validated?: boolean;
  sources?: Array<{ id: string; cite: string; secondary?: boolean }>;
  codes: { not_known?: string[]; declined?: string[] };
  population: { adult: string };
  questions?: Question[];
  rules: Array<{ id: string; when: string; text: Text; source?: string }>;
  dimensions: Array<{ id: string; title: Text; rule: string; source?: string }>;
  indicators: Indicator[];
  profiles: Profile[];
}

/** The wording in a language, or English, or the first there is. */
export function wordingIn(text: Text | undefined, lang: string): { text: string; lang: string; draft: boolean } {
  const t = text ?? {};
  const code = lang in t ? lang : 'en' in t ? 'en' : (Object.keys(t).sort()[0] ?? '');
  const w = t[code];
  if (w === undefined) return { text: '', lang: code, draft: false };
  return typeof w === 'string' ? { text: w, lang: code, draft: false } : { text: w.draft, lang: code, draft: true };
}
