import { expect, test } from 'vitest';
import { entryOf } from './menu';

const groups = [{ name: 'casework', entries: [{ to: '/casework', label: 'work' }, { to: '/casework/cases', label: 'cases' }] }];

test('a page stands under the entry whose address is the longest beginning of its own', () => {
  expect(entryOf(groups, '/casework/cases/01a2')).toBe('/casework/cases');
  expect(entryOf(groups, '/casework')).toBe('/casework');
});

test('an address that only begins with the same letters stands under no entry', () => {
  expect(entryOf(groups, '/caseworkers')).toBeUndefined();
});
