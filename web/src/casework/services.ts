/** What the node says of a file of services, and what the page does with it. */

/** One mistake or note: a row of 0 is the whole file, 1 the header of a CSV file. */
export interface Mistake {
  file: string;
  row: number;
  column?: string;
  message: string;
}

export interface ImportedRow {
  do: 'add' | 'change';
  table: string;
  id: string;
  name?: string;
  was?: string;
  columns?: string[];
  other?: boolean;
}

export interface Imported {
  id?: string;
  version: number;
  added: number;
  changed: number;
  unchanged: number;
  tables?: { table: string; added: number; changed: number; unchanged: number }[];
  rows?: ImportedRow[];
  others?: number;
  opens?: ImportedRow[];
  opened?: number;
  left_out?: string[];
  wrong?: Mistake[];
  wrongs?: number;
  notes?: Mistake[];
  noted?: number;
}

export interface PastImport {
  id: string;
  at: string;
  by: { name?: string; organisation?: string };
  mark?: string;
  added: number;
  changed: number;
  unchanged: number;
  undone_at: string;
  undone_by: { name?: string; organisation?: string };
  undo_until: string;
}

export interface PastImports {
  items: PastImport[];
  limits: { sent: number; unpacked: number; files: number; rows: number; undo_days: number };
}

export interface Listed extends Mistake {
  kind: 'wrong' | 'note';
  key: string;
}

/** Mistakes first, then notes, each with its kind. */
export const listed = (of: Imported): Listed[] => [
  ...(of.wrong ?? []).map((one, i) => ({ ...one, kind: 'wrong' as const, key: `w${i}` })),
  ...(of.notes ?? []).map((one, i) => ({ ...one, kind: 'note' as const, key: `n${i}` })),
];

/** Those of a kind (empty: both), of a file (empty: all), in which every word stands. */
export function filtered(all: readonly Listed[], kind: string, file: string, text: string): Listed[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((one) => (kind === '' || one.kind === kind) && (file === '' || one.file === file) && words.every((word) => `${one.file} ${one.row} ${one.column ?? ''} ${one.message}`.toLowerCase().includes(word)));
}

/** A cell that a spreadsheet takes for a text, whatever it begins with. */
const cell = (text: string): string => `"${(/^[=+\-@\t\r]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;

/** The mistakes as CSV in UTF-8 with its mark, so that spreadsheets read every script. */
export const asCSV = (head: readonly string[], list: readonly Listed[], kinds: Record<Listed['kind'], string>): string =>
  '\uFEFF' + [head, ...list.map((one) => [one.file, one.row === 0 ? '' : String(one.row), one.column ?? '', kinds[one.kind], one.message])].map((row) => row.map(cell).join(',') + '\r\n').join('');

/** A number for an import that nobody else draws. */
export const drawId = (): string => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
