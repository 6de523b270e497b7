// The service worker of the displacement pages, registered when a person asks to
// keep a scenario on the device. scripts/precache.mjs puts the list of the pages'
// files and workers/files.js before it:
//   self.lintasPages = { version, page, files }
//
// With a network the node's own files are asked for first, so that the pages are
// never old; without one they come from here. What the API says is never kept
// here: the pages store that themselves, on purpose.
const { version, page, files } = self.lintasPages;
const prefix = 'lintas-displacement-pages-';
const current = prefix + version;
const fonts = 'lintas-displacement-fonts';

self.addEventListener('install', (event) => {
  event.waitUntil(keepAll(current, [page, ...files]).then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOlder(prefix, current).then(() => self.clients.claim()));
});

async function nodeFirst(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(page)) ?? Response.error();
  }
}

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== self.location.origin || request.method !== 'GET') return;
  if (request.mode === 'navigate') event.respondWith(nodeFirst(request));
  else if (url.pathname.endsWith('.woff2')) event.respondWith(keptFirst(fonts, url.pathname, request, true));
  else if (files.includes(url.pathname)) event.respondWith(keptFirst(current, url.pathname, request));
});
