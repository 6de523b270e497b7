/** The search of a goal's tree. Mirrors screening/indicator/seek.go, where the reasons are. */
import type { Board } from './board.ts';
import { BROKEN, MET, type Tree } from './goal.ts';
import { anyHolds, holds, type Clause, type CompiledQuestion, type Counts, type Row } from './program.ts';

const UNIT = 720720;
const MAX_LOOKS = 1500;
const MIN_LOOKS = 40;
const MAX_SEEN = 600_000;
const EVERY = -1;
const OPEN = 0;
const IS_MET = 1;
const IS_BROKEN = 2;

interface SeekQuestion {
  q: number;
  cands: Row[];
  pick: number;
  banned: boolean[];
  cost: number;
  sign: string;
}

function servedBy(t: Tree, w: Row): boolean {
  const bits = t.loose ? ~(t.want ? w.no : w.yes) : t.want ? w.yes : w.no;
  return ((bits >> t.atom) & 1) === 1;
}

/** The atoms that leaves want true, false, not true and not false. */
interface Wants {
  yes: number;
  no: number;
  notYes: number;
  notNo: number;
}

function addWant(w: Wants, t: Tree): void {
  const bit = 1 << t.atom;
  if (t.want && t.loose) w.notNo |= bit;
  else if (t.want) w.yes |= bit;
  else if (t.loose) w.notYes |= bit;
  else w.no |= bit;
}

const served = (w: Wants, by: Row): Wants => ({ yes: w.yes & by.yes, no: w.no & by.no, notYes: w.notYes & ~by.yes, notNo: w.notNo & ~by.no });
const none = (w: Wants): boolean => (w.yes | w.no | w.notYes | w.notNo) === 0;
const within = (a: Wants, b: Wants): boolean => ((a.yes & ~b.yes) | (a.no & ~b.no) | (a.notYes & ~b.notYes) | (a.notNo & ~b.notNo)) === 0;

function sumSmallest(list: number[], n: number): number {
  list.sort((a, b) => a - b);
  let sum = 0;
  for (let i = 0; i < n; i++) sum += list[i]!;
  return sum;
}

function bestAnswers(domain: Row[], all: Wants): Row[] {
  for (const w of domain) if (within(all, served(all, w))) return [w];
  const out: Row[] = [];
  domain.forEach((w, i) => {
    const a = served(all, w);
    let keep = !none(a);
    domain.forEach((other, j) => {
      const b = served(all, other);
      if (j === i || !within(a, b)) return;
      keep = keep && within(b, a) && i < j;
    });
    if (keep && out.length < 64) out.push(w);
  });
  return out;
}

export class Seeker {
  budget = MAX_LOOKS;
  readonly qs: SeekQuestion[] = [];
  private readonly order: Tree[] = [];
  private readonly leafQ: number[] = [];
  private readonly state: number[] = [];
  private readonly cost: number[] = [];
  private readonly cut: number[] = [];
  private prepared = false;

  constructor(private readonly b: Board, readonly root: Tree, answers: (q: CompiledQuestion) => Row[]) {
    if (root === MET || root === BROKEN) return;
    const seen = new Set<Tree>();
    const walk = (t: Tree): void => {
      if (seen.has(t)) return;
      seen.add(t);
      t.kids.forEach(walk);
      this.order.push(t);
    };
    walk(root);
    this.refill();
    this.gather(answers);
  }

  /** How often one search looks at its tree: less often where the tree is large. */
  refill(): void {
    this.budget = Math.min(MAX_LOOKS, Math.max(MIN_LOOKS, Math.floor(MAX_SEEN / Math.max(1, this.order.length))));
  }

  private gather(answers: (q: CompiledQuestion) => Row[]): void {
    const wants = this.wants();
    const list = [...wants.keys()].sort((a, b) => a - b);
    const at = new Map<number, number>();
    for (const q of list) {
      const w = wants.get(q)!;
      at.set(q, this.qs.length);
      this.qs.push({ q, cands: bestAnswers(answers(this.b.prog.questions[q]!), w), pick: -1, banned: [], cost: 0, sign: '' });
    }
    for (const t of this.order) if (t.kind === 'leaf') this.leafQ[t.num] = at.get(t.q)!;
  }

  private wants(): Map<number, Wants> {
    const wants = new Map<number, Wants>();
    for (const t of this.order) {
      if (t.kind !== 'leaf') continue;
      const w = wants.get(t.q) ?? { yes: 0, no: 0, notYes: 0, notNo: 0 };
      addWant(w, t);
      wants.set(t.q, w);
    }
    return wants;
  }

  search(k: number): boolean {
    if (!this.prepared) {
      this.prepared = true;
      this.charge();
      this.signs();
    }
    return this.within(k);
  }

  private charge(): void {
    const uses: number[][] = [];
    for (const t of this.order) {
      const u = new Array<number>(this.qs.length).fill(0);
      uses[t.num] = u;
      if (t.kind === 'leaf') {
        u[this.leafQ[t.num]!] = 1;
        continue;
      }
      const most = t.kind === 'rule' ? mostNeeded(t) : t.need;
      for (let q = 0; q < u.length; q++) {
        const column: number[] = [];
        for (const kid of t.kids) {
          const n = uses[kid.num]![q]!;
          if (n > 0) column.push(-n);
        }
        column.sort((a, b) => a - b);
        for (let i = 0; i < column.length && i < most; i++) u[q]! -= column[i]!;
      }
    }
    this.qs.forEach((sq, q) => {
      sq.cost = Math.floor(UNIT / Math.max(1, uses[this.root.num]![q]!));
    });
  }

  private signs(): void {
    const parents: string[][] = [];
    for (const t of this.order) parents[t.num] = [];
    for (let i = this.order.length - 1; i >= 0; i--) {
      const t = this.order[i]!;
      let place = '';
      if (t.kind === 'atLeast' && t.kids.length <= 3 && t !== this.root) {
        parents[t.num]!.sort(byBytes);
        place = parents[t.num]!.join('+');
      }
      t.kids.forEach((kid, j) => {
        let where = t.kind === 'rule' ? `${t.num}/${t.strengths[j]}` : `${t.num}`;
        if (place !== '' && place.length < 200) where = `(${t.need}${others(t, j)}^${place})`;
        parents[kid.num]!.push(where);
      });
    }
    const places: string[][] = this.qs.map(() => []);
    for (const t of this.order) {
      if (t.kind !== 'leaf') continue;
      const q = this.leafQ[t.num]!;
      places[q]!.push(...parents[t.num]!);
      const cands = this.qs[q]!.cands;
      if (cands.length !== 1 || !servedBy(t, cands[0]!)) places[q]!.push(`alone ${q}`);
    }
    this.qs.forEach((sq, q) => {
      sq.sign = places[q]!.sort(byBytes).join(' ');
    });
  }

  look(): number {
    this.budget--;
    for (const t of this.order) {
      if (t.kind === 'leaf') this.lookLeaf(t);
      else if (t.kind === 'atLeast') this.lookAtLeast(t);
      else this.lookRule(t);
    }
    return this.state[this.root.num]!;
  }

  private set(t: Tree, state: number, cost: number, cut: number): void {
    this.state[t.num] = state;
    this.cost[t.num] = cost;
    this.cut[t.num] = cut;
  }

  private lookLeaf(t: Tree): void {
    const q = this.qs[this.leafQ[t.num]!]!;
    if (q.pick >= 0) this.set(t, servedBy(t, q.cands[q.pick]!) ? IS_MET : IS_BROKEN, 0, 0);
    else if (q.cands.some((w, i) => !q.banned[i] && servedBy(t, w))) this.set(t, OPEN, q.cost, 1);
    else this.set(t, IS_BROKEN, 0, 0);
  }

  private lookAtLeast(t: Tree): void {
    let need = t.need;
    const costs: number[] = [];
    const cuts: number[] = [];
    for (const kid of t.kids) {
      if (this.state[kid.num] === IS_MET) need--;
      else if (this.state[kid.num] === OPEN) {
        costs.push(this.cost[kid.num]!);
        cuts.push(this.cut[kid.num]!);
      }
    }
    if (need <= 0) this.set(t, IS_MET, 0, 0);
    else if (need > costs.length) this.set(t, IS_BROKEN, 0, 0);
    else this.set(t, OPEN, sumSmallest(costs, need), sumSmallest(cuts, cuts.length - need + 1));
  }

  private lookRule(t: Tree): void {
    const { have, most } = this.counts(t);
    if (anyHolds(t.clauses, have)) {
      this.set(t, IS_MET, 0, 0);
      return;
    }
    let cost = -1;
    let cut = 0;
    for (const cl of t.clauses) {
      if (!holds(cl, most)) continue;
      const n = this.clauseCost(t, cl, have);
      if (cost < 0 || n < cost) cost = n;
      cut += this.clauseCut(t, cl, have).size;
    }
    if (cost < 0) this.set(t, IS_BROKEN, 0, 0);
    else this.set(t, OPEN, cost, cut);
  }

  private counts(t: Tree): { have: Counts; most: Counts } {
    const have: Counts = [...t.have];
    const most: Counts = [...t.have];
    t.kids.forEach((kid, i) => {
      const s = t.strengths[i]!;
      if (this.state[kid.num] === IS_MET) {
        have[s]!++;
        most[s]!++;
      } else if (this.state[kid.num] === OPEN) most[s]!++;
    });
    return { have, most };
  }

  private clauseCost(t: Tree, cl: Clause, have: Counts): number {
    let total = cl.total - have[0] - have[1] - have[2] - have[3];
    let sum = 0;
    const taken = [0, 0, 0, 0];
    cl.need.forEach((need, s) => {
      if (need <= have[s]!) return;
      taken[s] = need - have[s]!;
      sum += sumSmallest(this.values(t, this.cost, s), taken[s]!);
      total -= taken[s]!;
    });
    if (total <= 0) return sum;
    const rest: number[] = [];
    taken.forEach((n, s) => {
      rest.push(...this.values(t, this.cost, s).sort((a, b) => a - b).slice(n));
    });
    return sum + sumSmallest(rest, total);
  }

  private values(t: Tree, of: number[], strength: number): number[] {
    const out: number[] = [];
    t.kids.forEach((kid, i) => {
      if (this.state[kid.num] === OPEN && (strength === EVERY || t.strengths[i] === strength)) out.push(of[kid.num]!);
    });
    return out;
  }

  private clauseCut(t: Tree, cl: Clause, have: Counts): { strength: number; size: number } {
    let strength = EVERY;
    let size = -1;
    const lacks = (s: number, need: number): void => {
      if (need <= 0) return;
      const cuts = this.values(t, this.cut, s);
      const n = sumSmallest(cuts, cuts.length - need + 1);
      if (size < 0 || n < size) {
        strength = s;
        size = n;
      }
    };
    cl.need.forEach((need, s) => lacks(s, need - have[s]!));
    lacks(EVERY, cl.total - have[0] - have[1] - have[2] - have[3]);
    return { strength, size };
  }

  private leavesToTry(t: Tree, out: Set<Tree>): void {
    if (t.kind === 'leaf') {
      out.add(t);
    } else if (t.kind === 'atLeast') {
      let need = t.need;
      for (const kid of t.kids) if (this.state[kid.num] === IS_MET) need--;
      this.smallestKids(t, need, EVERY, out);
    } else {
      const { have, most } = this.counts(t);
      for (const cl of t.clauses) {
        if (!holds(cl, most)) continue;
        const { strength } = this.clauseCut(t, cl, have);
        const need = strength === EVERY ? cl.total - have[0] - have[1] - have[2] - have[3] : cl.need[strength]! - have[strength]!;
        this.smallestKids(t, need, strength, out);
      }
    }
  }

  private smallestKids(t: Tree, need: number, strength: number, out: Set<Tree>): void {
    const kids = t.kids.filter((kid, i) => this.state[kid.num] === OPEN && (strength === EVERY || t.strengths[i] === strength));
    kids.sort((a, b) => this.cut[a.num]! - this.cut[b.num]!);
    for (const kid of kids.slice(0, kids.length - need + 1)) this.leavesToTry(kid, out);
  }

  within(k: number): boolean {
    if (this.budget <= 0) return false; // or every branch left behind would be looked at once more
    const state = this.look();
    if (state === IS_MET) return true;
    if (state === IS_BROKEN) return false;
    if (Math.floor((this.cost[this.root.num]! + UNIT - 1) / UNIT) > k) return false;
    const leaves = new Set<Tree>();
    this.leavesToTry(this.root, leaves);
    const serves: boolean[][] = this.qs.map(() => []);
    for (const t of leaves) {
      const q = this.leafQ[t.num]!;
      this.qs[q]!.cands.forEach((w, i) => {
        if (servedBy(t, w)) serves[q]![i] = true;
      });
    }
    const before = this.qs.map((sq) => sq.banned);
    const tried = new Set<string>();
    let found = false;
    this.qs.forEach((sq, q) => {
      const answers = sq.cands.map((_, i) => serves[q]![i] === true && !sq.banned[i]);
      found = found || this.tryQuestion(sq, answers, k, tried);
      if (!found) sq.banned = sq.cands.map((_, i) => sq.banned[i] === true || serves[q]![i] === true);
    });
    this.qs.forEach((sq, q) => {
      sq.banned = before[q]!;
    });
    return found;
  }

  private tryQuestion(sq: SeekQuestion, answers: boolean[], k: number, tried: Set<string>): boolean {
    const free = !sq.banned.includes(true);
    if (!answers.includes(true) || (free && sq.sign !== '' && tried.has(sq.sign))) return false;
    for (let i = 0; i < sq.cands.length; i++) {
      if (!answers[i]) continue;
      sq.pick = i;
      if (this.within(k - 1)) return true;
      sq.pick = -1;
    }
    if (free) tried.add(sq.sign);
    return false;
  }

  conflict(): boolean {
    return this.qs.some((sq) => sq.cands.length > 1);
  }

  contested(ignore: (q: number) => boolean): boolean {
    return this.order.some((t) => {
      if (t.kind !== 'leaf' || ignore(t.q)) return false;
      const { cands } = this.qs[this.leafQ[t.num]!]!;
      return cands.length !== 1 || !servedBy(t, cands[0]!);
    });
  }

  refusable(ignore: (q: number) => boolean): boolean {
    for (const [q, want] of this.wants()) {
      if (!ignore(q) && !this.b.prog.questions[q]!.domain.some((w) => none(served(want, w)))) return false;
    }
    return true;
  }

  isMet(): boolean {
    return this.look() === IS_MET;
  }

  isBroken(): boolean {
    return this.look() === IS_BROKEN;
  }

  chosen(): number[] {
    return this.qs.filter((sq) => sq.pick >= 0).map((sq) => sq.q);
  }
}

const byBytes = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function mostNeeded(t: Tree): number {
  let most = 0;
  for (const cl of t.clauses) {
    let n = 0;
    let already = 0;
    cl.need.forEach((need, s) => {
      n += Math.max(0, need - t.have[s]!);
      already += t.have[s]!;
    });
    most = Math.max(most, n, cl.total - already);
  }
  return most;
}

function others(t: Tree, but: number): string {
  return t.kids
    .filter((_, i) => i !== but)
    .map((kid) => kid.num)
    .sort((a, b) => a - b)
    .map((n) => `,${n}`)
    .join('');
}
