import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Shelf, type Bundle } from './bundle';
import { Database } from './vault/database';

// The browser's cache and network, as far as the shelf uses them.
const kept = new Map<string, Response>();
const address = (request: Request | string): string => (typeof request === 'string' ? request : request.url);
const cache = {
  match: (request: string) => Promise.resolve(kept.get(address(request))?.clone()),
  put: (request: string, response: Response) => Promise.resolve(void kept.set(address(request), response)),
  keys: () => Promise.resolve([...kept.keys()].map((url) => ({ url: `http://node${url}` }))),
  delete: (request: { url: string }) => Promise.resolve(kept.delete(new URL(request.url).pathname + new URL(request.url).search)),
};
let asked: { path: string; known: string | null }[] = [];
let answer: (path: string) => Response;
let count = 0;
let shelf: Shelf;

const bundle = (more: Partial<Bundle> = {}): Bundle => ({
  etag: 'one',
  instruments: [{ id: 'i', form_id: 'f', title: 'Arrival', version: '1', languages: [], default_language: 'en', state: 'open', questions: 1, hash: 'h', xform_url: '/xform', media: [] }],
  services: [{ id: 's', name: 'Clinic', phone: '1', what: '', who: '', languages: [], place: '', assured_at: '' }],
  services_more: 9500,
  ...more,
});
const json = (body: unknown): Response => new Response(JSON.stringify(body), { headers: { 'content-type': 'application/json' } });

beforeEach(async () => {
  kept.clear();
  asked = [];
  vi.stubGlobal('caches', { open: () => Promise.resolve(cache) });
  vi.stubGlobal('fetch', (path: string, init: RequestInit) => {
    asked.push({ path, known: new Headers(init.headers).get('If-None-Match') });
    return Promise.resolve().then(() => answer(path));
  });
  answer = (path) => (path === '/api/screening/bundle' ? json(bundle()) : new Response('<xform/>'));
  shelf = new Shelf(await Database.open(`shelf-${++count}`), 'forms');
});
afterEach(() => vi.unstubAllGlobals());

test('the services and how many more there are can be read without a network', async () => {
  await shelf.renew();
  answer = () => {
    throw new TypeError('Failed to fetch');
  };
  await expect(shelf.renew()).rejects.toMatchObject({ code: 'web.unreachable' });
  expect(await shelf.bundle()).toMatchObject({ services: [{ name: 'Clinic' }], services_more: 9500 });
});
test('a phone names the bundle that it holds, and keeps it where the node says that it is the same', async () => {
  await shelf.renew();
  answer = () => new Response(null, { status: 304 });
  expect(await shelf.renew()).toMatchObject({ etag: 'one', services_more: 9500 });
  expect(asked).toEqual([{ path: '/api/screening/bundle', known: null }, { path: '/xform', known: null }, { path: '/api/screening/bundle', known: '"one"' }]);
});
test('a file that the browser threw away is fetched again, though the bundle is the same', async () => {
  await shelf.renew();
  kept.clear();
  answer = (path) => (path === '/xform' ? new Response('<xform/>') : new Response(null, { status: 304 }));
  await shelf.renew();
  expect(kept.size).toBe(1);
});
test('a new bundle is not taken up before all its files are here', async () => {
  await shelf.renew();
  answer = (path) => {
    if (path === '/api/screening/bundle') return json(bundle({ etag: 'two', instruments: [{ ...bundle().instruments[0]!, version: '2', hash: 'h2' }] }));
    throw new TypeError('Failed to fetch');
  };
  await expect(shelf.renew()).rejects.toMatchObject({ code: 'web.unreachable' });
  expect((await shelf.bundle())?.etag).toBe('one');
});
test('of two tabs that begin an interview at once, each keeps its files until it ends', async () => {
  const instrument = bundle().instruments[0]!;
  for (const [ends, stays] of [['one', 'two'], ['two', 'one']] as const) {
    await Promise.all([shelf.hold('one', instrument), shelf.hold('two', instrument)]);
    await shelf.release(ends);
    expect(await shelf.inUse('/xform?h=h')).toBe(true);
    await shelf.release(stays);
    expect(await shelf.inUse('/xform?h=h')).toBe(false);
  }
});
