import type { Card, Procedure, ProcedureText } from './bundle';

/** What an officer reads: the text in their language, else in English, else in the language it was first written in. */
function inLanguage<Text extends { language: string }>(texts: readonly Text[], language: string): Text | undefined {
  return texts.find((one) => one.language === language) ?? texts.find((one) => one.language === 'en') ?? texts[0];
}

/** Each card once, in the order of the node, whatever number of languages it came in. */
export function cardsToRead(cards: readonly Card[], language: string): Card[] {
  const ids = [...new Set(cards.map((card) => card.id))];
  return ids.map((id) => inLanguage(cards.filter((card) => card.id === id), language)!);
}

/** The words of the referral procedure; the first of its texts is the one that was confirmed. */
export function procedureToRead(procedure: Procedure | null | undefined, language: string): ProcedureText | null {
  if (!procedure) return null;
  const confirmed: ProcedureText = { language: procedure.language, title: procedure.title, steps: procedure.steps, draft: false };
  return inLanguage(procedure.texts?.length ? procedure.texts : [confirmed], language) ?? null;
}

/** Whether the last day of a confirmation (YYYY-MM-DD) is over where the officer is. */
export function isOver(lastDay: string | undefined, now = new Date()): boolean {
  if (!lastDay) return false;
  const two = (n: number): string => String(n).padStart(2, '0');
  return `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}` > lastDay.slice(0, 10);
}
