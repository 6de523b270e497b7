import { expect, test } from 'vitest';
import { direction, matchLocale } from './locales';
import { pluralForms, pluralRule } from './plural';

test('English has two forms, Thai one, Arabic six, in the order zero to other', () => {
  expect([pluralForms('en'), pluralForms('th'), pluralForms('ar')]).toEqual([2, 1, 6]);
  const english = pluralRule('en');
  expect([english(0, 2), english(1, 2), english(5, 2)]).toEqual([1, 0, 1]);
  const arabic = pluralRule('ar');
  expect([0, 1, 2, 3, 11, 100].map((n) => arabic(n, 6))).toEqual([0, 1, 2, 3, 4, 5]);
});

test('a text with too few forms shows its last form instead of nothing', () => {
  expect(pluralRule('ar')(3, 2)).toBe(1);
  expect(pluralRule('th')(7, 1)).toBe(0);
});

test('the direction follows the language and its script', () => {
  expect(direction('ur-PK')).toBe('rtl');
  expect(direction('prs')).toBe('rtl');
  expect(direction('rhg-Latn')).toBe('ltr');
  expect(direction('my')).toBe('ltr');
});

test('the interface takes the first wanted language that it has', () => {
  expect(matchLocale(['km-KH', 'th-TH', 'en'])).toBe('th');
  expect(matchLocale(['km'])).toBe('en');
});
