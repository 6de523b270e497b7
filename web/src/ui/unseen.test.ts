import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { Problem } from '@/api/client';
import { sentenceKey } from './unseen';

const src = fileURLToPath(new URL('..', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(ts|vue)$/.test(name) && !name.endsWith('.test.ts'));

// A failure that is passed over: a catch that hands back nothing, or an empty one.
const silent = /\.catch\(\(\) => (undefined|null|\[\]|\{\})\)|catch( \([^)]*\))? \{\s*\}/;

/** The lines that pass over a failure and do not say, on the same line, why nobody needs to know. */
function unexplained(text: string): string[] {
  return text.split('\n').filter((line) => silent.test(line) && !/\/\/ \S/.test(line));
}

test('a failure that is passed over says why nobody needs to know', () => {
  expect(files.length).toBeGreaterThan(100);
  const found = files.flatMap((name) => unexplained(readFileSync(join(src, name), 'utf8')).map((line) => `${name}: ${line.trim()}`));
  expect(found).toEqual([]);
});
test('the check sees what it looks for', () => {
  expect(unexplained('a().catch(() => undefined);\nb().catch(() => []); // a reason\ntry { c(); } catch { }\n} catch {\n  return; // no network\n}')).toEqual(['a().catch(() => undefined);', 'try { c(); } catch { }']);
});

test('what slipped through is told in a sentence that says what to do, and names nobody', () => {
  expect(sentenceKey(new Problem({ title: 'The node cannot be reached', status: 0, code: 'web.unreachable' }))).toBe('ui.problems.web.unreachable');
  expect(sentenceKey(new Problem({ title: 'Bad Gateway', status: 502, code: 'web.http' }))).toBe('ui.problems.web.http');
  expect(sentenceKey(new TypeError('Failed to fetch dynamically imported module: https://node/assets/HelpPage.js'))).toBe('ui.problems.web.unreachable');
  expect(sentenceKey(new Error('cannot read Melati Example'))).toBe('ui.problems.web.unknown');
  expect(sentenceKey('a text')).toBe('ui.problems.web.unknown');
});
test('what a person ended themselves is no failure', () => {
  expect(sentenceKey(new DOMException('closed', 'AbortError'))).toBe('');
  expect(sentenceKey(new DOMException('refused', 'NotAllowedError'))).toBe('');
  expect(sentenceKey(new DOMException('full', 'QuotaExceededError'))).toBe('ui.problems.web.unknown');
});
