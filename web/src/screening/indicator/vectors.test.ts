import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { explain, loadPack, packHash, score, type Answer, type Answers } from './index.ts';
import mine from './wording.json';

const go = (name: string): string => readFileSync(fileURLToPath(new URL(`../../../../screening/indicator/${name}`, import.meta.url)), 'utf8');

interface Vector {
  p: number;
  a: Record<string, null | string | string[] | { state: 'not_known' | 'declined' }>;
  f?: boolean;
  r?: string;
  l?: string;
  h: string;
  w?: string;
}

/** The canonical JSON of screening/indicator/canonical.go. */
function canonical(v: unknown): string {
  if (Array.isArray(v)) return `[${v.map(canonical).join(',')}]`;
  if (v !== null && typeof v === 'object') {
    const members = Object.entries(v).filter(([, e]) => !empty(e));
    members.sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${members.map(([k, e]) => `${JSON.stringify(k)}:${canonical(e)}`).join(',')}}`;
  }
  return JSON.stringify(v);
}

function empty(v: unknown): boolean {
  if (v === null || v === undefined || v === false || v === '') return true;
  if (Array.isArray(v)) return v.length === 0;
  return typeof v === 'object' && Object.values(v).every(empty);
}

const sha = (s: string): string => createHash('sha256').update(s).digest('hex');

function answersOf(a: Vector['a']): Answers {
  const out: Answers = {};
  for (const [name, v] of Object.entries(a)) {
    let answer: Answer = { state: 'not_asked' };
    if (typeof v === 'string') answer = { state: 'given', values: [v] };
    else if (Array.isArray(v)) answer = { state: 'given', values: v };
    else if (v) answer = { state: v.state };
    out[name] = answer;
  }
  return out;
}

describe('the indicator engine on the device', () => {
  // The Go test FreshPacks hands over packs that no file holds.
  const text = process.env.LINTAS_VECTORS ? readFileSync(process.env.LINTAS_VECTORS, 'utf8') : go('testdata/vectors.json');
  const file = JSON.parse(text) as { packs: unknown[]; cases: Vector[] };
  const packs = file.packs.map((p) => loadPack(canonical(p), sha(canonical(p))));

  it('gives the results of the Go engine for every shared vector', () => {
    expect(file.cases.length).toBeGreaterThanOrEqual(3000);
    const wrong: number[] = [];
    file.cases.forEach((v, i) => {
      const pack = packs[v.p]!;
      const r = score(pack, answersOf(v.a), { finished: v.f === true, ...(v.r ? { profile: v.r } : {}) });
      if (sha(canonical(r)) !== v.h) wrong.push(i);
      else if (v.l && sha(canonical(explain(pack, r, v.l))) !== v.w) wrong.push(i);
    });
    expect(wrong).toEqual([]);
  }, 300_000);

  it('speaks the same sentences', () => {
    expect(mine).toEqual(JSON.parse(go('wording.json')));
  });

  it('recomputes the hash of a pack from its canonical text', async () => {
    const source = go('testdata/arrival-interview.json');
    expect(await packHash(source)).toBe(sha(source));
  });

  it('reads a form’s leaves: blank is not asked, choices are split at spaces', () => {
    const source = go('testdata/arrival-interview.json').trim();
    const pack = loadPack(source, sha(source));
    const a = pack.answersFromForm({ lies: 'job pay', age: '', debt: 'declined' });
    expect(a).toEqual({ lies: { state: 'given', values: ['job', 'pay'] }, debt: { state: 'given', values: ['declined'] } });
  });
});
