import { computed, shallowReactive, watch, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { Problem, type FieldProblem } from '@/api/client';
import { regional } from '@/i18n/dates';

/**
 * What the node refuses, said in the reader's language. The node sends a code, an English sentence and the values
 * in it; the sentences of the other languages are data beside this file, held complete by arch/problems_test.go.
 * A language's file is fetched when the first refusal is shown: most visits need none.
 */
export interface Catalogue {
  codes: Readonly<Record<string, string>>;
  messages: Readonly<Record<string, string>>;
}

/** A text and, where it is not the reader's language, that it is English. */
export interface Said {
  text: string;
  english: boolean;
}

const files = import.meta.glob<Catalogue>('./*.json', { import: 'default' });
const loaded = shallowReactive(new Map<string, Catalogue | null>());

/** Fetches a language once. One that cannot be fetched is asked for again at the next refusal; until then English is shown. */
async function load(code: string): Promise<void> {
  const fetch = files[`./${code}.json`];
  if (!fetch || loaded.get(code)) return;
  try {
    loaded.set(code, await fetch());
  } catch {
    loaded.set(code, null);
  }
}

/**
 * Puts the values into the places {0}, {1}... of a sentence; null when one is missing, which a node of another
 * version may send. Each value is isolated (U+2068, U+2069): a file's name must not turn an Arabic sentence around.
 */
export function fill(template: string, values: readonly string[] = []): string | null {
  let whole = true;
  const text = template.replace(/\{(\d+)\}/g, (_, place: string) => {
    const value = values[Number(place)];
    if (value === undefined) whole = false;
    return `\u2068${value}\u2069`;
  });
  return whole ? text : null;
}

function said(template: string | undefined, values: readonly string[] | undefined, english: string): Said {
  const text = template === undefined ? null : fill(template, values);
  return text === null ? { text: english, english: true } : { text, english: false };
}

const instants = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g;

/** The text with each instant that the node names (2026-03-01T09:15:00Z) on the reader's own clock. */
export function onTheClock(text: string, clock: (instant: Date) => string): string {
  return text.replace(instants, (instant) => clock(new Date(instant)));
}

/** The sentence of a refusal. */
export function sentenceOf(problem: Problem, catalogue: Catalogue | null | undefined): Said {
  return said(catalogue?.codes[problem.code], problem.body.values, problem.body.detail ?? problem.body.title);
}

/** What is wrong with one field. */
export function messageOf(field: FieldProblem, catalogue: Catalogue | null | undefined): Said {
  return said(catalogue?.messages[field.template ?? field.message], field.values, field.message);
}

/** What to show of a refusal; undefined while there is none, or while its language is being fetched. */
export function useRefusal(refused: () => unknown): ComputedRef<{ sentence: Said; fields: Array<FieldProblem & { said: Said }> } | undefined> {
  const { t, te, locale } = useI18n();
  watch([locale, () => Boolean(refused())], ([code, any]) => void (any && load(code)), { immediate: true });

  /** Sentences that the pages make themselves stand in their own texts: ui.problems.web..., officer.problems... */
  function ofThePage(code: string): string | null {
    const [folder = '', ...rest] = code.split('.');
    return [`ui.problems.${code}`, `${folder}.problems.${rest.join('.')}`].find((key) => te(key) || te(key, 'en')) ?? null;
  }

  return computed(() => {
    const problem = refused();
    if (!problem) return undefined;
    const own = ofThePage(problem instanceof Problem ? problem.code : 'web.unknown');
    if (own) return { sentence: { text: t(own), english: false }, fields: [] };
    if (!(problem instanceof Problem)) return undefined;
    const source = locale.value === 'en' || !files[`./${locale.value}.json`];
    if (!source && !loaded.has(locale.value)) return undefined;
    const catalogue = loaded.get(locale.value);
    const clock = new Intl.DateTimeFormat(regional(locale.value), { timeStyle: 'medium' });
    const mark = (one: Said): Said => ({ text: onTheClock(one.text, (instant) => clock.format(instant)), english: one.english && locale.value !== 'en' });
    return {
      sentence: mark(sentenceOf(problem, catalogue)),
      fields: (problem.body.fields ?? []).map((field) => ({ ...field, said: mark(messageOf(field, catalogue)) })),
    };
  });
}
