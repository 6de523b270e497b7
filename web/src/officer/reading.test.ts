import { expect, test } from 'vitest';
import type { Card, Procedure } from './bundle';
import { cardsToRead, isOver, procedureToRead } from './reading';

const card = (id: string, language: string): Card => ({ id, language, title: `${id} ${language}`, steps: [] });
const procedure: Procedure = {
  title: 'Rujukan', language: 'id', steps: ['Satu'], dated: '2026-01-05', confirmed_by: 'Directorate (invented)', holds_until: '2026-06-30', version: 3,
  texts: [{ language: 'id', title: 'Rujukan', steps: ['Satu'], draft: false }, { language: 'th', title: 'การส่งต่อ', steps: ['หนึ่ง'], draft: true }],
};

test('a card that came in many languages is shown once, in the language of the officer', () => {
  const cards = [card('frightened', 'ar'), card('frightened', 'en'), card('frightened', 'id'), card('children', 'en')];
  expect(cardsToRead(cards, 'id').map((one) => one.title)).toEqual(['frightened id', 'children en']);
});
test('a card without the language of the officer and without English is shown as it was written', () => {
  expect(cardsToRead([card('referral', 'vi')], 'my').map((one) => one.language)).toEqual(['vi']);
});
test('the procedure is read in the language of the officer, else in English, else as it was confirmed', () => {
  expect(procedureToRead(procedure, 'th')?.title).toBe('การส่งต่อ');
  expect(procedureToRead(procedure, 'my')?.title).toBe('Rujukan');
  const english = { language: 'en', title: 'Referral', steps: ['One'], draft: true };
  expect(procedureToRead({ ...procedure, texts: [...procedure.texts, english] }, 'my')?.title).toBe('Referral');
});
test('a procedure of an older node, without texts, is read as it stands', () => {
  expect(procedureToRead({ ...procedure, texts: [] }, 'th')?.steps).toEqual(['Satu']);
});
test('a confirmation holds through its last day and not longer', () => {
  expect(isOver('2026-06-30', new Date(2026, 5, 30, 23, 59))).toBe(false);
  expect(isOver('2026-06-30', new Date(2026, 6, 1, 0, 1))).toBe(true);
  expect(isOver(undefined)).toBe(false);
});
