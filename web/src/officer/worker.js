// The service worker of the officer's app. scripts/precache.mjs puts the list
// of the app's files before it and writes one copy into each scope.
//   self.lintasApp = { version, page, files, mode }
//
// The app's own files come from its cache, so that it opens without a network
// and never half new and half old. Fonts are kept when they are first used.
// What the API says is never kept here: the app stores that itself, on purpose.
const { version, page, files, mode } = self.lintasApp;
const prefix = `lintas-${mode}-app-`;
const current = prefix + version;
const fonts = `lintas-${mode}-fonts`;

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches.open(current).then((cache) => Promise.all(files.map(async (file) => {
      const response = await fetch(file, { cache: file.includes('/assets/') ? 'default' : 'reload' });
      // A captive portal answers 200 with its own page to anything.
      if (!response.ok || response.redirected || (file.endsWith('.js') && !/javascript/.test(response.headers.get('content-type') ?? ''))) throw new Error(`${file} could not be fetched whole`);
      await cache.put(file, response);
    }))),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith(prefix) && name !== current).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
});

async function fromCache(name, key, request) {
  const cache = await caches.open(name);
  const kept = await cache.match(key);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && name === fonts) await cache.put(key, response.clone());
  return response;
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin) return;
  if (mode === 'exercise' && request.method !== 'GET' && !url.pathname.startsWith('/api/agency/')) {
    // The wall, a second time: nothing of an exercise reaches the node.
    event.respondWith(Promise.resolve(new Response(null, { status: 403, statusText: 'An exercise sends nothing' })));
    return;
  }
  if (request.method !== 'GET') return;
  if (request.mode === 'navigate') event.respondWith(fromCache(current, page, request));
  else if (url.pathname.endsWith('.woff2')) event.respondWith(fromCache(fonts, url.pathname, request));
  else if (files.includes(url.pathname)) event.respondWith(fromCache(current, url.pathname, request));
});
