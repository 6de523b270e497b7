/**
 * A pack made ready to be scored: every expression a tree of "at least need of
 * these" over leaves that each ask about one answer, negation pushed down to
 * the leaves. Mirrors screening/indicator/compile.go, where the reasons are.
 */
import type { PackData } from './pack.ts';
import { parse, type Expr } from './parse.ts';

export const FALSE = 0;
export const UNANSWERED = 1;
export const TRUE = 2;
export type Tri = 0 | 1 | 2;

export type State = 'not_asked' | 'given' | 'not_known' | 'declined';
/** What a question got: `values` when given. */
export interface Answer {
  state: State;
  values?: string[];
}
export type Answers = Record<string, Answer>;

export interface Reading {
  state: State;
  values: string[];
  /** The codes for not known and declined among what was chosen: only the relevance of another question asks for them. */
  codes: string[];
  num: number;
  partial: boolean;
  /** Chosen choices whose names do not matter; only a domain is made of such readings. */
  unnamed?: number;
}

type AtomKind = 'is' | 'isNum' | 'below' | 'atMost' | 'above' | 'atLeast' | 'chosen' | 'chosenGE';
export interface Atom {
  kind: AtomKind;
  str: string;
  num: number;
  form: boolean;
  /** The form asks whether it is not so. */
  not: boolean;
}

export type Kind = 'one' | 'multiple' | 'integer' | 'decimal' | 'date' | 'text';
const KINDS: Record<string, Kind> = { yes_no: 'one', select_one: 'one', select_multiple: 'multiple', integer: 'integer', decimal: 'decimal', date: 'date', text: 'text' };

/** One way to answer: bits of atoms made true, and made false. */
export interface Row {
  yes: number;
  no: number;
}

export interface CompiledQuestion {
  name: string;
  kind: Kind;
  choices: string[];
  /** The codes it can be answered with: those among its choices, or all. */
  codes: string[];
  derived: boolean;
  atoms: Atom[];
  base: number;
  domain: Row[];
  /** The domain and the answers of a select_multiple that hold a choice and a code: whether another question applies can hang on them. */
  worlds: Row[];
  real: number;
  relevant: Node | null;
  /** The negation of relevant, made where another relevance needs it. */
  irrelevant: Node | null;
  when: Expr | null;
  usedBy: number[];
}

export interface Node {
  kind: 'atLeast' | 'atom' | 'dimension' | 'outcome' | 'adult';
  need: number;
  kids: Node[];
  gate: boolean;
  neg: boolean;
  q: number;
  atom: number;
  ref: number;
}

export interface Clause {
  need: [number, number, number, number];
  total: number;
}
/** Strengths by number: strong, medium, weak, unweighted; -1 not in the list. */
const STRENGTHS: Record<string, number> = { S: 0, M: 1, W: 2, U: 3 };
export const ADULT = 0;
export const CHILD = 1;

export interface Program {
  notKnown: Set<string>;
  declined: Set<string>;
  questions: CompiledQuestion[];
  byName: Map<string, number>;
  atoms: number;
  adult: Node;
  notAdult: Node;
  adultQuestions: number[];
  gates: number[];
  indicators: Array<{ when: Node | null; dim: number; strength: [number, number] }>;
  dims: Array<{ clauses: Clause[]; indicators: number[] }>;
  profiles: Array<{ outcomes: Node[]; positive: number[] }>;
  uncovered: string[];
  secondary: boolean;
}

function node(kind: Node['kind'], more: Partial<Node> = {}): Node {
  return { kind, need: 0, kids: [], gate: false, neg: false, q: 0, atom: 0, ref: 0, ...more };
}
const NODE_TRUE = node('atLeast', { need: 0 });
const NODE_FALSE = node('atLeast', { need: 1 });

function atLeast(need: number, kids: Node[]): Node {
  if (need <= 0) return NODE_TRUE;
  if (need > kids.length) return NODE_FALSE;
  return kids.length === 1 ? kids[0]! : node('atLeast', { need, kids });
}
const all = (kids: Node[]): Node => atLeast(kids.length, kids);
const some = (kids: Node[]): Node => atLeast(1, kids);

const OPPOSITE: Record<string, string> = { '=': '!=', '!=': '=', '<': '>=', '>=': '<', '>': '<=', '<=': '>' };
const negated = (cmp: string, neg: boolean): string => (neg ? OPPOSITE[cmp]! : cmp);

const gated = (relevant: Node, n: Node): Node => node('atLeast', { need: 2, kids: [relevant, n], gate: true });

export function compile(pack: PackData): Program {
  return new Compiler(pack).run();
}

class Compiler {
  private readonly p: Program;
  private form = false;
  private readonly relevanceDone = new Set<number>();

  constructor(private readonly pack: PackData) {
    this.p = {
      notKnown: new Set(pack.codes.not_known ?? []),
      declined: new Set(pack.codes.declined ?? []),
      questions: [],
      byName: new Map(),
      atoms: 0,
      adult: NODE_FALSE,
      notAdult: NODE_FALSE,
      adultQuestions: [],
      gates: [],
      indicators: [],
      dims: [],
      profiles: [],
      uncovered: [],
      secondary: false,
    };
  }

  run(): Program {
    const p = this.p;
    (this.pack.questions ?? []).forEach((q, i) => {
      p.byName.set(q.name, i);
      p.questions.push({
        name: q.name, kind: KINDS[q.type] ?? 'text', derived: q.derived === true,
        choices: (q.choices ?? []).filter((c) => !p.notKnown.has(c) && !p.declined.has(c)),
        codes: this.codesOf(q.choices ?? []),
        atoms: [], base: 0, domain: [], worlds: [], real: 0, relevant: null, irrelevant: null, when: null, usedBy: [],
      });
    });
    p.questions.forEach((_, i) => this.relevance(i));
    const adult = parse(this.pack.population.adult);
    p.adult = this.answers(adult, false);
    p.notAdult = this.answers(adult, true);
    p.adultQuestions = questionsOf(p.adult);
    this.rows();
    this.outcomes();
    p.questions.forEach((q, i) => {
      q.base = p.atoms;
      p.atoms += q.atoms.length;
      buildDomain(p, q);
      if (q.atoms.some((a) => a.form)) p.gates.push(i);
    });
    return p;
  }

  private codesOf(choices: string[]): string[] {
    const p = this.p;
    const listed = choices.filter((c) => p.notKnown.has(c) || p.declined.has(c));
    return listed.length > 0 ? listed : [...p.notKnown, ...p.declined];
  }

  private rows(): void {
    const p = this.p;
    const dims = new Map(this.pack.dimensions.map((d, i) => [d.id, i]));
    const rules = new Map(this.pack.rules.map((r) => [r.id, ruleClauses(parse(r.when))]));
    const secondary = new Set((this.pack.sources ?? []).filter((s) => s.secondary).map((s) => s.id));
    p.dims = this.pack.dimensions.map((d) => ({ clauses: rules.get(d.rule) ?? [], indicators: [] }));
    this.pack.indicators.forEach((ind, i) => {
      const dim = dims.get(ind.dimension)!;
      const strength = (s: string | undefined): number => (s ? STRENGTHS[s]! : -1);
      let when: Node | null = null;
      if (ind.when) {
        when = this.answers(parse(ind.when), false);
        for (const q of questionsOf(when)) p.questions[q]!.usedBy.push(i);
      } else {
        p.uncovered.push(ind.id);
      }
      p.indicators.push({ when, dim, strength: [strength(ind.strength.adult), strength(ind.strength.child)] });
      p.dims[dim]!.indicators.push(i);
      p.secondary = p.secondary || ind.secondary === true || secondary.has(ind.source);
    });
  }

  private outcomes(): void {
    const dims = new Map(this.pack.dimensions.map((d, i) => [d.id, i]));
    for (const profile of this.pack.profiles) {
      const before = new Map<string, number>();
      const compiled = { outcomes: [] as Node[], positive: [] as number[] };
      profile.outcomes.forEach((o, j) => {
        compiled.outcomes.push(this.outcome(dims, before, parse(o.when), false));
        before.set(o.id, j);
        if (o.positive) compiled.positive.push(j);
      });
      this.p.profiles.push(compiled);
    }
  }

  private outcome(dims: Map<string, number>, before: Map<string, number>, e: Expr, neg: boolean): Node {
    const walk = (kid: Expr, n: boolean): Node => this.outcome(dims, before, kid, n);
    switch (e.op) {
      case 'not':
        return walk(e.kids[0]!, !neg);
      case 'and':
      case 'or': {
        const kids = e.kids.map((k) => walk(k, neg));
        return (e.op === 'and') !== neg ? all(kids) : some(kids);
      }
      case 'count':
        return this.count(e, neg, walk);
    }
    if (e.name === 'adult' || e.name === 'child') return node('adult', { neg: neg !== (e.name === 'child') });
    const dim = dims.get(e.name);
    if (dim !== undefined) return node('dimension', { ref: dim, neg });
    return node('outcome', { ref: before.get(e.name)!, neg });
  }

  private answers(e: Expr, neg: boolean): Node {
    switch (e.op) {
      case 'not':
        return this.answers(e.kids[0]!, !neg);
      case 'and':
      case 'or': {
        const kids = e.kids.map((k) => this.answers(k, neg));
        return (e.op === 'and') !== neg ? all(kids) : some(kids);
      }
      case 'count':
        return this.count(e, neg, (k, n) => this.answers(k, n));
    }
    return this.aboutQuestion(e, neg);
  }

  private count(e: Expr, neg: boolean, below: (e: Expr, neg: boolean) => Node): Node {
    const up = (need: number): Node => atLeast(need, e.kids.map((k) => below(k, false)));
    const down = (need: number): Node => atLeast(e.kids.length - need + 1, e.kids.map((k) => below(k, true)));
    switch (negated(e.cmp, neg)) {
      case '>=': return up(e.num);
      case '>': return up(e.num + 1);
      case '<': return down(e.num);
      case '<=': return down(e.num + 1);
      case '=': return all([up(e.num), down(e.num + 1)]);
      default: return some([up(e.num + 1), down(e.num)]);
    }
  }

  private aboutQuestion(e: Expr, neg: boolean): Node {
    const qi = this.p.byName.get(e.name);
    if (qi === undefined) throw new Error(`pack: no question ${e.name}`);
    this.relevance(qi);
    const q = this.p.questions[qi]!;
    const n = this.literal(e, qi, q, neg);
    if (!q.relevant || n === NODE_FALSE || this.form) return n;
    return gated(q.relevant, n);
  }

  /** In a form a question that does not apply is blank, of which no fact is true. */
  private inForm(q: CompiledQuestion, fact: Node, not: boolean): Node {
    if (!q.relevant) return fact;
    if (!not) return gated(q.relevant, fact);
    q.irrelevant ??= this.answers(q.when!, true);
    return some([q.irrelevant, fact]);
  }

  private literal(e: Expr, qi: number, q: CompiledQuestion, neg: boolean): Node {
    const leaf = (kind: AtomKind, value: { str?: string; num?: number }, n: boolean): Node => {
      const atom = this.atom(q, { kind, str: value.str ?? '', num: value.num ?? 0, form: this.form, not: this.form && n });
      return this.form ? this.inForm(q, node('atom', { q: qi, atom }), n) : node('atom', { q: qi, atom, neg: n });
    };
    if (e.op === 'selected') return leaf(q.kind === 'one' ? 'is' : 'chosen', { str: e.str }, neg);
    if (e.op === 'count_selected') {
      const ge = (num: number, n: boolean): Node => (num <= 0 && this.form ? (n ? NODE_FALSE : NODE_TRUE) : leaf('chosenGE', { num }, n));
      switch (negated(e.cmp, neg)) {
        case '>=': return ge(e.num, false);
        case '>': return ge(e.num + 1, false);
        case '<': return ge(e.num, true);
        case '<=': return ge(e.num + 1, true);
        case '=': return all([ge(e.num, false), ge(e.num + 1, true)]);
        default: return some([ge(e.num, true), ge(e.num + 1, false)]);
      }
    }
    if (q.kind !== 'integer' && q.kind !== 'decimal' && q.kind !== 'date') return leaf('is', { str: e.str }, (e.cmp === '!=') !== neg);
    const num = q.kind === 'date' ? (parseDate(e.str) ?? 0) : e.num;
    const cmp = negated(e.cmp, neg);
    if (this.form && e.cmp === '>') return leaf('above', { num }, neg);
    if (this.form && e.cmp === '>=') return leaf('atLeast', { num }, neg);
    if (this.form && neg && e.cmp === '<') return leaf('below', { num }, true);
    if (this.form && neg && e.cmp === '<=') return leaf('atMost', { num }, true);
    if (cmp === '=' || cmp === '!=') return leaf('isNum', { num }, cmp === '!=');
    if (cmp === '<' || cmp === '>=') return leaf('below', { num }, cmp === '>=');
    return leaf('atMost', { num }, cmp === '>');
  }

  private atom(q: CompiledQuestion, a: Atom): number {
    const at = q.atoms.findIndex((b) => b.kind === a.kind && b.str === a.str && b.num === a.num && b.form === a.form && b.not === a.not);
    return at >= 0 ? at : q.atoms.push(a) - 1;
  }

  private relevance(qi: number): void {
    if (this.relevanceDone.has(qi)) return;
    this.relevanceDone.add(qi);
    const source = this.pack.questions?.[qi]?.relevant;
    if (!source) return;
    const was = this.form;
    this.form = true;
    const q = this.p.questions[qi]!;
    const when = parse(source);
    q.relevant = this.answers(when, false);
    q.when = when;
    this.form = was;
  }
}

function questionsOf(n: Node): number[] {
  const seen = new Set<number>();
  const walk = (m: Node): void => {
    if (m.kind === 'atom') seen.add(m.q);
    m.kids.forEach(walk);
  };
  walk(n);
  return [...seen].sort((a, b) => a - b);
}

function ruleClauses(e: Expr): Clause[] {
  return (e.op === 'or' ? e.kids : [e]).map((way) => {
    const clause: Clause = { need: [0, 0, 0, 0], total: 0 };
    for (const part of way.op === 'and' ? way.kids : [way]) {
      if (part.name === 'total') clause.total = Math.max(clause.total, part.num);
      else {
        const s = STRENGTHS[part.name]!;
        clause.need[s] = Math.max(clause.need[s]!, part.num);
      }
    }
    return clause;
  });
}

export type Counts = [number, number, number, number];

export function holds(c: Clause, n: Counts): boolean {
  return n[0] >= c.need[0] && n[1] >= c.need[1] && n[2] >= c.need[2] && n[3] >= c.need[3] && n[0] + n[1] + n[2] + n[3] >= c.total;
}
export const anyHolds = (clauses: Clause[], n: Counts): boolean => clauses.some((c) => holds(c, n));

// Answers

function truth(a: Atom, r: Reading): Tri {
  if (r.state !== 'given') return UNANSWERED;
  let yes = false;
  switch (a.kind) {
    case 'is': yes = r.values.length === 1 && r.values[0] === a.str; break;
    case 'isNum': yes = r.num === a.num; break;
    case 'below': yes = r.num < a.num; break;
    case 'atMost': yes = r.num <= a.num; break;
    case 'above': yes = r.num > a.num; break;
    case 'atLeast': yes = r.num >= a.num; break;
    case 'chosen': yes = r.values.includes(a.str); break;
    case 'chosenGE': yes = r.values.length + (r.unnamed ?? 0) >= a.num; break;
  }
  return yes ? TRUE : r.partial ? UNANSWERED : FALSE;
}

export function readAtom(p: Program, a: Atom, r: Reading): Tri {
  if (!a.form) return truth(a, r);
  if (holdsInForm(p, a, r) !== a.not || (a.not && bare(r))) return TRUE;
  return r.state !== 'given' || r.partial ? UNANSWERED : FALSE;
}

function holdsInForm(p: Program, a: Atom, r: Reading): boolean {
  if (a.kind === 'is') return (r.values.length === 0 && hasCode(p, r, a.str)) || (r.values.length === 1 && r.values[0] === a.str);
  if (a.kind === 'chosen') return r.values.includes(a.str) || hasCode(p, r, a.str);
  if (a.kind === 'chosenGE') return r.values.length + (r.unnamed ?? 0) + countCodes(r) >= a.num;
  return r.state === 'given' && truth(a, r) === TRUE;
}

/** A state that came without its code: in the form it is blank, or may have been any of the codes. */
const bare = (r: Reading): boolean => r.codes.length === 0 && (r.state === 'not_known' || r.state === 'declined');

/** Whether this code was chosen, or may have been. */
function hasCode(p: Program, r: Reading, code: string): boolean {
  if (r.codes.length > 0) return r.codes.includes(code);
  return (r.state === 'not_known' && p.notKnown.has(code)) || (r.state === 'declined' && p.declined.has(code));
}

function countCodes(r: Reading): number {
  return bare(r) ? 1 : r.codes.length;
}

const blank = (state: State, codes: string[] = []): Reading => ({ state, values: [], codes, num: 0, partial: false });

export function read(p: Program, q: CompiledQuestion, a: Answer | undefined): { reading: Reading; warning: string } {
  if (!a || a.state !== 'given') return { reading: blank(a?.state ?? 'not_asked'), warning: '' };
  const values: string[] = [];
  const codes: string[] = [];
  let coded: State | '' = '';
  for (const raw of a.values ?? []) {
    const v = trimmed(raw);
    if (v === '') continue;
    if (p.declined.has(v) || p.notKnown.has(v)) {
      if (!codes.includes(v)) codes.push(v);
      if (p.declined.has(v)) coded = 'declined';
      else coded ||= 'not_known';
    } else if (!values.includes(v)) values.push(v);
  }
  if (values.length === 0) return { reading: blank(coded || 'not_asked', codes), warning: '' };
  const reading: Reading = { state: 'given', values, codes, num: 0, partial: coded !== '' };
  const unusable = (warning: string): { reading: Reading; warning: string } => ({ reading: blank('not_known'), warning });
  if (q.kind !== 'multiple' && values.length > 1) return unusable('several values where one is expected');
  if (q.kind === 'integer' || q.kind === 'decimal') {
    const n = parseNumber(values[0]!);
    if (n === null) return unusable('not a number');
    if (q.kind === 'integer' && !Number.isInteger(n)) return unusable('not a whole number');
    reading.num = n;
  } else if (q.kind === 'date') {
    const n = parseDate(values[0]!);
    if (n === null) return unusable('not a date written YYYY-MM-DD');
    reading.num = n;
  } else if (q.kind !== 'text' && q.choices.length > 0 && values.some((v) => !q.choices.includes(v))) {
    return unusable("not one of the question's choices");
  }
  return { reading, warning: '' };
}

const BLANK = '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const ENDS = new RegExp(`^[${BLANK}]+|[${BLANK}]+$`, 'g');
const BETWEEN = new RegExp(`[${BLANK}]+`);

/** Without the blanks at its ends. What is blank is what Go calls so: JavaScript's trim takes U+FEFF, too, and leaves U+0085. */
export const trimmed = (s: string): string => s.replace(ENDS, '');

/** The words between blanks. */
export const fields = (s: string): string[] => trimmed(s).split(BETWEEN);

export function parseNumber(s: string): number | null {
  if (!/^-?[0-9]+(\.[0-9]+)?$/.test(s) || s.replace(/[-.]/g, '').length > 15) return null;
  return Number(s);
}

export function parseDate(text: string): number | null {
  const s = text.length > 10 && text[10] === 'T' ? text.slice(0, 10) : text;
  const m = /^([0-9]{4})-([0-9]{2})-([0-9]{2})$/.exec(s);
  if (!m) return null;
  let y = Number(m[1]);
  let month = Number(m[2]);
  const d = Number(m[3]);
  const leap = y % 4 === 0 && (y % 100 !== 0 || y % 400 === 0);
  const last = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
  if (y < 1 || last === undefined || d < 1 || d > last) return null;
  if (month <= 2) {
    y--;
    month += 12;
  }
  return 365 * y + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + Math.floor((153 * (month - 3) + 2) / 5) + d - 1 - 719468;
}

function buildDomain(p: Program, q: CompiledQuestion): void {
  let seen = new Set<string>();
  let into = q.domain;
  const add = (r: Reading): void => {
    let yes = 0;
    let no = 0;
    q.atoms.forEach((a, i) => {
      const t = readAtom(p, a, r);
      if (t === TRUE) yes |= 1 << i;
      else if (t === FALSE) no |= 1 << i;
    });
    const key = `${yes}/${no}`;
    if (!seen.has(key)) {
      seen.add(key);
      into.push({ yes, no });
    }
  };
  const given = (values: string[], num = 0, unnamed = 0): void => add({ state: 'given', values, codes: [], num, partial: false, unnamed });
  if (q.kind === 'multiple') multipleDomain(q, 0, given);
  else if (q.kind === 'integer' || q.kind === 'decimal' || q.kind === 'date') {
    const at = q.atoms.map((a) => a.num).sort((a, b) => a - b);
    at.forEach((n, i) => {
      given([], n - 1);
      given([], n);
      given([], n + 1);
      if (q.kind === 'decimal' && i + 1 < at.length) given([], (n + at[i + 1]!) / 2);
    });
  } else if (q.kind === 'one' && q.choices.length > 0) q.choices.forEach((c) => given([c]));
  else {
    q.atoms.forEach((a) => {
      if (!p.notKnown.has(a.str) && !p.declined.has(a.str)) given([a.str]);
    });
    given(['']);
  }
  q.domain.sort((a, b) => a.yes - b.yes);
  q.real = q.domain.length;
  add(blank('not_known'));
  add(blank('declined'));
  const sets = codeSets(q);
  for (const codes of sets) add(read(p, q, { state: 'given', values: codes }).reading);
  q.worlds = [...q.domain];
  if (q.kind !== 'multiple') return;
  const partly = (): void => {
    for (const codes of sets) multipleDomain(q, codes.length, (values, num = 0, unnamed = 0) => add({ state: 'given', values, codes, num, partial: true, unnamed }));
  };
  if (codesCount(p, q)) partly();
  seen = new Set(q.worlds.map((w) => `${w.yes}/${w.no}`));
  into = q.worlds;
  partly();
}

const MAX_CODES = 3;

/** The ways to choose codes of a question: each, and of a select_multiple also several. */
function codeSets(q: CompiledQuestion): string[][] {
  const sets: string[][] = [];
  const from = q.codes.slice(0, MAX_CODES);
  for (let set = 1; set < 1 << from.length; set++) {
    const codes = from.filter((_, i) => (set >> i) & 1);
    if (q.kind === 'multiple' || codes.length === 1) sets.push(codes);
  }
  return sets;
}

/** Whether a code beside a choice can do what neither does alone: a relevance names it or counts what was chosen, or adulthood hangs on the question. */
const codesCount = (p: Program, q: CompiledQuestion): boolean => p.adultQuestions.some((i) => p.questions[i] === q) || q.atoms.some((a) => a.form && (a.kind === 'chosenGE' || p.notKnown.has(a.str) || p.declined.has(a.str)));

/** Every set of the choices that expressions name, each with as many of the others as tell a count apart, for a form with so many codes beside them. */
function multipleDomain(q: CompiledQuestion, codes: number, given: (values: string[], num?: number, unnamed?: number) => void): void {
  const named: string[] = [];
  const counts: number[] = [];
  for (const a of q.atoms) {
    if (a.kind === 'chosen' && !named.includes(a.str) && q.choices.includes(a.str)) named.push(a.str);
    else if (a.kind === 'chosenGE') counts.push(a.num);
  }
  const others = q.choices.length - named.length;
  for (let set = 0; set < 1 << named.length; set++) {
    const values = named.filter((_, i) => (set >> i) & 1);
    if (values.length > 0) given(values);
    else if (others > 0) given(values, 0, 1);
    for (const n of counts) {
      for (const more of [n - values.length, n - values.length - codes]) if (more > 0 && more <= others) given(values, 0, more);
    }
  }
}
