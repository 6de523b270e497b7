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
const worker = readFileSync(new URL('../src/officer/worker.js', import.meta.url), 'utf8');

/** Every file that a page can come to load: its imports, and the imports it makes later. Fonts are kept when used. */
export function filesOf(entry) {
  const seen = new Set();
  const files = new Set();
  const visit = (key) => {
    const chunk = manifest[key];
    if (!chunk || seen.has(key)) return;
    seen.add(key);
    for (const file of [chunk.file, ...(chunk.css ?? []), ...(chunk.assets ?? [])]) if (!file.endsWith('.woff2') && !file.endsWith('.html')) files.add(`/${file}`);
    for (const next of [...(chunk.imports ?? []), ...(chunk.dynamicImports ?? [])]) visit(next);
  };
  visit(entry);
  return [...files].sort();
}

const hash = (data) => createHash('sha256').update(data).digest('hex');
for (const mode of ['app', 'exercise']) {
  const page = `/${mode}/index.html`;
  const files = [page, `/${mode}/manifest.webmanifest`, '/icon.svg', '/icon-192.png', ...filesOf(`${mode}/index.html`)];
  // The wall between exercise and live work: the address of the live queue stands in no file of the exercise.
  const leaks = mode === 'exercise' ? files.filter((file) => file.endsWith('.js') && readFileSync(join(dist, file), 'utf8').includes('/openrosa/submission')) : [];
  if (leaks.length > 0) throw new Error(`The exercise could send to the live queue: ${leaks.join(', ')}`);
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
  const version = hash(files.map((file) => `${file} ${hash(readFileSync(join(dist, file)))}`).join('\n') + worker).slice(0, 16);
  writeFileSync(join(dist, mode, 'sw.js'), `self.lintasApp = ${JSON.stringify({ version, page, files, mode })};\n${worker}`);
  console.log(`${mode}: ${files.length} files for use without a network, version ${version}`);
}

/** The pages of one desk without those of the others: what they import, what they load later, and the texts of all desks. */
function filesOfPages(entry, folders) {
  const seen = new Set();
  const files = new Set();
  const wanted = (key) => folders.some((folder) => key.startsWith(`src/${folder}/`)) || /^src\/[^/]+\/i18n\//.test(key);
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

const pagesWorker = readFileSync(new URL('../src/displacement/worker.js', import.meta.url), 'utf8');
const pages = ['/icon.svg', ...filesOfPages('index.html', ['displacement', 'ui', 'shell'])];
const pagesVersion = hash(['/index.html', ...pages].map((file) => `${file} ${hash(readFileSync(join(dist, file)))}`).join('\n') + pagesWorker).slice(0, 16);
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
