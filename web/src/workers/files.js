// What every service worker of Lintas does with files; scripts/precache.mjs puts it before each of them.

/** A file, whole and from the node; throws otherwise. */
async function whole(file) {
  const response = await fetch(file, { cache: file.includes('/assets/') ? 'default' : 'reload' });
  // A captive portal answers 200 with its own page to anything.
  if (!response.ok || response.redirected || (file.endsWith('.js') && !/javascript/.test(response.headers.get('content-type') ?? ''))) throw new Error(`${file} could not be fetched whole`);
  return response;
}

/** Keeps every file, or none: one that cannot be fetched fails the installation. */
async function keepAll(name, files) {
  const cache = await caches.open(name);
  await Promise.all(files.map(async (file) => cache.put(file, await whole(file))));
}

/** Removes the caches of earlier versions. */
async function dropOlder(prefix, current) {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(prefix) && name !== current).map((name) => caches.delete(name)));
}

/** The kept file, else the node's; `keep` says whether that one is kept from now on. */
async function keptFirst(name, key, request, keep = false) {
  const cache = await caches.open(name);
  const kept = await cache.match(key);
  if (kept) return kept;
  const response = await fetch(request);
  if (response.ok && keep) await cache.put(key, response.clone());
  return response;
}

