// After `vite build`: lists what each mode of the officer's app needs without
// a network, writes its service worker, web manifest and icons' copies, and
// compresses every file that is worth it (NAME.br, NAME.gz beside NAME).
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));
const source = (name) => readFileSync(new URL(`../src/${name}`, import.meta.url), 'utf8');
const worker = source('workers/files.js') + source('officer/worker.js');

/** Every file that a page can come to load: its imports, and those it makes later that are wanted. Fonts are kept when used. */
export function filesOf(entry, wanted = () => true) {
  const seen = new Set();
  const files = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(key)) return;
    seen.add(key);
    for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) if (!file.endsWith('.woff2') && !file.endsWith('.html')) files.add(`/${file}`);
    for (const next of chunk.imports ?? []) visit(next);
    for (const next of chunk.dynamicImports ?? []) if (wanted(next)) visit(next);
  };
  visit(entry);
  return [...files].sort();
}

// What the node refuses is told with a network; its sentences are fetched when the first one is shown.
const neededOffline = (key) => !key.startsWith('src/problem/');

const hash = (data) => createHash('sha256').update(data).digest('hex');
/** One version for a list of files and the worker that keeps them. */
const versionOf = (files, script) => hash(files.map((file) => `${file} ${hash(readFileSync(join(dist, file)))}`).join('\n') + script).slice(0, 16);
for (const mode of ['app', 'exercise']) {
  const page = `/${mode}/index.html`;
  const files = [page, `/${mode}/manifest.webmanifest`, '/icon.svg', '/icon-192.png', ...filesOf(`${mode}/index.html`, neededOffline)];
  // The wall between exercise and live work: the addresses of the live queue and of colleagues' devices stand in no file of the exercise.
  const live = ['/openrosa/submission', '/api/screening/handovers', '/api/screening/places'];
  const leaks = mode === 'exercise' ? files.filter((file) => file.endsWith('.js') && live.some((address) => readFileSync(join(dist, file), 'utf8').includes(address))) : [];
  if (leaks.length > 0) throw new Error(`The exercise could reach live work: ${leaks.join(', ')}`);
  const name = mode === 'app' ? 'Lintas' : 'Lintas exercise';
  mkdirSync(join(dist, mode), { recursive: true });
  writeFileSync(
    join(dist, mode, 'manifest.webmanifest'),
    JSON.stringify({
      id: `/${mode}/`, name: mode === 'app' ? "Lintas officer's app" : 'Lintas exercise', short_name: name, start_url: `/${mode}/`, scope: `/${mode}/`, display: 'standalone', orientation: 'any',
      background_color: mode === 'app' ? '#f6f8f8' : '#fff3d6', theme_color: mode === 'app' ? '#0b4f5c' : '#8a5a00',
      icons: [{ src: '/icon-192.png', sizes: '192x192', type: 'image/png', purpose: 'any' }, { src: '/icon-512.png', sizes: '512x512', type: 'image/png', purpose: 'any maskable' }, { src: '/icon.svg', sizes: 'any', type: 'image/svg+xml' }],
    }),
  );
  const version = versionOf(files, worker);
  writeFileSync(join(dist, mode, 'sw.js'), `self.lintasApp = ${JSON.stringify({ version, page, files, mode })};\n${worker}`);
  console.log(`${mode}: ${files.length} files for use without a network, version ${version}`);
}

// The pages of one desk without those of the others: what they import, what they load later, and the texts of all desks.
const ofThisDesk = (key) => ['displacement', 'ui', 'shell'].some((folder) => key.startsWith(`src/${folder}/`)) || /^src\/[^/]+\/i18n\//.test(key);
const pagesWorker = source('workers/files.js') + source('displacement/worker.js');
const pages = ['/icon.svg', ...filesOf('index.html', ofThisDesk)];
const pagesVersion = versionOf(['/index.html', ...pages], pagesWorker);
mkdirSync(join(dist, 'displacement'), { recursive: true });
writeFileSync(join(dist, 'displacement', 'sw.js'), `self.lintasPages = ${JSON.stringify({ version: pagesVersion, page: '/index.html', files: pages })};\n${pagesWorker}`);
console.log(`displacement: ${pages.length} files for use without a network, version ${pagesVersion}`);

function walk(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
for (const path of walk(dist)) {
  if (/\.(br|gz)$/.test(path)) rmSync(path);
}
for (const path of walk(dist)) {
  if (!/\.(js|css|html|json|svg|webmanifest)$/.test(path) || relative(dist, path).startsWith('.vite')) continue;
  const data = readFileSync(path);
  if (data.length < 512) continue;
  const small = brotliCompressSync(data, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: data.length } });
  if (small.length < data.length) writeFileSync(`${path}.br`, small);
  const gz = gzipSync(data, { level: 9 });
  if (gz.length < data.length) writeFileSync(`${path}.gz`, gz);
}
