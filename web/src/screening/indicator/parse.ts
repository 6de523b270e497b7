/**
 * The expression language: comparison, and, or, not, selected, count,
 * count_selected. The grammar is in screening/indicator/parse.go; a pack that
 * comes from the node has been checked there, so mistakes only throw here.
 */
export type Op = 'and' | 'or' | 'not' | 'name' | 'compare' | 'selected' | 'count_selected' | 'count' | 'constant';

export interface Expr {
  op: Op;
  kids: Expr[];
  name: string;
  cmp: string;
  str: string;
  num: number;
  isNum: boolean;
}

type Token = { kind: 'end' | 'name' | 'number' | 'string' | 'sign'; text: string };

const TOKEN = /[ \t\r\n]*(?:\$\{[ \t]*([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*\}|([A-Za-z_][A-Za-z0-9_.-]*)|(-?[0-9]+(?:\.[0-9]+)?)|'([^']*)'|"([^"]*)"|(!=|<=|>=|[()=<>,]))/y;
const TURNED: Record<string, string> = { '=': '=', '!=': '!=', '<': '>', '<=': '>=', '>': '<', '>=': '<=' };

function tokens(source: string): Token[] {
  const out: Token[] = [];
  TOKEN.lastIndex = 0;
  let at = 0;
  while (source.slice(at).trim() !== '') {
    TOKEN.lastIndex = at;
    const m = TOKEN.exec(source);
    if (!m) throw new Error(`expression: cannot read “${source.slice(at, at + 20)}”`);
    at = TOKEN.lastIndex;
    if (m[1] !== undefined || m[2] !== undefined) out.push({ kind: 'name', text: m[1] ?? m[2] ?? '' });
    else if (m[3] !== undefined) out.push({ kind: 'number', text: m[3] });
    else if (m[4] !== undefined || m[5] !== undefined) out.push({ kind: 'string', text: m[4] ?? m[5] ?? '' });
    else out.push({ kind: 'sign', text: m[6] ?? '' });
  }
  out.push({ kind: 'end', text: '' });
  return out;
}

function make(op: Op, more: Partial<Expr> = {}): Expr {
  return { op, kids: [], name: '', cmp: '', str: '', num: 0, isNum: false, ...more };
}

export function parse(source: string): Expr {
  const list = tokens(source);
  let at = 0;
  const look = (): Token => list[at]!;
  const isSign = (s: string): boolean => look().kind === 'sign' && look().text === s;
  const isWord = (s: string): boolean => look().kind === 'name' && look().text === s;
  const fail = (): never => {
    throw new Error(`expression: did not expect “${look().text}” in ${source}`);
  };
  const want = (s: string): void => {
    if (!isSign(s)) fail();
    at++;
  };
  const take = (kind: Token['kind']): string => {
    if (look().kind !== kind) fail();
    return list[at++]!.text;
  };

  const chain = (word: 'and' | 'or', below: () => Expr): Expr => {
    const first = below();
    if (!isWord(word)) return first;
    const e = make(word, { kids: [first] });
    while (isWord(word)) {
      at++;
      e.kids.push(below());
    }
    return e;
  };
  const or = (): Expr => chain('or', () => chain('and', not));
  const not = (): Expr => {
    if (!isWord('not')) return primary();
    at++;
    return make('not', { kids: [not()] });
  };
  const primary = (): Expr => {
    if (isSign('(')) {
      at++;
      const e = or();
      want(')');
      return e;
    }
    if (isWord('selected')) {
      at++;
      want('(');
      const name = take('name');
      want(',');
      const str = take('string');
      want(')');
      return make('selected', { name, str });
    }
    const left = side();
    if (look().kind === 'sign' && TURNED[look().text] !== undefined) return compare(left);
    return left;
  };
  const side = (): Expr => {
    if (look().kind === 'number') return make('constant', { isNum: true, num: Number(take('number')) });
    if (look().kind === 'string') return make('constant', { str: take('string') });
    if (isWord('count')) {
      at++;
      want('(');
      const e = make('count', { kids: [or()] });
      while (isSign(',')) {
        at++;
        e.kids.push(or());
      }
      want(')');
      return e;
    }
    if (isWord('count_selected')) {
      at++;
      want('(');
      const name = take('name');
      want(')');
      return make('count_selected', { name });
    }
    return make('name', { name: take('name') });
  };
  const compare = (first: Expr): Expr => {
    let cmp = take('sign');
    let left = first;
    let right = side();
    if (left.op === 'constant') {
      [left, right] = [right, left];
      cmp = TURNED[cmp]!;
    }
    if (left.op === 'constant' || right.op !== 'constant') fail();
    return { ...left, op: left.op === 'name' ? 'compare' : left.op, cmp, str: right.str, num: right.num, isNum: right.isNum };
  };

  const e = or();
  if (look().kind !== 'end') fail();
  return e;
}
