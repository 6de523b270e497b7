/** Goals as trees. Mirrors screening/indicator/goal.go, where the reasons are. */
import { point, type Board, type Span } from './board.ts';
import { ADULT, anyHolds, CHILD, FALSE, TRUE, UNANSWERED, type Clause, type Counts, type Node } from './program.ts';

export const REACH_TRUE = 0;
const REACH_OPEN = 1;
export const REFUTE_TRUE = 2;
export type Goal = 0 | 1 | 2 | 3;

const flipGoal = (g: Goal): Goal => (3 - g) as Goal;
/** An answer without a value is enough. */
const isLoose = (g: Goal): boolean => g === REACH_OPEN || g === REFUTE_TRUE;
const rising = (g: Goal): boolean => g === REACH_TRUE || g === REACH_OPEN;

function metBy(g: Goal, s: Span): boolean {
  switch (g) {
    case REACH_TRUE: return s.lo === TRUE;
    case REACH_OPEN: return s.lo >= UNANSWERED;
    case REFUTE_TRUE: return s.hi <= UNANSWERED;
    default: return s.hi === FALSE;
  }
}

export interface Tree {
  kind: 'leaf' | 'atLeast' | 'rule';
  num: number;
  need: number;
  kids: Tree[];
  strengths: number[];
  have: Counts;
  clauses: Clause[];
  q: number;
  atom: number;
  want: boolean;
  loose: boolean;
}

function tree(kind: Tree['kind'], more: Partial<Tree> = {}): Tree {
  return { kind, num: 0, need: 0, kids: [], strengths: [], have: [0, 0, 0, 0], clauses: [], q: 0, atom: 0, want: false, loose: false, ...more };
}
export const MET = tree('atLeast', { need: 0 });
export const BROKEN = tree('atLeast', { need: 1 });
const settled = (met: boolean): Tree => (met ? MET : BROKEN);

export const BOTH = 2;
export interface Target {
  kind: 'offer' | 'outcome' | 'dimension';
  index: number;
  population: number;
}

export class Grove {
  private count = 0;
  private readonly memo = new Map<string, Tree>();
  /** nobody: no way to go on leads to this population. */
  readonly nobody = [false, false];
  constructor(private readonly b: Board) {}

  private made(t: Tree): Tree {
    t.num = this.count++;
    return t;
  }

  private once(key: string, build: () => Tree): Tree {
    let t = this.memo.get(key);
    if (!t) {
      t = build();
      this.memo.set(key, t);
    }
    return t;
  }

  private atLeast(need: number, kids: Tree[]): Tree {
    const left: Tree[] = [];
    for (const kid of kids) {
      if (kid === MET) need--;
      else if (kid !== BROKEN) left.push(kid);
    }
    if (need <= 0) return MET;
    if (need > left.length) return BROKEN;
    return left.length === 1 ? left[0]! : this.made(tree('atLeast', { need, kids: left }));
  }

  private threshold(goal: Goal, need: number, kids: Tree[]): Tree {
    return this.atLeast(rising(goal) ? need : kids.length - need + 1, kids);
  }

  private about(n: Node, goal: Goal): Tree {
    if (n.kind !== 'atom') return this.threshold(goal, n.need, n.kids.map((k) => this.about(k, goal)));
    if (!this.b.open(n.q)) return settled(metBy(goal, this.b.about(n)));
    const want = rising(goal) !== n.neg;
    const loose = isLoose(goal);
    return this.once(`l${n.q}/${n.atom}/${want}/${loose}`, () => this.made(tree('leaf', { q: n.q, atom: n.atom, want, loose })));
  }

  private indicator(i: number, goal: Goal): Tree {
    return this.once(`i${i}/${goal}`, () => {
      const when = this.b.prog.indicators[i]!.when;
      return when ? this.about(when, goal) : settled(metBy(goal, point(FALSE)));
    });
  }

  private dimension(population: number, d: number, goal: Goal): Tree {
    return this.once(`d${population}/${d}/${goal}`, () => (rising(goal) ? this.ruleHolds(population, d, goal) : this.ruleFails(population, d, goal)));
  }

  private ruleHolds(population: number, d: number, goal: Goal): Tree {
    const dim = this.b.prog.dims[d]!;
    const t = tree('rule', { clauses: dim.clauses });
    for (const i of dim.indicators) {
      const s = this.b.prog.indicators[i]!.strength[population]!;
      if (s < 0) continue;
      const kid = this.indicator(i, goal);
      if (kid === MET) t.have[s]!++;
      else if (kid !== BROKEN) {
        t.kids.push(kid);
        t.strengths.push(s);
      }
    }
    if (anyHolds(dim.clauses, t.have)) return MET;
    const most: Counts = [...t.have];
    for (const s of t.strengths) most[s]!++;
    return anyHolds(dim.clauses, most) ? this.made(t) : BROKEN;
  }

  private ruleFails(population: number, d: number, goal: Goal): Tree {
    const dim = this.b.prog.dims[d]!;
    const by: Tree[][] = [[], [], [], []];
    const every: Tree[] = [];
    for (const i of dim.indicators) {
      const s = this.b.prog.indicators[i]!.strength[population]!;
      if (s < 0) continue;
      const kid = this.indicator(i, goal);
      by[s]!.push(kid);
      every.push(kid);
    }
    const fails = dim.clauses.map((cl) => {
      const ways: Tree[] = [];
      cl.need.forEach((need, s) => {
        if (need > 0) ways.push(this.atLeast(by[s]!.length - need + 1, by[s]!));
      });
      if (cl.total > 0) ways.push(this.atLeast(every.length - cl.total + 1, every));
      return this.atLeast(1, ways);
    });
    return this.atLeast(fails.length, fails);
  }

  private outcome(population: number, o: number, goal: Goal): Tree {
    return this.once(`o${population}/${o}/${goal}`, () => this.overDimensions(population, this.b.prof.outcomes[o]!, goal));
  }

  private overDimensions(population: number, n: Node, goal: Goal): Tree {
    const inner = n.neg ? flipGoal(goal) : goal;
    switch (n.kind) {
      case 'dimension': return this.dimension(population, n.ref, inner);
      case 'outcome': return this.outcome(population, n.ref, inner);
      case 'adult': return settled(metBy(inner, point(population === ADULT ? TRUE : FALSE)));
      default: return this.threshold(goal, n.need, n.kids.map((k) => this.overDimensions(population, k, goal)));
    }
  }

  private under(population: number, t: Target, goal: Goal): Tree {
    if (t.kind === 'outcome') return this.outcome(population, t.index, goal);
    if (t.kind === 'dimension') return this.dimension(population, t.index, goal);
    return this.threshold(goal, 1, this.b.prof.positive.map((o) => this.outcome(population, o, goal)));
  }

  leads(population: number): Tree {
    return this.about(this.b.prog.adult, population === ADULT ? REACH_TRUE : REFUTE_TRUE);
  }

  target(t: Target, goal: Goal): Tree {
    const isAdult = this.leads(ADULT);
    const notAdult = this.leads(CHILD);
    if (t.population !== BOTH) {
      let of = [isAdult, notAdult][t.population]!;
      if (of === BROKEN || this.nobody[t.population]) of = MET;
      return this.atLeast(2, [of, this.under(t.population, t, goal)]);
    }
    const a = this.under(ADULT, t, goal);
    const c = this.under(CHILD, t, goal);
    return this.atLeast(1, [this.atLeast(2, [isAdult, a]), this.atLeast(2, [notAdult, c]), this.atLeast(2, [a, c])]);
  }
}
