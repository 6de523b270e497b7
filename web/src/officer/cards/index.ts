import type { Card } from '../bundle';

/** The cards that come with the app: data, one file per language; a card without its own language is shown in English. */
const files = import.meta.glob<{ default: { cards: Card[] } }>('./*.json');

export async function builtInCards(code: string): Promise<Card[]> {
  const english = (await files['./en.json']!()).default.cards;
  const own = files[`./${code}.json`] ? (await files[`./${code}.json`]!()).default.cards : [];
  return english.map((card) => own.find((one) => one.id === card.id) ?? card);
}
