/** Scoring. Mirrors screening/indicator/score.go and next.go. */
import { Board, widen, type Findings, type Span, type Warning } from './board.ts';
import { BOTH, BROKEN, Grove, MET, REACH_TRUE, REFUTE_TRUE, type Target, type Tree } from './goal.ts';
import type { PackData, Strength } from './pack.ts';
import { ADULT, CHILD, compile, fields, trimmed, TRUE, UNANSWERED, type Answers, type CompiledQuestion, type Node, type Program, type Row, type State } from './program.ts';
import { Seeker } from './seek.ts';

export type FindingState = 'established' | 'open' | 'unanswered' | 'not_seen';
export interface Finding {
  id: string;
  kind: string;
  certain: boolean;
  possible: boolean;
  state: FindingState;
}
export interface Next {
  target: string;
  questions: string[];
  shortest: boolean;
}
export interface Present {
  id: string;
  dimension: string;
  strength: Strength;
  because: Array<{ question: string; values: string[] }>;
}
/** lintas-result/1; the members are described in screening/indicator/result.go. */
export interface Result {
  format: string;
  pack: { id: string; version: string; hash: string; validated: boolean; secondary: boolean };
  profile: { id: string; version: string };
  finished: boolean;
  population: { rule: string; presumed_child?: boolean };
  decided: boolean;
  offer: Finding;
  outcomes: Finding[];
  dimensions: Finding[];
  views?: Array<{ population: string; outcomes: Finding[]; dimensions: Finding[] }>;
  flags?: string[];
  present: Present[];
  unanswered?: Array<{ question: string; state: State }>;
  next?: Next[];
  not_covered?: string[];
  warnings?: Warning[];
  exact: boolean;
}

export interface Options {
  profile?: string;
  finished?: boolean;
  noNext?: boolean;
  targets?: string[];
}

export class Pack {
  readonly prog: Program;
  /** hash: the SHA-256 the node gives with the pack; see packHash. */
  constructor(readonly data: PackData, readonly hash: string) {
    this.prog = compile(data);
  }

  /** Answers from a form's leaves: one text a question, blank for none. */
  answersFromForm(leaves: Record<string, string>): Answers {
    const out: Answers = {};
    for (const [name, text] of Object.entries(leaves)) {
      if (trimmed(text) === '') continue;
      const q = this.prog.byName.get(name);
      const multiple = q !== undefined && this.prog.questions[q]!.kind === 'multiple';
      out[name] = { state: 'given', values: multiple ? fields(text) : [text] };
    }
    return out;
  }
}

/** Loads a pack from its canonical JSON text and the hash the node gave. */
export function loadPack(canonical: string, hash: string): Pack {
  return new Pack(JSON.parse(canonical) as PackData, hash);
}

/** The SHA-256 of a pack's canonical JSON, to compare with the node's. */
export async function packHash(canonical: string): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonical)));
  return [...sum].map((b) => b.toString(16).padStart(2, '0')).join('');
}

export function score(pack: Pack, answers: Answers, options: Options = {}): Result {
  const at = options.profile ? pack.data.profiles.findIndex((p) => p.id === options.profile) : 0;
  if (at < 0) throw new Error(`the pack ${pack.data.id} has no profile ${options.profile}`);
  const s = new Scoring(pack, at, new Board(pack.prog, pack.prog.profiles[at]!, answers, options.finished === true));
  const r = s.result();
  if (!options.noNext) {
    const next = s.next(r, options.targets ?? []);
    if (next.length > 0) r.next = next;
  }
  return r;
}

const MAX_NEXT = 12;
const EXHAUST_LIMIT = 4000;
const UNLIMITED = 1 << 30;
const NAMES = ['adult', 'child'];
const everyAnswer = (q: CompiledQuestion): Row[] => q.domain;
const askable = (q: CompiledQuestion): Row[] => (q.derived ? [] : q.domain.slice(0, q.real));

class Scoring {
  private readonly met = [false, false];
  private readonly byPop: Findings[] = [];
  private readonly all: Findings;
  private readonly ageSettled: boolean;
  private readonly unanswered: boolean;
  private exact: boolean;
  private grove: Grove | null = null;

  constructor(private readonly pack: Pack, private readonly profileAt: number, private readonly board: Board) {
    const b = board;
    this.ageSettled = b.about(b.prog.adult).lo === TRUE || b.about(b.prog.notAdult).lo === TRUE;
    const pops: Array<Findings | null> = [null, null];
    let all: Findings | null = null;
    this.exact = b.worlds((population) => {
      const f = b.under(population, b.indicators());
      this.met[population] = true;
      pops[population] = widen(pops[population]!, f);
      all = widen(all, f);
    });
    this.byPop = pops.map((f, population) => {
      if (f) return f;
      // The age is not known, so nothing leads here; what holds under this rule is asked of every world all the same.
      let every: Findings | null = null;
      b.worlds(() => (every = widen(every, b.under(population, b.indicators()))));
      return every!;
    });
    this.all = all!;
    this.unanswered = b.readings.some((r, q) => ((r.state !== 'given' && !b.open(q)) || r.partial) && b.prog.questions[q]!.atoms.length > 0);
  }

  private get profile() {
    return this.pack.data.profiles[this.profileAt]!;
  }

  private bothShown(): boolean {
    return !this.ageSettled;
  }

  result(): Result {
    const data = this.pack.data;
    const prog = this.pack.prog;
    const [outcomes, dimensions] = this.findings(this.all, BOTH);
    const offer = this.finding('offer', 'offer', this.all.offer, { kind: 'offer', index: 0, population: BOTH });
    const r: Result = {
      format: 'lintas-result/1',
      pack: { id: data.id, version: data.version, hash: this.pack.hash, validated: data.validated === true, secondary: prog.secondary },
      profile: { id: this.profile.id, version: this.profile.version },
      finished: this.board.finished,
      population: this.population(),
      decided: outcomes.every((f) => f.certain === f.possible),
      offer, outcomes, dimensions, present: [], exact: true,
    };
    if (this.bothShown()) {
      r.views = NAMES.map((population, i) => {
        const [o, d] = this.findings(this.byPop[i]!, i);
        return { population, outcomes: o, dimensions: d };
      });
    }
    const flags = new Set(outcomes.flatMap((f, i) => (f.certain ? (this.profile.outcomes[i]!.flags ?? []) : [])));
    if (flags.size > 0) r.flags = [...flags];
    r.present = this.present();
    const unanswered = this.unansweredQuestions();
    if (unanswered.length > 0) r.unanswered = unanswered;
    if (prog.uncovered.length > 0) r.not_covered = prog.uncovered;
    if (this.board.warnings.length > 0) r.warnings = this.board.warnings;
    r.exact = this.exact;
    return r;
  }

  private population(): Result['population'] {
    if (this.met[ADULT] && this.met[CHILD]) return { rule: 'both' };
    if (this.met[ADULT]) return { rule: 'adult' };
    return this.bothShown() ? { rule: 'child', presumed_child: true } : { rule: 'child' };
  }

  private findings(f: Findings, population: number): [Finding[], Finding[]] {
    const outcomes = f.outcomes.map((sp, index) => {
      const o = this.profile.outcomes[index]!;
      return this.finding(o.id, o.kind, sp, { kind: 'outcome', index, population });
    });
    const dims = f.dims.map((sp, index) => this.finding(this.pack.data.dimensions[index]!.id, 'dimension', sp, { kind: 'dimension', index, population }));
    return [outcomes, dims];
  }

  private finding(id: string, kind: string, sp: Span, t: Target): Finding {
    const certain = sp.lo === TRUE;
    const possible = certain || (sp.hi === TRUE && this.reachable(t));
    let state: FindingState = 'not_seen';
    if (certain) state = 'established';
    else if (possible) state = 'open';
    else if (sp.hi === UNANSWERED || (sp.hi === TRUE && this.unanswered)) state = 'unanswered';
    return { id, kind, certain, possible, state };
  }

  private reachable(t: Target): boolean {
    this.grove ??= this.growGrove();
    const { yes, exact } = meets(this.board, this.grove.target(t, REACH_TRUE));
    this.exact = this.exact && exact;
    return yes;
  }

  private growGrove(): Grove {
    const grove = new Grove(this.board);
    const cases = this.exact;
    this.met.forEach((met, population) => {
      const leads = met && !cases ? meets(this.board, grove.leads(population)) : { yes: met, exact: true };
      grove.nobody[population] = !leads.yes && leads.exact;
    });
    return grove;
  }

  private present(): Present[] {
    const out: Present[] = [];
    this.all.indicators.forEach((sp, i) => {
      if (sp.lo !== TRUE) return;
      const row = this.pack.data.indicators[i]!;
      const counts = this.board.prog.indicators[i]!.strength.some((s, population) => s >= 0 && (this.met[population] || this.bothShown()));
      if (counts) out.push({ id: row.id, dimension: row.dimension, strength: row.strength, because: this.because(i) });
    });
    return out;
  }

  private because(i: number): Present['because'] {
    const b = this.board;
    const used = new Set<number>();
    const walk = (n: Node): void => {
      if (n.kind === 'atom') {
        if (b.readings[n.q]!.state === 'given') used.add(n.q);
        return;
      }
      for (const kid of n.gate ? n.kids.slice(1) : n.kids) if (b.about(kid).lo === TRUE) walk(kid);
    };
    walk(b.prog.indicators[i]!.when!);
    return [...used].sort((x, y) => x - y).map((q) => ({ question: b.prog.questions[q]!.name, values: b.readings[q]!.values }));
  }

  private unansweredQuestions(): Array<{ question: string; state: State }> {
    const out: Array<{ question: string; state: State }> = [];
    this.board.prog.questions.forEach((q, qi) => {
      const r = this.board.readings[qi]!;
      if (this.board.open(qi) || (r.state === 'given' && !r.partial)) return;
      const waits =
        (this.bothShown() && this.board.prog.adultQuestions.includes(qi)) ||
        q.usedBy.some((i) => {
          const sp = this.all.indicators[i]!;
          return sp.lo !== TRUE && sp.hi !== 0;
        });
      if (waits) out.push({ question: q.name, state: r.partial ? 'not_known' : r.state });
    });
    return out;
  }

  next(r: Result, wanted: string[]): Next[] {
    const targets: Target[] = [];
    const asked = (id: string, byDefault: boolean): boolean => (wanted.length === 0 && byDefault) || wanted.includes(id);
    if (asked('offer', true) && r.offer.state === 'open') targets.push({ kind: 'offer', index: 0, population: BOTH });
    r.outcomes.forEach((f, index) => {
      if (asked(f.id, f.kind === 'need') && f.state === 'open') targets.push({ kind: 'outcome', index, population: BOTH });
    });
    const known = new Set(['offer', ...r.outcomes.map((f) => f.id)]);
    for (const id of wanted) if (!known.has(id)) throw new Error(`the profile ${this.profile.id} has no outcome ${id}`);
    const out: Next[] = [];
    for (const t of targets) {
      const { questions, shortest } = this.fewest(t);
      if (questions === null || questions.length === 0) continue;
      out.push({ target: t.kind === 'outcome' ? this.profile.outcomes[t.index]!.id : 'offer', questions: questions.map((q) => this.board.prog.questions[q]!.name), shortest });
    }
    return out;
  }

  private fewest(t: Target): { questions: number[] | null; shortest: boolean } {
    const b = this.board;
    const ageOnly = (q: number): boolean => b.prog.adultQuestions.includes(q) && b.prog.questions[q]!.usedBy.length === 0;
    const g = new Grove(b);
    const yes = new Seeker(b, g.target(t, REACH_TRUE), askable);
    const no = new Seeker(b, g.target(t, REFUTE_TRUE), askable);
    const ageInIndicators = b.prog.adultQuestions.some((q) => b.open(q) && b.prog.questions[q]!.usedBy.length > 0);
    let exact = !this.contested(yes, ageOnly) && yes.refusable(ageOnly) && !ageInIndicators;
    let questions: number[] | null = null;
    for (let k = 1; k <= MAX_NEXT && questions === null && (yes.budget > 0 || no.budget > 0); k++) {
      for (const seek of [yes, no]) {
        if (seek.root !== BROKEN && seek.root !== MET && seek.budget > 0 && seek.search(k)) {
          questions = seek.chosen();
          break;
        }
      }
    }
    let shortest = yes.budget > 0 && no.budget > 0;
    if (questions === null) {
      questions = anySet([yes, no]);
      shortest = false;
    }
    if (!exact && questions?.length !== 1) [questions, exact] = this.exhaust(t, questions);
    return { questions, shortest: questions?.length === 1 || (shortest && exact) };
  }

  private contested(seek: Seeker, ignore: (q: number) => boolean): boolean {
    const b = this.board;
    const derived = b.prog.questions.some((qu, q) => qu.derived && b.open(q));
    return (derived ? new Seeker(b, seek.root, (q) => q.domain.slice(0, q.real)) : seek).contested(ignore);
  }

  private exhaust(t: Target, found: number[] | null): [number[] | null, boolean] {
    const b = this.board;
    const pool: number[] = [];
    let ways = 1;
    b.prog.questions.forEach((qu, q) => {
      if (!b.open(q) || qu.derived || qu.atoms.length === 0) return;
      pool.push(q);
      if (ways <= EXHAUST_LIMIT) ways *= qu.real + 1;
    });
    if (ways > EXHAUST_LIMIT) return [found, false];
    const limit = found === null ? Math.min(MAX_NEXT, pool.length) : found.length - 1;
    for (let size = 1; size <= limit; size++) {
      const set = this.settlingSet(t, pool, [], size);
      if (set) return [set, true];
    }
    return [found, true];
  }

  private settlingSet(t: Target, pool: number[], picked: number[], size: number): number[] | null {
    if (size === 0) return settles(this.board, t) ? picked : null;
    for (let i = 0; i < pool.length && pool.length - i >= size; i++) {
      const q = pool[i]!;
      const qu = this.board.prog.questions[q]!;
      for (const w of qu.domain.slice(0, qu.real)) {
        this.board.readings[q]!.state = 'given';
        this.board.pick(q, w);
        const set = this.settlingSet(t, pool.slice(i + 1), [...picked, q], size - 1);
        this.board.readings[q]!.state = 'not_asked';
        this.board.unpick(q);
        if (set) return set;
      }
    }
    return null;
  }
}

function meets(board: Board, root: Tree): { yes: boolean; exact: boolean } {
  if (root === MET) return { yes: true, exact: true };
  if (root === BROKEN) return { yes: false, exact: true };
  const s = new Seeker(board, root, everyAnswer);
  if (!s.conflict()) return { yes: !s.isBroken(), exact: true };
  if (s.within(UNLIMITED)) return { yes: true, exact: true };
  if (s.budget > 0) return { yes: false, exact: true };
  s.refill();
  if (s.search(UNLIMITED)) return { yes: true, exact: true };
  return { yes: s.budget <= 0, exact: s.budget > 0 };
}

function anySet(seekers: Seeker[]): number[] | null {
  for (const s of seekers) {
    if (s.root === MET || s.root === BROKEN) continue;
    s.refill();
    if (!s.search(UNLIMITED)) continue;
    for (const sq of s.qs) {
      const old = sq.pick;
      if (old < 0) continue;
      sq.pick = -1;
      if (!s.isMet()) sq.pick = old;
    }
    const set = s.chosen();
    if (set.length <= MAX_NEXT) return set;
  }
  return null;
}

function settles(b: Board, t: Target): boolean {
  let lo = TRUE as number;
  let hi = 0;
  b.worlds((population) => {
    const f = b.under(population, b.indicators());
    const sp = t.kind === 'outcome' ? f.outcomes[t.index]! : f.offer;
    lo = Math.min(lo, sp.lo);
    hi = Math.max(hi, sp.hi);
  });
  if (lo === TRUE || hi !== TRUE) return true;
  const { yes, exact } = meets(b, new Grove(b).target(t, REACH_TRUE));
  return !yes && exact;
}
