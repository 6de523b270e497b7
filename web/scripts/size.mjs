// The download of the officer's app, compressed, without fonts and recordings:
// what the service worker fetches for use without a network. Fails over the limit.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const limit = 1_500_000;
const self = {};
new Function('self', readFileSync(join(dist, 'app/sw.js'), 'utf8').split('\n')[0])(self);
const rows = self.lintasApp.files.map((file) => {
  const path = join(dist, file);
  return { file, plain: statSync(path).size, br: statSync(existsSync(`${path}.br`) ? `${path}.br` : path).size, gz: statSync(existsSync(`${path}.gz`) ? `${path}.gz` : path).size };
});
const sum = (key) => rows.reduce((total, row) => total + row[key], 0);
for (const row of rows.sort((a, b) => b.br - a.br).slice(0, 8)) console.log(`${String(row.br).padStart(9)} br ${String(row.plain).padStart(9)} plain  ${row.file}`);
console.log(`officer's app: ${rows.length} files, ${sum('plain')} bytes plain, ${sum('gz')} gzip, ${sum('br')} brotli (limit ${limit})`);
if (sum('gz') > limit) {
  console.error(`The app is larger than ${limit} bytes compressed.`);
  process.exit(1);
}
