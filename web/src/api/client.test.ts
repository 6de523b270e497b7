import { afterEach, expect, test, vi } from 'vitest';
import { api, Problem } from './client';

afterEach(() => vi.unstubAllGlobals());

function answer(make: () => Response): { calls: Array<[string, RequestInit]> } {
  const calls: Array<[string, RequestInit]> = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => {
    calls.push([url, init]);
    return Promise.resolve(make());
  });
  return { calls };
}

test('an unsafe request carries the header that another origin cannot set, a read does not', async () => {
  const { calls } = answer(() => Response.json({ items: [] }));
  await api.post('/api/x', { a: 1 });
  await api.get('/api/x', { q: 'a b', empty: '', none: undefined });
  expect(new Headers(calls[0]![1].headers).get('X-Lintas-Request')).toBe('1');
  expect(new Headers(calls[1]![1].headers).has('X-Lintas-Request')).toBe(false);
  expect(calls[1]![0]).toBe('/api/x?q=a+b');
});

test('a refusal is thrown as the problem that the node wrote', async () => {
  answer(() => new Response(JSON.stringify({ title: 'Conflict', status: 409, detail: 'Already there.', code: 'screening.duplicate' }), { status: 409, headers: { 'content-type': 'application/problem+json' } }));
  await expect(api.get('/api/x')).rejects.toMatchObject({ code: 'screening.duplicate', status: 409, message: 'Already there.' });
});

test('no network is a problem of its own, so that the caller can try later', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('Failed to fetch')));
  const problem = await api.get('/api/x').catch((error: unknown) => error);
  expect(problem).toBeInstanceOf(Problem);
  expect((problem as Problem).unreachable).toBe(true);
});

test('an empty answer is undefined, not a broken JSON', async () => {
  answer(() => new Response(null, { status: 204 }));
  expect(await api.delete('/api/x')).toBeUndefined();
});
