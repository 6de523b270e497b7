// The service worker of the officer's app. scripts/precache.mjs puts the list
// of the app's files and workers/files.js before it and writes one copy into each scope.
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
  event.waitUntil(keepAll(current, files));
});

self.addEventListener('activate', (event) => {
  event.waitUntil(dropOlder(prefix, current).then(() => self.clients.claim()));
});

self.addEventListener('message', (event) => {
  if (event.data === 'take over') self.skipWaiting();
});

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
  if (request.mode === 'navigate') event.respondWith(keptFirst(current, page, request));
  // What the node refuses, in the officer's language: fetched at the first refusal, kept for reading it again without a network.
  else if (url.pathname.startsWith('/assets/problem-')) event.respondWith(keptFirst(current, url.pathname, request, true));
  else if (url.pathname.endsWith('.woff2')) event.respondWith(keptFirst(fonts, url.pathname, request, true));
  else if (files.includes(url.pathname)) event.respondWith(keptFirst(current, url.pathname, request));
});
