import { expect, test } from 'vitest';
import { oneTab } from './tab';

/** The part of Web Locks that a tab uses, for where the tests' own runtime has none: one holder, a queue, abort, steal. */
class Locks {
  private readonly held = new Map<string, { lost: (why: Error) => void }>();
  private readonly waiting = new Map<string, Array<() => void>>();
  request(name: string, options: LockOptions, work: (lock: object) => unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      let ended = false;
      const own = { lost: (why: Error) => ((ended = true), reject(why)) };
      const begin = (): void => {
        if (ended) return this.next(name);
        this.held.set(name, own);
        void Promise.resolve(work({})).then((value) => {
          if (this.held.get(name) !== own) return;
          this.held.delete(name);
          resolve(value);
          this.next(name);
        });
      };
      options.signal?.addEventListener('abort', () => this.held.get(name) !== own && own.lost(new Error('aborted')));
      if (options.steal) this.held.get(name)?.lost(new Error('stolen'));
      if (options.steal || !this.held.has(name)) begin();
      else this.waiting.set(name, [...(this.waiting.get(name) ?? []), begin]);
    });
  }
  private next(name: string): void {
    this.waiting.get(name)?.shift()?.();
  }
}
const locks = new Locks() as unknown as LockManager;
let count = 0;
const name = (): string => `interview-${++count}`;

test('of two tabs one has it, and the other gets it when the first is closed', async () => {
  const one = name();
  const first = oneTab(one, async () => true, () => undefined, locks);
  const second = oneTab(one, async () => true, () => undefined, locks);
  expect(await first.open()).toBe(true);
  expect(await second.open()).toBe(false);
  first.close();
  expect(await second.open()).toBe(true);
  second.close();
});

test('a page that was left keeps the next one waiting for a moment, not away', async () => {
  const one = name();
  let free: () => void = () => undefined;
  void locks.request(one, {}, () => new Promise<void>((done) => (free = done))); // the browser has not freed it yet, and nobody answers
  const next = oneTab(one, async () => true, () => undefined, locks);
  const opening = next.open();
  setTimeout(() => free(), 700);
  expect(await opening).toBe(true);
  next.close();
});

test('asked to let go, the first stores before the second has it', async () => {
  const one = name();
  const told: string[] = [];
  const first = oneTab(one, async () => (told.push('stored'), true), () => told.push('lost'), locks);
  const second = oneTab(one, async () => true, () => undefined, locks);
  await first.open();
  expect(await second.takeOver().then((got) => (told.push('has it'), got))).toBe('mine');
  expect(told).toEqual(['stored', 'lost', 'has it']);
  first.close();
  second.close();
});

test('a tab in which somebody answers alone does not let go', async () => {
  const one = name();
  const lost: string[] = [];
  const first = oneTab(one, async () => false, () => lost.push('first'), locks);
  const second = oneTab(one, async () => true, () => undefined, locks);
  await first.open();
  expect(await second.takeOver()).toBe('busy');
  expect(lost).toEqual([]);
  first.close();
  expect(await second.open(), 'it can be had once the first is gone').toBe(true);
  second.close();
});

test('from a tab that does not answer it is taken, and that tab is told', async () => {
  const one = name();
  const lost: string[] = [];
  const first = oneTab(one, () => new Promise(() => undefined), () => lost.push('first'), locks);
  const second = oneTab(one, async () => true, () => undefined, locks);
  await first.open();
  expect(await second.takeOver()).toBe('mine');
  expect(lost).toEqual(['first']);
  first.close();
  second.close();
});

test('a tab that is closed before its turn comes keeps nothing', async () => {
  const one = name();
  const first = oneTab(one, async () => true, () => undefined, locks);
  const left = oneTab(one, async () => true, () => undefined, locks);
  const third = oneTab(one, async () => true, () => undefined, locks);
  await first.open();
  const opening = left.open();
  left.close();
  first.close();
  expect(await opening).toBe(false);
  expect(await third.open()).toBe(true);
  third.close();
});

test('of an abort that the browser does not hear the second tab is told all the same, and has it when the first is gone', async () => {
  const one = name();
  const deaf = { request: (lock: string, options: LockOptions, work: () => unknown) => locks.request(lock, { steal: options.steal ?? false }, work) } as unknown as LockManager;
  const first = oneTab(one, async () => true, () => undefined, deaf);
  const second = oneTab(one, async () => true, () => undefined, deaf);
  expect(await first.open()).toBe(true);
  expect(await second.open()).toBe(false);
  first.close();
  expect(await second.open()).toBe(true);
  second.close();
});

test('a page that is left and still stores says to nobody that it has it, and lets go once that is stored', async () => {
  const one = name();
  const told: string[] = [];
  let stored: () => void = () => undefined;
  const left = oneTab(one, async () => true, () => undefined, locks);
  await left.open();
  left.close(new Promise<void>((done) => (stored = () => (told.push('stored'), done()))));
  const next = oneTab(one, async () => true, () => undefined, locks);
  const opening = next.open().then((got) => (told.push('has it'), got));
  setTimeout(() => stored(), 700);
  expect(await opening).toBe(true);
  expect(told).toEqual(['stored', 'has it']);
  next.close();
});
