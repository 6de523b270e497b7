// Makes a missing text visible in the build.
// - a key that a page uses must stand in its folder's en.json: else it fails;
// - a locale file that is there must have every text of en.json and none more,
//   the same places ({name}) in each: else it fails;
// - a counted text has one form for each plural category of its language, in every
//   locale, and is used with its count; a text used with a count has forms: else it fails;
// - a locale without a file is printed: its readers see English;
// - a file that no speaker has checked says so in _meta and is printed.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../src/', import.meta.url));
const locales = ['en', 'id', 'th', 'vi', 'my', 'ar'];
const verbose = process.argv.includes('--verbose');
const wrong = [];
const notes = [];

function flat(texts, prefix = '') {
  return Object.entries(texts).flatMap(([key, value]) =>
    key === '_meta' && prefix === '' ? [] : typeof value === 'object' && value !== null ? flat(value, `${prefix}${key}.`) : [[prefix + key, value]],
  );
}
function walk(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
const places = (text) => [...String(text).split(' | ')[0].matchAll(/\{(\w+)\}/g)].map((match) => match[1]).filter((name) => name !== 'n' && name !== 'count').sort().join(',');
const formsOf = (text) => String(text).split(' | ').length;
const forms = (code) => new Intl.PluralRules(code).resolvedOptions().pluralCategories.length;

const known = new Map(); // every key, and whether it is counted
const folders = readdirSync(src).filter((name) => existsSync(join(src, name, 'i18n')));
for (const folder of folders) {
  const read = (code) => {
    const path = join(src, folder, 'i18n', `${code}.json`);
    if (!existsSync(path)) return null;
    try {
      return JSON.parse(readFileSync(path, 'utf8'));
    } catch (error) {
      wrong.push(`${folder}/${code}.json: ${error.message}`);
      return {};
    }
  };
  const en = read('en');
  if (!en) {
    wrong.push(`${folder}: no en.json; English is the source of every text`);
    continue;
  }
  const source = new Map(flat(en));
  for (const [key, text] of source) {
    known.set(`${folder}.${key}`, formsOf(text) > 1);
    if (formsOf(text) > 1 && formsOf(text) !== forms('en')) wrong.push(`${folder}/en.json ${key}: has ${formsOf(text)} plural forms, English has ${forms('en')}`);
  }
  const absent = [];
  for (const code of locales.slice(1)) {
    const texts = read(code);
    if (!texts) {
      absent.push(code);
      continue;
    }
    if (texts._meta?.draft === undefined) wrong.push(`${folder}/${code}.json: say {"_meta": {"draft": true, "note": "machine draft, to be checked by a speaker"}} or {"draft": false, "note": "checked by ... on ..."}`);
    if (texts._meta?.draft && verbose) notes.push(`${folder}/${code}: ${texts._meta.note ?? 'draft'}`);
    const own = new Map(flat(texts));
    for (const [key, text] of source) {
      if (!own.has(key) || own.get(key) === '') wrong.push(`${folder}/${code}.json lacks ${key} ("${text}")`);
      else if (places(own.get(key)) !== places(text)) wrong.push(`${folder}/${code}.json ${key}: names {${places(own.get(key))}}, English names {${places(text)}}`);
      else if (formsOf(own.get(key)) !== (formsOf(text) > 1 ? forms(code) : 1)) wrong.push(`${folder}/${code}.json ${key}: has ${formsOf(own.get(key))} plural forms, the language has ${formsOf(text) > 1 ? forms(code) : 'one here: the text is not counted'}`);
    }
    for (const key of own.keys()) if (!source.has(key)) wrong.push(`${folder}/${code}.json has ${key}, which English has not`);
  }
  if (absent.length > 0) notes.push(`${folder}: no texts in ${absent.join(', ')}; readers see English`);
}

/** How many arguments a call has, from behind its opening bracket on. */
function argumentsOf(source, from) {
  let depth = 0;
  let quote = '';
  let count = 1;
  for (let i = from; i < source.length; i++) {
    const c = source[i];
    if (quote) {
      if (c === '\\') i++;
      else if (c === quote) quote = '';
    } else if (c === "'" || c === '`' || (c === '"' && depth > 0)) quote = c;
    else if ('([{'.includes(c)) depth++;
    else if (')]}'.includes(c) && depth-- === 0) return count;
    else if (c === ',' && depth === 0) count++;
  }
  return count;
}

const dynamic = /\bt[ec]?\(\s*(['"])((?:\\.|(?!\1).)*)\1/g;
for (const path of walk(src).filter((name) => /\.(vue|ts)$/.test(name) && !name.endsWith('.test.ts'))) {
  const source = readFileSync(path, 'utf8');
  for (const match of source.matchAll(dynamic)) {
    const key = match[2];
    const call = match[0].startsWith('te') ? null : argumentsOf(source, match.index + match[0].indexOf('(') + 1);
    if (call !== null && known.has(key) && known.get(key) !== call > 2) wrong.push(`${path.slice(src.length)} uses "${key}" ${call > 2 ? 'with a count, and it has one form' : 'without its count'}`);
    if (/^[a-z][\w-]*\.[\w.-]+$/i.test(key) && !known.has(key)) wrong.push(`${path.slice(src.length)} uses "${key}", which no en.json has`);
  }
}

for (const note of notes) console.log(`texts: ${note}`);
if (wrong.length > 0) {
  console.error(wrong.map((line) => `texts: ${line}`).join('\n'));
  console.error(`texts: ${wrong.length} missing or wrong`);
  process.exit(1);
}
console.log(`texts: ${known.size} in English, ${folders.length} folders, complete where given`);
