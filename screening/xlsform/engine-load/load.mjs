// Loads compiled forms in the form engine and creates a record of each: the
// engine parses every bind, expression, itemset and action when it does so.
//
//   node load.mjs FOLDER          folder of NNNN.xml, as "lintas xlsform corpus DIR --dump FOLDER" writes it
//   node load.mjs                 builds the folder itself from the corpus beside the repository
//
// Exit code 1: a form fails that is not listed in known.json with its reason,
// or a listed form loads (then the list must shrink).
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { JSDOM } from 'jsdom';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '..', '..', '..');

// The engine expects a browser's DOM.
const dom = new JSDOM('<!doctype html><html><body></body></html>', { url: 'https://example.org/' });
for (const name of Object.getOwnPropertyNames(dom.window)) {
	if (/^[A-Z]/.test(name) && !(name in globalThis)) {
		globalThis[name] = dom.window[name];
	}
}
globalThis.window = dom.window;
globalThis.document = dom.window.document;
globalThis.DOMParser = dom.window.DOMParser;
globalThis.XMLSerializer = dom.window.XMLSerializer;

// Its grammar loader would take Node for a program without modules; as a browser
// it fetches the grammar from a data: URL, which Node can do too (its own fetch
// must be loaded before it is told that this is no Node).
await fetch('data:text/plain,warm');
Object.defineProperty(process, 'versions', { value: { ...process.versions, node: undefined } });

const { loadForm } = await import('@getodk/xforms-engine');

let folder = process.argv[2];
let made = false;
if (!folder) {
	const shared = process.env.LINTAS_SHARED ?? resolve(root, '..', 'shared');
	const corpus = join(shared, 'data', 'xlsform-corpus');
	if (!existsSync(corpus)) {
		console.log(`SKIPPED: the XLSForm corpus is not at ${corpus}; set LINTAS_SHARED to the folder that holds data/xlsform-corpus`);
		process.exit(0);
	}
	folder = mkdtempSync(join(tmpdir(), 'xlsform-forms-'));
	made = true;
	execFileSync('go', ['run', './screening/xlsform/corpus/dump', corpus, folder], { cwd: root, stdio: 'inherit' });
}

// An attached list of every kind, so that forms which read one can be loaded.
const csv = 'name,label,__version,__trunkVersion,__branchId\na,A,1,,\n';
const xml = '<root><item><name>a</name><label>A</label></item></root>';
const geojson = JSON.stringify({ type: 'FeatureCollection', features: [{ type: 'Feature', id: 'a', properties: { id: 'a', title: 'A' }, geometry: { type: 'Point', coordinates: [102, 0.5] } }] });
const fetchFormAttachment = async (url) => {
	const path = String(url);
	if (path.endsWith('.geojson')) return new Response(geojson, { status: 200, headers: { 'Content-Type': 'application/geo+json' } });
	if (path.includes('/file-csv/') || path.endsWith('.csv')) return new Response(csv, { status: 200, headers: { 'Content-Type': 'text/csv' } });
	if (path.endsWith('.xml') || path.includes('instance/last-saved')) return new Response(xml, { status: 200, headers: { 'Content-Type': 'text/xml' } });
	return new Response('', { status: 200, headers: { 'Content-Type': 'application/octet-stream' } });
};

const known = JSON.parse(readFileSync(join(here, 'known.json'), 'utf8'));
let loaded = 0;
const failed = [];
const unexpected = [];
for (const file of readdirSync(folder).filter((f) => f.endsWith('.xml')).sort()) {
	const id = file.replace('.xml', '');
	let reason = '';
	try {
		const form = await loadForm(readFileSync(join(folder, file), 'utf8'), { fetchFormAttachment });
		if (form.status === 'failure') throw form.error;
		form.createInstance();
		loaded++;
	} catch (error) {
		reason = String(error?.message ?? error).split('\n').filter(Boolean).slice(0, 3).join(' | ').slice(0, 300);
		if (error?.cause) reason += ' <- ' + String(error.cause?.message ?? error.cause).slice(0, 200);
		failed.push([id, reason]);
	}
	if (!!reason !== !!known[id]) unexpected.push([id, reason || 'loads, though known.json says it does not']);
}
if (made) rmSync(folder, { recursive: true });

for (const [id, reason] of failed) console.log(`${id} ${known[id] ? 'known: ' + known[id] : 'FAILS'}\n     ${reason}`);
console.log(`${loaded} forms load, ${failed.length} do not, ${unexpected.length} against expectation`);
for (const [id, reason] of unexpected) console.log(`unexpected: ${id}: ${reason}`);
process.exit(unexpected.length ? 1 : 0);
