import { expect, test } from 'vitest';
import { regional } from './dates';

test('dates are written as the part of the world writes them that the browser names', () => {
  expect(regional('en', ['id-ID', 'en-US', 'en-AU'])).toBe('en-US');
  expect(regional('th', ['th-TH'])).toBe('th-TH');
});

test('English without a country is written day first', () => {
  expect(regional('en', ['id', 'en'])).toBe('en-GB');
});

test('a language the browser does not name stands for itself', () => {
  expect(regional('my', ['en-GB'])).toBe('my');
});
