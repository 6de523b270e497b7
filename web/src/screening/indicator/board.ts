/** What the answers make of a pack. Mirrors screening/indicator/eval.go. */
import { ADULT, anyHolds, CHILD, FALSE, read, readAtom, TRUE, UNANSWERED, type Answers, type Counts, type Node, type Program, type Reading, type Row, type Tri } from './program.ts';

/** What a truth value may still become, in the chain false, unanswered, true. */
export interface Span {
  lo: Tri;
  hi: Tri;
}
export const point = (t: Tri): Span => ({ lo: t, hi: t });
export const OPEN: Span = { lo: FALSE, hi: TRUE };
export const flip = (s: Span): Span => ({ lo: (TRUE - s.hi) as Tri, hi: (TRUE - s.lo) as Tri });
const step = (isTrue: boolean, isOpen: boolean): Tri => (isTrue ? TRUE : isOpen ? UNANSWERED : FALSE);

export class Tally {
  private loTrue = 0;
  private loOpen = 0;
  private hiTrue = 0;
  private hiOpen = 0;
  add(s: Span): void {
    if (s.lo === TRUE) this.loTrue++;
    if (s.lo >= UNANSWERED) this.loOpen++;
    if (s.hi === TRUE) this.hiTrue++;
    if (s.hi >= UNANSWERED) this.hiOpen++;
  }
  atLeast(need: number): Span {
    return { lo: step(this.loTrue >= need, this.loOpen >= need), hi: step(this.hiTrue >= need, this.hiOpen >= need) };
  }
}

export interface Findings {
  indicators: Span[];
  dims: Span[];
  outcomes: Span[];
  offer: Span;
}

export interface Warning {
  question: string;
  message: string;
}

const MAX_WORLDS = 96;

export class Board {
  readonly readings: Reading[] = [];
  readonly warnings: Warning[] = [];
  private readonly atoms: Span[] = [];

  constructor(readonly prog: Program, readonly prof: Program['profiles'][number], answers: Answers, readonly finished: boolean) {
    for (const q of prog.questions) {
      const { reading, warning } = read(prog, q, answers[q.name]);
      if (warning) this.warnings.push({ question: q.name, message: warning });
      this.readings.push(reading);
      for (const a of q.atoms) this.atoms.push(reading.state === 'not_asked' && !finished ? OPEN : point(readAtom(prog, a, reading)));
    }
  }

  open(q: number): boolean {
    return this.readings[q]!.state === 'not_asked' && !this.finished;
  }

  pick(q: number, w: Row): void {
    const qu = this.prog.questions[q]!;
    qu.atoms.forEach((_, j) => {
      this.atoms[qu.base + j] = point((w.yes >> j) & 1 ? TRUE : (w.no >> j) & 1 ? FALSE : UNANSWERED);
    });
  }

  unpick(q: number): void {
    const qu = this.prog.questions[q]!;
    qu.atoms.forEach((_, j) => {
      this.atoms[qu.base + j] = OPEN;
    });
  }

  about(n: Node): Span {
    if (n.kind === 'atom') {
      const s = this.atoms[this.prog.questions[n.q]!.base + n.atom]!;
      return n.neg ? flip(s) : s;
    }
    const t = new Tally();
    for (const kid of n.kids) t.add(this.about(kid));
    return t.atLeast(n.need);
  }

  indicators(): Span[] {
    return this.prog.indicators.map((i) => (i.when ? this.about(i.when) : point(FALSE)));
  }

  under(population: number, indicators: Span[]): Findings {
    const f: Findings = { indicators, dims: this.prog.dims.map((d) => this.dimension(d, population, indicators)), outcomes: [], offer: OPEN };
    for (const n of this.prof.outcomes) f.outcomes.push(outcome(f, n, population));
    const t = new Tally();
    for (const o of this.prof.positive) t.add(f.outcomes[o]!);
    f.offer = t.atLeast(1);
    return f;
  }

  private dimension(d: Program['dims'][number], population: number, indicators: Span[]): Span {
    const loTrue: Counts = [0, 0, 0, 0];
    const loOpen: Counts = [0, 0, 0, 0];
    const hiTrue: Counts = [0, 0, 0, 0];
    const hiOpen: Counts = [0, 0, 0, 0];
    for (const i of d.indicators) {
      const s = this.prog.indicators[i]!.strength[population]!;
      if (s < 0) continue;
      const at = indicators[i]!;
      if (at.lo === TRUE) loTrue[s]!++;
      if (at.lo >= UNANSWERED) loOpen[s]!++;
      if (at.hi === TRUE) hiTrue[s]!++;
      if (at.hi >= UNANSWERED) hiOpen[s]!++;
    }
    return { lo: step(anyHolds(d.clauses, loTrue), anyHolds(d.clauses, loOpen)), hi: step(anyHolds(d.clauses, hiTrue), anyHolds(d.clauses, hiOpen)) };
  }

  population(): number {
    return this.about(this.prog.adult).lo === TRUE ? ADULT : CHILD;
  }

  worlds(visit: (population: number) => void): boolean {
    const unasked: number[] = [];
    let ways = 1;
    for (const q of this.prog.adultQuestions) {
      if (this.open(q)) {
        unasked.push(q);
        ways *= this.prog.questions[q]!.worlds.length;
      }
    }
    for (const q of this.prog.gates) {
      const more = ways * this.prog.questions[q]!.worlds.length;
      if (this.open(q) && more <= MAX_WORLDS && !unasked.includes(q)) {
        unasked.push(q);
        ways = more;
      }
    }
    if (ways > MAX_WORLDS) {
      visit(ADULT);
      visit(CHILD);
      return false;
    }
    const split = (i: number): void => {
      if (i === unasked.length) {
        visit(this.population());
        return;
      }
      for (const w of this.prog.questions[unasked[i]!]!.worlds) {
        this.pick(unasked[i]!, w);
        split(i + 1);
      }
      this.unpick(unasked[i]!);
    };
    split(0);
    return true;
  }
}

function outcome(f: Findings, n: Node, population: number): Span {
  let s: Span;
  switch (n.kind) {
    case 'dimension': s = f.dims[n.ref]!; break;
    case 'outcome': s = f.outcomes[n.ref]!; break;
    case 'adult': s = point(population === ADULT ? TRUE : FALSE); break;
    default: {
      const t = new Tally();
      for (const kid of n.kids) t.add(outcome(f, kid, population));
      return t.atLeast(n.need);
    }
  }
  return n.neg ? flip(s) : s;
}

const join = (a: Span, b: Span): Span => ({ lo: Math.min(a.lo, b.lo) as Tri, hi: Math.max(a.hi, b.hi) as Tri });

/** What holds in both at the low end, in either at the high end. */
export function widen(f: Findings | null, g: Findings): Findings {
  if (!f) return g;
  return {
    indicators: f.indicators.map((s, i) => join(s, g.indicators[i]!)),
    dims: f.dims.map((s, i) => join(s, g.dims[i]!)),
    outcomes: f.outcomes.map((s, i) => join(s, g.outcomes[i]!)),
    offer: join(f.offer, g.offer),
  };
}
