import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { at, when } from './casework';
import en from './i18n/en.json';

const words = en as unknown as Record<string, Record<string, string>>;
const source = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

describe('casework', () => {
  it('shows no instant where the node has none', () => {
    expect(when('0001-01-01T00:00:00Z')).toBeNull();
    expect(when('1970-01-01T00:00:00Z')).toBeNull();
    expect(when(undefined)).toBeNull();
    expect(when('2026-03-01T10:00:00Z')).toBe('2026-03-01T10:00:00Z');
  });
  it('keeps odd ids inside their part of an address', () => {
    expect(at('cases', 'a/../b', 'state')).toBe('/api/casework/cases/a%2F..%2Fb/state');
  });
  it('has a word for every state and event of a referral', () => {
    const go = source('../../../casework/referral/referral.go');
    const named = [...go.matchAll(/^\t\w+ +(State|Event)? *= "([a-z_-]+)"/gm)].map((match) => match[2] ?? '');
    const known = { ...words['referralStates'], ...words['events'], ...words['parties'] };
    expect(named.length).toBeGreaterThan(20);
    for (const name of named) expect(known[name], name).toBeTruthy();
  });
  it('has a word for every reason that matching gives', () => {
    const go = source('../../../casework/matching/matching.go');
    for (const match of go.matchAll(/^\t\w+ +Code = "([a-z_]+)"/gm)) expect(words['matching']?.[match[1] ?? ''], match[1]).toBeTruthy();
  });
  it('has a word for every field of a case', () => {
    const fields = JSON.parse(source('../../../casework/vocabulary/fields.json')) as { name: string }[];
    for (const field of fields) expect(words['fields']?.[field.name], field.name).toBeTruthy();
  });
});
