/** The referral procedure as the node keeps it, and as it is written here: step by step, all languages beside each other. */
export interface ProcedureText {
  language: string;
  title: string;
  steps: string[];
  draft?: boolean;
}
export interface ProcedureVersion {
  version: number;
  state: 'confirmed' | 'withdrawn';
  expired?: boolean;
  made_at: string;
  made_by?: string;
  texts: ProcedureText[];
  confirmed_by: string;
  confirmed_on: string;
  holds_until: string;
  source?: string;
}

/** What stands in the editor. `steps[n]` holds the step in each language, in the order of `languages`. */
export interface Draft {
  languages: Array<{ code: string; title: string; draft: boolean }>;
  steps: string[][];
  confirmed_by: string;
  confirmed_on: string;
  holds_until: string;
  source: string;
}

export const dayOf = (date: Date): string => `${date.getFullYear()}-${String(date.getMonth() + 1).padStart(2, '0')}-${String(date.getDate()).padStart(2, '0')}`;

/** A calendar day as a date at noon of the reader's own zone, so that it is the same day everywhere. */
export const asDate = (day: string): Date => new Date(`${day}T12:00:00`);

/** The version as a draft to change; a fresh one in this language when there is none. A confirmation is always given anew. */
export function draftOf(from: ProcedureVersion | undefined, language: string, today: Date): Draft {
  const until = new Date(today);
  until.setMonth(until.getMonth() + 6);
  const fresh = { confirmed_by: '', confirmed_on: dayOf(today), holds_until: dayOf(until), source: '' };
  if (!from || from.texts.length === 0) return { languages: [{ code: language, title: '', draft: false }], steps: [['']], ...fresh };
  return {
    languages: from.texts.map((text) => ({ code: text.language, title: text.title, draft: text.draft === true })),
    steps: (from.texts[0]?.steps ?? []).map((_, n) => from.texts.map((text) => text.steps[n] ?? '')),
    ...fresh,
    confirmed_by: from.confirmed_by,
    source: from.source ?? '',
  };
}

export function addLanguage(draft: Draft, code: string): void {
  if (draft.languages.some((one) => one.code === code)) return;
  draft.languages.push({ code, title: '', draft: false });
  for (const step of draft.steps) step.push('');
}
export function removeLanguage(draft: Draft, n: number): void {
  draft.languages.splice(n, 1);
  for (const step of draft.steps) step.splice(n, 1);
}
export const addStep = (draft: Draft): void => void draft.steps.push(draft.languages.map(() => ''));
export function moveStep(draft: Draft, n: number, by: -1 | 1): void {
  const [step] = draft.steps.splice(n, 1);
  if (step) draft.steps.splice(n + by, 0, step);
}

/** What is sent: the texts by language. */
export const sendable = (draft: Draft): Omit<ProcedureVersion, 'version' | 'state' | 'made_at'> => ({
  texts: draft.languages.map((one, n) => ({ language: one.code, title: one.title, steps: draft.steps.map((step) => step[n] ?? ''), ...(one.draft ? { draft: true } : {}) })),
  confirmed_by: draft.confirmed_by,
  confirmed_on: draft.confirmed_on,
  holds_until: draft.holds_until,
  source: draft.source,
});

/** Where in the editor a place of the node's refusal stands: "texts.1.steps.0" is step 0 in language 1. */
export function placeOf(location: string): { language?: number; step?: number; field: string } {
  const at = /^(?:body\.)?texts\.(\d+)\.(\w+)(?:\.(\d+))?$/.exec(location);
  if (!at) return { field: location.replace(/^body\./, '') };
  return { language: Number(at[1]), field: at[2] ?? '', ...(at[3] === undefined ? {} : { step: Number(at[3]) }) };
}
