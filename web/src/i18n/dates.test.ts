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

test('a language that the browser cannot write has its dates in English, not in whatever the browser speaks', () => {
  const writes = (one: string): boolean => !one.startsWith('my');
  expect(regional('my', ['my', 'th-TH'], writes)).toBe('en-GB');
  expect(regional('my', ['my-MM'], writes)).toBe('en-GB');
  expect(regional('th', ['th-TH'], writes)).toBe('th-TH');
});
