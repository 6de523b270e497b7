import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Problem } from '@/api/client';
import { fill, messageOf, onTheClock, sentenceOf, type Catalogue } from './problem';

const catalogue = (code: string): Catalogue => JSON.parse(readFileSync(new URL(`./${code}.json`, import.meta.url), 'utf8')) as Catalogue;
const locked = new Problem({ title: 'Too Many Requests', status: 429, code: 'agency.locked', detail: 'Too many wrong tries. Wait until 2026-03-01T09:15:00Z, then try again.', values: ['2026-03-01T09:15:00Z'] });

test('a refusal is said in the language of the reader, with its values, each kept from turning the sentence around', () => {
  expect(sentenceOf(locked, catalogue('my'))).toEqual({ text: 'အကြိမ်များစွာ မှားပါသည်။ \u20682026-03-01T09:15:00Z\u2069 အထိ စောင့်ပြီး ထပ်ကြိုးစားပါ။', english: false });
  expect(sentenceOf(locked, catalogue('ar')).text).toContain('\u20682026-03-01T09:15:00Z\u2069');
});

test('a code without a translation is the sentence of the node, marked as English', () => {
  const newer = new Problem({ title: 'Conflict', status: 409, code: 'casework.of-tomorrow', detail: 'Something new.' });
  expect(sentenceOf(newer, catalogue('th'))).toEqual({ text: 'Something new.', english: true });
  expect(sentenceOf(newer, null)).toEqual({ text: 'Something new.', english: true });
});

test('a translation whose values did not come is not shown with holes', () => {
  const older = new Problem({ ...locked.body, values: [] });
  expect(sentenceOf(older, catalogue('vi'))).toEqual({ text: 'Too many wrong tries. Wait until 2026-03-01T09:15:00Z, then try again.', english: true });
});

test('what is wrong with a field is found by its words, or by its template when it holds values', () => {
  expect(messageOf({ location: 'body.name', message: 'is empty' }, catalogue('id'))).toEqual({ text: 'kosong', english: false });
  const field = { location: 'body.kind', message: 'is not one of a, b', template: 'is not one of {0}', values: ['a, b'] };
  expect(messageOf(field, catalogue('id'))).toEqual({ text: 'bukan salah satu dari \u2068a, b\u2069', english: false });
  expect(messageOf({ location: 'survey!C7', message: 'The column is not known.' }, catalogue('id'))).toEqual({ text: 'The column is not known.', english: true });
});

test('a value may stand at any place and more than once', () => {
  expect(fill('{1} before {0}, {1} again', ['a', 'b'])).toBe('\u2068b\u2069 before \u2068a\u2069, \u2068b\u2069 again');
  expect(fill('nothing to fill')).toBe('nothing to fill');
});

test('an instant is told on the clock of the reader, in whichever language the sentence is', () => {
  const bangkok = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'Asia/Bangkok' });
  expect(onTheClock(locked.body.detail ?? '', (instant) => bangkok.format(instant))).toBe('Too many wrong tries. Wait until 16:15:00, then try again.');
  expect(onTheClock(sentenceOf(locked, catalogue('th')).text, (instant) => bangkok.format(instant))).toContain('\u206816:15:00\u2069');
  expect(onTheClock('Version "2026-03-01" is taken.', () => 'never')).toBe('Version "2026-03-01" is taken.');
});
