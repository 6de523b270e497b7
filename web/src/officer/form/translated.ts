import type { FormLanguage } from '@getodk/xforms-engine';
import type { Step, Words } from './engine';

/**
 * The words of one step in a language that is not the active one.
 *
 * The engine speaks one language at a time, and changing it makes every
 * question of the form new: 140 ms for 300 questions on a slow phone, twice
 * for each question shown. What it holds for one question can be had alone:
 * which itext entry its words come from, the entry in any language, and the
 * XPath evaluator for what a text has inside. The engine's public types do not
 * name these; its version is exact in package.json, `translated.test.ts` holds
 * the result equal to a real change of language, and where anything is not as
 * expected null is handed back and the caller changes the language instead.
 */
export interface Translated {
  label: Words;
  hint: Words;
  options: Words[];
}

interface Evaluator {
  evaluateString(expression: string, options: { contextNode: unknown }): string;
  evaluateNodes(expression: string, options: { contextNode: unknown }): unknown[];
}
interface Expression {
  source?: 'translation' | 'literal' | 'output' | 'reference';
  toString(): string | null;
}
interface TextDefinition {
  chunks: readonly Expression[];
  form: { model: { getItextElement(language: FormLanguage, id: string): Element | undefined } };
}
interface Inside {
  evaluator: Evaluator;
  contextNode: unknown;
  definition: {
    bodyElement: {
      label?: TextDefinition | null;
      hint?: TextDefinition | null;
      items?: ReadonlyArray<{ label: TextDefinition | null }>;
      itemset?: { nodes: Expression; label: TextDefinition | null } | null;
    };
  };
}

/** `ours` are the same step's words in the active language: what is not translated reads the same in every one. */
export function translated(step: Step, language: FormLanguage, ours: Translated): Translated | null {
  if (step.kind !== 'question') return null;
  const node = step.node as unknown as Inside;
  try {
    const body = node.definition.bodyElement;
    return {
      label: body.label ? words(node.evaluator, body.label, node.contextNode, language, ours.label) : ours.label,
      hint: body.hint ? words(node.evaluator, body.hint, node.contextNode, language, ours.hint) : ours.hint,
      options: optionsOf(node, language, ours.options),
    };
  } catch {
    return null;
  }
}

function optionsOf(node: Inside, language: FormLanguage, ours: Words[]): Words[] {
  if (ours.length === 0) return [];
  const { items, itemset } = node.definition.bodyElement;
  if (itemset) {
    const { label } = itemset;
    if (!label) return ours;
    const rows = node.evaluator.evaluateNodes(String(itemset.nodes), { contextNode: node.contextNode });
    if (rows.length !== ours.length) throw new Error('The engine lists other options than it shows.');
    return rows.map((row, at) => words(node.evaluator, label, row, language, ours[at]!));
  }
  if (items?.length !== ours.length) throw new Error('The engine lists other options than it shows.');
  return items.map((item, at) => (item.label ? words(node.evaluator, item.label, node.contextNode, language, ours[at]!) : ours[at]!));
}

const mediaKinds = ['image', 'audio', 'video'];

function words(evaluator: Evaluator, definition: TextDefinition, contextNode: unknown, language: FormLanguage, ours: Words): Words {
  const [first] = definition.chunks;
  if (first?.source !== 'translation') return ours;
  const id = evaluator.evaluateString(String(first), { contextNode });
  const entry = definition.form.model.getItextElement(language, id);
  const found: Words & { video?: string } = { text: '', audio: null, image: null };
  for (const value of entry?.children ?? []) {
    const kind = value.getAttribute('form') ?? '';
    for (const part of value.childNodes) {
      if (part.nodeType === Node.TEXT_NODE && mediaKinds.includes(kind)) Object.assign(found, { [kind]: decodeURIComponent((part.nodeValue ?? '').split('/').pop() ?? '') || null });
      else if (part.nodeType === Node.TEXT_NODE) found.text += part.nodeValue;
      else if (part instanceof Element && part.localName === 'output' && part.hasAttribute('value')) found.text += evaluator.evaluateString(part.getAttribute('value')!, { contextNode });
    }
  }
  return { text: found.text, audio: found.audio, image: found.image };
}
