import { ref, type Ref } from 'vue';
import { locales } from '@/i18n/locales';
import type { Newest } from '@/ui';

/** What the screening desk of the node answers, as far as its pages show it. */
export interface Language {
  code: string;
  name: string;
}
export interface PackRef {
  id: string;
  version: string;
  hash: string;
  validated: boolean;
  secondary?: boolean;
}
export interface Instrument {
  id: string;
  form_id: string;
  title: string;
  version: string;
  revision: string;
  state: 'open' | 'closing' | 'closed';
  languages: Language[];
  default_language: string;
  questions: number;
  pack?: PackRef;
  published_at: string;
  media: Array<{ name: string; size: number }>;
  workbook: boolean;
  versions?: Instrument[];
}
export interface CellError {
  sheet?: string;
  row?: number;
  column?: string;
  cell?: string;
  text?: string;
  message: string;
  remedy?: string;
  suggestion?: string;
  detail?: string;
  code: string;
}
export interface Sheet {
  name: string;
  header_row: number;
  columns: number[];
  header: string[];
  rows: Array<{ number: number; cells: string[] }>;
  more?: number;
}
export interface Change {
  kind: string;
  path?: string;
  name?: string;
  language?: string;
  choice?: string;
  before?: string;
  after?: string;
  breaking?: boolean;
}
export interface Diff {
  against: string;
  breaking: number;
  changes: Change[];
  more?: number;
}
export interface Coverage {
  code: string;
  name: string;
  questions: number;
  translated: number;
  missing: Array<{ sheet: string; row?: number; cell?: string; name?: string; text: string }>;
}
export interface Preview {
  title: string;
  language: string;
  languages: Language[];
  items: Array<{ path: string; name: string; depth: number; kind: string; label: string; hint?: string; options?: string[]; when?: string; required?: boolean; missing?: boolean }>;
}
export interface Checked {
  ok: boolean;
  form_id?: string;
  version?: string;
  title?: string;
  questions: number;
  errors: CellError[];
  warnings: Array<{ sheet?: string; row?: number; cell?: string; text: string }>;
  languages: Coverage[];
  media: Array<{ name: string; here: boolean }>;
  pack?: PackRef;
  sheets: Sheet[] | null;
  diff?: Diff;
  preview?: Preview;
}
export interface Listed {
  id: string;
  instance_id: string;
  form_id: string;
  title: string;
  version: string;
  received_at: string;
  officer?: string;
  person_id: string;
  place?: string;
  outcomes: Array<{ id: string; kind: string; title: string; draft?: boolean }>;
  open: boolean;
  state: 'received' | 'erased';
  complete: boolean;
  reviewed: boolean;
}
export interface Line {
  kind: string;
  about?: string;
  text: string;
  lang: string;
  draft?: boolean;
}
export interface Fired {
  id: string;
  dimension: string;
  text: { text: string; draft?: boolean };
  strength: string;
  because: Array<{ label: string; values?: string[] }>;
  source: string;
  secondary?: boolean;
}
export interface Screening {
  screening: Listed;
  answers: Array<{ name: string; path: string; group?: string; label: string; value: string; value_label?: string; unknown?: boolean }>;
  results: Array<{ id: string; made_at: string; current: boolean; result: { pack: PackRef }; explained?: { lines: Line[]; outcomes: Array<{ id: string; state: string }>; dimensions: Array<{ id: string; title: { text: string } }>; present: Fired[]; caution: string; sources: Array<{ id: string; cite: string; secondary?: boolean }> } }>;
  attachments: Array<{ id: string; name: string; size: number; type: string; flag?: string }>;
  history: Array<{ instance_id: string; corrects?: string; received_at: string; form_version: string; current: boolean }>;
}
export interface Held {
  id: string;
  received_at: string;
  times: number;
  reason: string;
  explanation: string;
  answered: number;
  from?: string;
  screening_id?: string;
  size: number;
  state: 'held' | 'released' | 'discarded';
  files?: Array<{ id: string; name: string; size: number }>;
}

/** "C7" of a column's number and a row's number, as spreadsheets name cells. */
export function cellName(column: number, row: number): string {
  let letters = '';
  for (let n = column; n > 0; n = Math.floor((n - 1) / 26)) letters = String.fromCharCode(65 + ((n - 1) % 26)) + letters;
  return letters + row;
}

/** Where an error stands, as spreadsheets say it: "survey!C7". Empty when it stands nowhere. */
export const placeOfError = (one: CellError): string => [one.sheet, one.cell || one.row].filter(Boolean).join('!');

/** Errors by sheet and cell, for the picture; those of a whole row stand under "7". */
export function byCell(errors: readonly CellError[], sheet: Sheet): Map<string, CellError[]> {
  const found = new Map<string, CellError[]>();
  for (const one of errors) {
    if (one.sheet?.toLowerCase() !== sheet.name.toLowerCase()) continue;
    let at = one.cell ?? '';
    if (at === '' && one.row) {
      const column = sheet.header.findIndex((heading) => heading.toLowerCase() === one.column?.toLowerCase());
      at = column >= 0 ? cellName(sheet.columns[column] ?? column + 1, one.row) : String(one.row);
    }
    found.set(at, [...(found.get(at) ?? []), one]);
  }
  return found;
}

/** Hands a file of the node to the person. */
export function save(file: { blob: Blob; name: string }): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file.blob);
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/** Languages that officers and people met at borders of the region speak; a procedure may be written in each. */
export const languagesHere = ['en', 'id', 'th', 'vi', 'my', 'ar', 'km', 'lo', 'ms', 'fil', 'tet', 'rhg', 'shn', 'kar', 'bn', 'ta', 'si', 'hi', 'ne', 'ur', 'fa', 'prs', 'ps', 'zh', 'fr', 'pt'] as const;

/** A language by its own name, or its code where the browser has no name for it. */
export function languageName(code: string): string {
  const ours = locales.find((one) => one.code === code);
  if (ours) return ours.name;
  try {
    return new Intl.DisplayNames([code], { type: 'language', fallback: 'code' }).of(code) ?? code;
  } catch {
    return code;
  }
}

/** Runs calls of a page that may overlap, and keeps what the last of them was refused with; a call that is not the newest any more says nothing. */
export function useWork(): { busy: Ref<boolean>; problem: Ref<unknown>; work: (act: () => Promise<void>, newest?: Newest) => Promise<void> } {
  const busy = ref(false);
  const problem = ref<unknown>();
  let running = 0;
  async function work(act: () => Promise<void>, newest: Newest = () => true): Promise<void> {
    running++;
    busy.value = true;
    problem.value = undefined;
    try {
      await act();
    } catch (caught) {
      if (newest()) problem.value = caught;
    } finally {
      busy.value = --running > 0;
    }
  }
  return { busy, problem, work };
}
