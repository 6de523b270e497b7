import type { AnyNode, RootNode, SelectNode, RankNode, InputNode, RangeNode, TriggerNode, UploadNode, NoteNode, RepeatRangeNode, FormLanguage } from '@getodk/xforms-engine';
import { languageCode } from './language';
import { translated } from './translated';

/**
 * The engine of ODK's own web forms decides everything about a form: what is
 * relevant, what is allowed, what is computed, which words are shown. This
 * file only walks its tree and takes plain pictures of one question at a
 * time; Vue never watches the engine itself, so that 300 questions cost no
 * more on a screen than one.
 */

export type Control = 'select-one' | 'select-many' | 'text' | 'integer' | 'decimal' | 'date' | 'time' | 'datetime' | 'note' | 'range' | 'rank' | 'agree' | 'file' | 'place' | 'other';

/** The words of a question in one language. `audio` is the file name of the workbook's own recording. */
export interface Words {
  text: string;
  audio: string | null;
  image: string | null;
}

export interface Option {
  value: string;
  officer: Words;
  traveller: Words;
}

/** A step of the interview: a question, or the place after a repeat's last round where another can be added. */
export type Step = { kind: 'question'; path: string; node: QuestionNode } | { kind: 'repeat'; path: string; node: RepeatRangeNode };

export type QuestionNode = SelectNode | RankNode | InputNode | RangeNode | TriggerNode | UploadNode | NoteNode;

/** A picture of a step, with nothing of the engine in it. */
export interface Question {
  path: string;
  /** The question's own name, which a pack speaks of. */
  name: string;
  control: Control;
  officer: { label: Words; hint: Words };
  traveller: { label: Words; hint: Words };
  options: Option[];
  /** The answer as the form stores it; blank when there is none. */
  value: string;
  chosen: readonly string[];
  readonly: boolean;
  required: boolean;
  section: string;
  range: { min: number; max: number; step: number } | null;
  accept: string | null;
  rows: number | null;
  rounds: number;
}

/** What the engine holds against an answer, in the officer's language. */
export interface Violation {
  path: string;
  kind: 'constraint' | 'required';
  message: string;
}

const blank: Words = { text: '', audio: null, image: null };

interface Ranged {
  asString: string;
  audioSource?: { href?: string; toString(): string };
  imageSource?: { href?: string; toString(): string };
}

const fileName = (source: { toString(): string } | undefined): string | null => (source ? decodeURIComponent(source.toString().split('/').pop() ?? '') || null : null);

function words(range: unknown): Words {
  if (!range) return blank;
  const { asString, audioSource, imageSource } = range as Ranged;
  return { text: asString, audio: fileName(audioSource), image: fileName(imageSource) };
}

const isQuestion = (node: AnyNode): node is QuestionNode & AnyNode => ['select', 'rank', 'input', 'range', 'trigger', 'upload', 'note'].includes(node.nodeType);

/** The relevant steps in the order of the form. A note without words is a layout trick of workbooks and no step. */
export function stepsOf(root: RootNode): Step[] {
  const steps: Step[] = [];
  const visit = (node: AnyNode): void => {
    if (!node.currentState.relevant) return;
    if (isQuestion(node)) {
      if (node.nodeType !== 'note' || (node as NoteNode).currentState.noteText.asString.trim() !== '') steps.push({ kind: 'question', path: node.currentState.reference, node });
      return;
    }
    for (const child of node.currentState.children ?? []) visit(child as AnyNode);
    if (node.nodeType === 'repeat-range:uncontrolled') steps.push({ kind: 'repeat', path: `${node.currentState.reference}#`, node: node as RepeatRangeNode });
  };
  for (const child of root.currentState.children) visit(child as AnyNode);
  return steps;
}

const inputs: Record<string, Control> = { string: 'text', int: 'integer', decimal: 'decimal', date: 'date', time: 'time', dateTime: 'datetime', geopoint: 'place', barcode: 'text', boolean: 'text' };

function controlOf(node: QuestionNode): Control {
  switch (node.nodeType) {
    case 'select':
      return node.selectType === 'select' ? 'select-many' : 'select-one';
    case 'rank':
      return 'rank';
    case 'range':
      return 'range';
    case 'trigger':
      return 'agree';
    case 'upload':
      return 'file';
    case 'note':
      return 'note';
    default:
      return inputs[node.valueType] ?? 'other';
  }
}

const nameOf = (path: string): string => (path.split('/').pop() ?? '').replace(/\[\d+\]$/, '');

function sectionOf(node: { parent: unknown }): string {
  for (let at = node.parent as AnyNode | null; at && at.nodeType !== 'root'; at = at.parent as AnyNode | null) {
    const label = at.currentState.label as Ranged | null;
    if (label && label.asString.trim() !== '') return label.asString;
  }
  return '';
}

/** The words of a step in the language that is active now. */
export interface Spoken {
  label: Words;
  hint: Words;
  options: Map<string, Words>;
  section: string;
}

function spoken(step: Step): Spoken {
  const { node } = step;
  const state = node.currentState;
  const options = new Map<string, Words>();
  if (node.nodeType === 'select' || node.nodeType === 'rank') for (const item of node.currentState.valueOptions) options.set(item.value, words(item.label));
  return { label: words(state.label), hint: words(state.hint), options, section: sectionOf(node) };
}

function theirWords(root: RootNode, step: Step, officer: FormLanguage, traveller: FormLanguage, ours: Spoken): Spoken {
  const found = translated(step, traveller, { label: ours.label, hint: ours.hint, options: [...ours.options.values()] });
  if (found) return { ...ours, label: found.label, hint: found.hint, options: new Map([...ours.options.keys()].map((value, at) => [value, found.options[at]!])) };
  return switched(root, step, officer, traveller);
}

/** The slow way, right for every step: the whole form changes its language and changes back. */
export function switched(root: RootNode, step: Step, officer: FormLanguage, traveller: FormLanguage): Spoken {
  root.setLanguage(traveller);
  try {
    return spoken(step);
  } finally {
    root.setLanguage(officer);
  }
}

function rangeOf(node: QuestionNode): Question['range'] {
  if (node.nodeType !== 'range') return null;
  const { bounds } = (node.definition as unknown as { bounds: { min: unknown; max: unknown; step: unknown } });
  return { min: Number(bounds.min), max: Number(bounds.max), step: Number(bounds.step) };
}

/** One step in both languages; the engine speaks the officer's before and after. */
export function picture(root: RootNode, step: Step, officer: FormLanguage, traveller: FormLanguage): Question {
  const ours = spoken(step);
  const theirs = 'isSyntheticDefault' in officer || officer.language === traveller.language ? ours : theirWords(root, step, officer, traveller, ours);
  const { node } = step;
  const repeat = step.kind === 'repeat';
  const state = node.currentState;
  const control = repeat ? 'note' : controlOf(step.node);
  const value = repeat ? '' : ((state as { instanceValue?: string }).instanceValue ?? '');
  return {
    path: step.path,
    name: nameOf(state.reference),
    control,
    officer: { label: ours.label, hint: ours.hint },
    traveller: { label: theirs.label, hint: theirs.hint },
    options: [...ours.options].map(([option, label]) => ({ value: option, officer: label, traveller: theirs.options.get(option) ?? label })),
    value,
    chosen: node.nodeType === 'select' || node.nodeType === 'rank' ? [...node.currentState.value] : [],
    readonly: state.readonly,
    required: state.required,
    section: ours.section,
    range: repeat ? null : rangeOf(step.node),
    accept: node.nodeType === 'upload' ? node.nodeOptions.media.accept : null,
    rows: node.nodeType === 'input' && node.valueType === 'string' ? ((node.nodeOptions as { rows?: number | null } | null)?.rows ?? null) : null,
    rounds: repeat ? (step.node.currentState.children?.length ?? 0) : 0,
  };
}

/** Gives the engine an answer as text (or choices, or a file); the engine casts, computes and checks. */
export function answer(step: Step, value: string | readonly string[] | boolean | File | null): void {
  if (step.kind !== 'question') return;
  const { node } = step;
  switch (node.nodeType) {
    case 'select':
      node.selectValues(typeof value === 'string' ? (value === '' ? [] : [value]) : ((value as readonly string[] | null) ?? []));
      break;
    case 'rank':
      node.setValues((value as readonly string[] | null) ?? []);
      break;
    case 'trigger':
      node.setValue(value === true);
      break;
    case 'upload':
      node.setValue((value as File | null) ?? null);
      break;
    case 'note':
      break;
    default:
      // A blank text is '', a blank number or date is null: a null text breaks the engine when it writes the XML.
      (node as { setValue(value: unknown): unknown }).setValue(value === '' && ['int', 'decimal', 'date', 'time', 'dateTime'].includes(node.valueType) ? null : (value ?? ''));
  }
}

/** What the engine holds against this step's answer now. */
export function violationOf(step: Step): Violation | null {
  if (step.kind !== 'question') return null;
  const { violation } = step.node.validationState as { violation: { condition: 'constraint' | 'required'; message: { asString: string } | null } | null };
  return violation ? { path: step.path, kind: violation.condition, message: violation.message?.asString ?? '' } : null;
}

/** Every leaf with an answer, by the question's name: what the indicator engine reads. In a repeat the first answer counts, as at the node. */
export function leavesOf(root: RootNode): Record<string, string> {
  const leaves: Record<string, string> = {};
  const visit = (node: AnyNode): void => {
    if (!node.currentState.relevant) return;
    const children = node.currentState.children as readonly AnyNode[] | null;
    if (children) {
      for (const child of children) visit(child);
      return;
    }
    const value = (node.currentState as { instanceValue?: string }).instanceValue ?? '';
    const name = nameOf(node.currentState.reference);
    if (value !== '' && !(name in leaves) && !/\/meta\//.test(node.currentState.reference)) leaves[name] = value;
  };
  for (const child of root.currentState.children) visit(child as AnyNode);
  return leaves;
}

/** The form's language that fits a code best; its default otherwise. */
export function languageFor(root: RootNode, code: string): FormLanguage {
  const all = root.languages as readonly FormLanguage[];
  const base = (text: string): string => text.toLowerCase().split('-')[0] ?? '';
  return all.find((one) => languageCode(one) === code.toLowerCase()) ?? all.find((one) => base(languageCode(one)) === base(code)) ?? all.find((one) => one.isDefault) ?? all[0]!;
}
