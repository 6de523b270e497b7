// The service worker of the displacement pages, registered when a person asks to
// keep a scenario on the device. scripts/precache.mjs puts the list of the pages'
// files before it:
//   self.lintasPages = { version, page, files }
//
// With a network the node's own files are asked for first, so that the pages are
// never old; without one they come from here. What the API says is never kept
// here: the pages store that themselves, on purpose.
const { version, page, files } = self.lintasPages;
const prefix = 'lintas-displacement-pages-';
const current = prefix + version;
const fonts = 'lintas-displacement-fonts';

async function whole(file) {
  const response = await fetch(file, { cache: file.includes('/assets/') ? 'default' : 'reload' });
  // A captive portal answers 200 with its own page to anything.
  if (!response.ok || response.redirected || (file.endsWith('.js') && !/javascript/.test(response.headers.get('content-type') ?? ''))) throw new Error(`${file} could not be fetched whole`);
  return response;
}

self.addEventListener('install', (event) => {
  event.waitUntil(
    caches
      .open(current)
      .then((cache) => Promise.all([page, ...files].map(async (file) => cache.put(file, await whole(file)))))
      .then(() => self.skipWaiting()),
  );
});

self.addEventListener('activate', (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => Promise.all(names.filter((name) => name.startsWith(prefix) && name !== current).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

async function nodeFirst(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(page)) ?? Response.error();
  }
}

async function keptFirst(name, key, request) {
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
  if (url.origin !== self.location.origin || request.method !== 'GET') return;
  if (request.mode === 'navigate') event.respondWith(nodeFirst(request));
  else if (url.pathname.endsWith('.woff2')) event.respondWith(keptFirst(fonts, url.pathname, request));
  else if (files.includes(url.pathname)) event.respondWith(keptFirst(current, url.pathname, request));
});
