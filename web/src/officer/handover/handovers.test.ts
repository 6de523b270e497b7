import 'fake-indexeddb/auto';
import { beforeEach, expect, test } from 'vitest';
import { Problem } from '@/api/client';
import type { Interview } from '../interview';
import { Database } from '../vault/database';
import { argonCost } from '../vault/secret';
import { Vaults, type Vault } from '../vault/vault';
import { Handovers, TooLarge, largest, meaning } from './handovers';
import type { Courier, Handover, Place } from './transport';

Object.assign(argonCost, { memory: 64, passes: 1 });

/**
 * The node's rules (screening/handover.go) in memory, so that every call can
 * be cut before it arrives or after it has worked. The real node is met in
 * e2e/officer/handover.test.ts.
 */
class SmallNode {
  readonly places = new Map<string, Place>();
  readonly rows = new Map<string, Handover & { sealed?: Uint8Array<ArrayBuffer> }>();
  now = Date.parse('2026-11-29T08:00:00Z');
  ended = new Set<string>();
  /** How many calls still work; then one is cut, before or after its effect. */
  cut = { in: Infinity, after: false };

  courier(person: string): Courier {
    const call = async <T>(work: () => T): Promise<T> => {
      const cutNow = this.cut.in-- === 0;
      if (cutNow && !this.cut.after) throw unreachable();
      const result = work();
      if (cutNow) throw unreachable();
      return structuredClone(result);
    };
    const own = (id: string): Handover & { sealed?: Uint8Array<ArrayBuffer> } => {
      const row = this.rows.get(id);
      if (!row || (row.from.person !== person && row.to?.person !== person)) throw refusal(404, 'screening.handover-unknown');
      if (row.state === 'waiting' && Date.parse(row.ends_at) <= this.now) this.settle(row, 'expired');
      if (row.state === 'waiting' && this.ended.has(row.to.id)) this.settle(row, 'unreachable');
      return row;
    };
    const ownPlace = (id: string): Place => {
      const place = this.places.get(id);
      if (!place || place.person !== person) throw refusal(403, 'screening.place-not-yours');
      return place;
    };
    const end = (id: string, state: Handover['state']): Handover => this.settle(own(id), state);
    return {
      publish: (id, _token, key) => call(() => void (this.places.has(id) || this.places.set(id, { id, person, name: person, device: `phone of ${person}`, public_key: key, seen_at: '' }))),
      leave: () => call(() => undefined),
      places: () => call(() => [...this.places.values()]),
      waiting: (place) => call(() => [...this.rows.values()].filter((row) => row.to?.id === place && row.state === 'waiting' && Date.parse(row.ends_at) > this.now)),
      hand: (id, from, to, sealed) =>
        call(() => {
          const sender = ownPlace(from);
          if (this.rows.has(id)) return own(id);
          if (this.ended.has(to)) throw refusal(410, 'screening.handover-to');
          this.rows.set(id, { id, from: sender, to: this.places.get(to)!, state: 'waiting', made_at: this.time(), ends_at: this.time(72), size: sealed.length, sealed });
          return own(id);
        }),
      state: (id) => call(() => own(id)),
      sealed: (id) =>
        call(() => {
          const { sealed } = own(id);
          if (!sealed) throw refusal(410, 'screening.handover-ended');
          return sealed;
        }),
      take: (id) => call(() => end(id, 'taken')),
      refuse: (id) => call(() => end(id, 'refused')),
      withdraw: (id, from) =>
        call(() => {
          const sender = ownPlace(from);
          if (!this.rows.has(id)) this.rows.set(id, { id, from: sender, to: sender, state: 'withdrawn', made_at: this.time(), ends_at: this.time(), size: 0 });
          return end(id, 'withdrawn');
        }),
    };
  }
  private time = (hours = 0): string => new Date(this.now + hours * 3_600_000).toISOString();
  private settle<T extends Handover & { sealed?: unknown }>(row: T, state: Handover['state']): T {
    if (row.state === 'waiting') Object.assign(row, { state, settled_at: this.time(), sealed: undefined });
    return row;
  }
}
const unreachable = (): Problem => new Problem({ title: '', status: 0, code: 'web.unreachable' });
const refusal = (status: number, code: string): Problem => new Problem({ title: '', status, code });

/** A phone whose battery can go at any write to its store, before or after it. */
class Phone {
  died = false;
  kill = { in: Infinity, after: false };
  signedIn = true;
  vault!: Vault;
  handovers!: Handovers;
  private constructor(
    private readonly node: SmallNode,
    private readonly person: string,
    private readonly store: string,
  ) {}

  static async start(node: SmallNode, person: string, store: string): Promise<Phone> {
    const phone = new Phone(node, person, store);
    const vault = await new Vaults(await Database.open(store)).enrol(person, person, 'en', '493817');
    await phone.open(vault);
    return phone;
  }
  private async open(vault: Vault): Promise<void> {
    const database = await Database.open(this.store);
    for (const name of ['change', 'changeHeld', 'hold'] as const) {
      const real = database[name].bind(database) as (...args: unknown[]) => Promise<unknown>;
      Object.assign(database, {
        [name]: async (...args: unknown[]) => {
          const now = this.kill.in-- === 0;
          if (this.died || (now && !this.kill.after)) throw this.end();
          const result = await real(...args);
          if (now) throw this.end();
          return result;
        },
      });
    }
    Object.assign(vault, { database });
    this.vault = vault;
    this.handovers = new Handovers(vault, this.node.courier(this.person), 'live', async () => this.signedIn, async () => 'token', undefined, () => new Date(this.node.now));
    this.died = false;
  }
  private end(): Error {
    this.died = true;
    return new Error('the battery went');
  }
  /** As when the app is opened again after whatever happened. */
  async again(): Promise<void> {
    if (this.died) await this.open(this.vault);
  }
  async has(kind: string): Promise<number> {
    return (await this.vault.all<unknown>(kind)).length;
  }
  /** Takes whatever is offered. */
  async takeAll(): Promise<void> {
    for (const offer of await this.handovers.offered()) await this.handovers.take(offer, await this.handovers.look(offer));
  }
  async refuseAll(): Promise<void> {
    for (const offer of await this.handovers.offered()) await this.handovers.refuse(offer);
  }
}

const interview = (): Interview => ({
  id: 'interview-1', instrument: { id: 'i', form_id: 'f', title: 'Arrival', version: '1', languages: [], default_language: 'en', state: 'open', questions: 1, xform_url: '/api/screening/instruments/i/versions/1/xform', media: [] },
  startedAt: '2026-11-29T07:00:00Z', changedAt: '2026-11-29T07:30:00Z', language: 'my', before: { private: true, urgent: { hurt: 'no' }, consent: { answer: 'yes', language: 'my', at: '2026-11-29T07:01:00Z', spoken: 'voice' } },
  stage: 'questions', xml: '<data><name>မြ</name></data>', files: [], at: '/data/age', noValue: {}, alone: [], handovers: [], note: '',
});

let node: SmallNode;
let melati: Phone;
let bayu: Phone;
let count = 0;

async function world(): Promise<void> {
  node = new SmallNode();
  melati = await Phone.start(node, 'melati', `handover-${++count}-a`);
  bayu = await Phone.start(node, 'bayu', `handover-${count}-b`);
  await bayu.handovers.run();
  await melati.handovers.run();
  await melati.handovers.renewColleagues();
  await melati.vault.put('draft', 'interview-1', interview());
}
beforeEach(world);

async function give(): Promise<void> {
  const [to] = await melati.handovers.colleagues();
  await melati.vault.hold('draft', 'interview-1', 'page');
  await melati.handovers.give(interview(), to!, { note: 'wants a woman to ask', asked: 1 }, 'page');
}

/** What must hold at every moment: it is somewhere, and nobody can work on it in two places. */
async function check(when: string): Promise<void> {
  const workable = (await melati.has('draft')) + (await bayu.has('draft'));
  const copies = workable + (await melati.has('handing')) + (await bayu.has('arriving'));
  expect(workable, `${when}: in two hands`).toBeLessThanOrEqual(1);
  expect(copies, `${when}: lost`).toBeGreaterThanOrEqual(1);
}

test('handed over and taken: the colleague has it whole, with consent, note and who it comes from; the sender has a receipt without the story', async () => {
  await give();
  expect([await melati.has('draft'), await melati.has('handing')]).toEqual([0, 1]);
  expect(await melati.handovers.run()).toBe('ok');
  expect(JSON.stringify([...node.rows.values()].map(({ sealed: _, ...row }) => row))).not.toContain('Arrival');
  const [offer] = await bayu.handovers.offered();
  const seen = await bayu.handovers.look(offer!);
  expect(await bayu.has('draft')).toBe(0);
  expect(await bayu.handovers.take(offer!, seen)).toBe('taken');
  expect(await bayu.vault.get<Interview>('draft', 'interview-1')).toMatchObject({ xml: '<data><name>မြ</name></data>', before: { consent: { answer: 'yes', at: '2026-11-29T07:01:00Z' } }, handovers: [{ from: 'melati', to: 'bayu', note: 'wants a woman to ask', asked: 1 }] });
  expect(await melati.has('handing'), 'the sender has not heard yet').toBe(1);
  await melati.handovers.run();
  expect([await melati.has('draft'), await melati.has('handing')]).toEqual([0, 0]);
  const [receipt] = await melati.handovers.receipts();
  expect(receipt).toMatchObject({ title: 'Arrival', to: 'bayu' });
  expect(JSON.stringify(receipt)).not.toContain('<data');
});

test('given without a network it waits here, says why, and what never left is a draft again at once', async () => {
  await give();
  node.cut.in = 0;
  expect(await melati.handovers.run()).toBe('offline');
  expect((await melati.handovers.handing())[0]).toMatchObject({ tried: false, last: { said: 'offline' } });
  node.cut.in = 0;
  await melati.handovers.takeBack('interview-1');
  expect([await melati.has('draft'), await melati.has('handing')]).toEqual([1, 0]);
});

test('what may have left comes back only on the word of the node', async () => {
  await give();
  node.cut = { in: 1, after: true }; // it arrived, and the answer was lost
  expect(await melati.handovers.run()).toBe('offline');
  node.cut = { in: 0, after: false };
  expect(await melati.handovers.takeBack('interview-1')).toBe('offline');
  expect([await melati.has('draft'), await melati.has('handing')]).toEqual([0, 1]);
  await bayu.takeAll();
  await melati.handovers.run();
  expect([await melati.has('draft'), await melati.has('handing'), await bayu.has('draft')]).toEqual([0, 0, 1]);
});

const endings: Array<[why: string, act: () => Promise<void>]> = [
  ['refused', () => bayu.refuseAll()],
  ['expired', async () => void (node.now += 72 * 3_600_000)],
  ['unreachable', async () => void node.ended.add(bayu.vault.profile.id)],
];
test.each(endings)('%s: it is the sender\'s draft again, as it was, with the reason', async (why, act) => {
  await give();
  await melati.handovers.run();
  await act();
  await melati.handovers.run();
  expect(await melati.vault.get('draft', 'interview-1')).toEqual({ ...interview(), returned: { at: expect.any(String), to: 'bayu', device: 'phone of bayu', why } });
  await bayu.handovers.run();
  expect(await bayu.handovers.offered()).toEqual([]);
});

test('for a place that is gone before it leaves it is a draft again', async () => {
  await give();
  node.ended.add(bayu.vault.profile.id);
  await melati.handovers.run();
  expect(await melati.vault.get('draft', 'interview-1')).toMatchObject({ returned: { why: 'unreachable' } });
});

test("while another officer of the device is signed in nothing moves, and the node's refusal of that officer gives nothing back", async () => {
  await give();
  await melati.handovers.run();
  await bayu.takeAll();
  melati.signedIn = false;
  expect(await melati.handovers.run()).toBe('sign-in');
  // The other one signs in between the question and the call: their session gets "unknown" and "not yours".
  const stranger = new Handovers(melati.vault, node.courier('stranger'), 'live', async (anew) => !anew, async () => 'token', undefined);
  expect(await stranger.run()).toBe('sign-in');
  expect([await melati.has('draft'), await melati.has('handing')]).toEqual([0, 1]);
  const other = new Handovers(bayu.vault, node.courier('stranger'), 'live', async () => true, async () => undefined, undefined);
  await bayu.vault.put('arriving', 'n', { number: 'n', from: {}, interview: interview() });
  expect(await other.run()).toBe('sign-in');
  expect(await bayu.has('arriving'), 'a copy that may be the only one').toBe(1);
});

test('a node that was set back to an older copy makes no second one', async () => {
  await give();
  await melati.handovers.run();
  const before = structuredClone([...node.rows]);
  await bayu.takeAll();
  await melati.handovers.run();
  node.rows.clear();
  for (const [id, row] of before) node.rows.set(id, row);
  await bayu.vault.moveHeld({ kind: 'draft', id: 'interview-1' }, [{ kind: 'queued', id: 'interview-1', value: 1 }], ((await bayu.vault.hold('draft', 'interview-1', 'page')), 'page'));
  expect(await bayu.handovers.offered()).toEqual([]);
  expect([await bayu.has('draft'), [...node.rows.values()][0]!.state]).toEqual([0, 'taken']);
});

test('handed back and forth it is the same interview, once', async () => {
  await give();
  await melati.handovers.run();
  await bayu.takeAll();
  await bayu.handovers.renewColleagues();
  const theirs = (await bayu.vault.hold<Interview>('draft', 'interview-1', 'page'))!;
  await bayu.handovers.give(theirs, (await bayu.handovers.colleagues())[0]!, { note: '', asked: 2 }, 'page');
  await bayu.handovers.run();
  await melati.takeAll(); // melati has not heard yet that the first one was taken
  await check('back again');
  await bayu.handovers.run();
  expect([await melati.has('draft'), await melati.has('handing'), await bayu.has('draft'), await bayu.has('handing')]).toEqual([1, 0, 0, 0]);
  expect((await melati.vault.get<Interview>('draft', 'interview-1'))!.handovers.map((one) => one.to)).toEqual(['bayu', 'melati']);
});

test('one that is too large stays a draft', async () => {
  const [to] = await melati.handovers.colleagues();
  await melati.vault.hold('draft', 'interview-1', 'page');
  const large = { ...interview(), files: [{ name: 'p.jpg', type: 'image/jpeg', base64: 'A'.repeat(largest) }] };
  await expect(melati.handovers.give(large, to!, { note: '', asked: 1 }, 'page')).rejects.toThrow(TooLarge);
  expect([await melati.has('draft'), await melati.has('handing')]).toEqual([1, 0]);
});

test('a number that was compared holds for that key only', async () => {
  const [to] = await melati.handovers.colleagues();
  expect(await melati.handovers.compared(to!)).toBeNull();
  await melati.handovers.setCompared(to!);
  expect(await melati.handovers.compared(to!)).toBe('2026-11-29T08:00:00.000Z');
  expect(await melati.handovers.compared({ ...to!, public_key: 'another' })).toBeNull();
});

test('files of an interview come from the node alone', async () => {
  const [to] = await melati.handovers.colleagues();
  await melati.vault.hold('draft', 'interview-1', 'page');
  const odd = interview();
  odd.instrument.xform_url = 'https://elsewhere.example/form';
  await melati.handovers.give(odd, to!, { note: '', asked: 1 }, 'page');
  await melati.handovers.run();
  const [offer] = await bayu.handovers.offered();
  await expect(bayu.handovers.look(offer!)).rejects.toThrow();
});

test('what a failed call means', () => {
  expect([unreachable(), refusal(401, 'x'), refusal(503, 'x'), refusal(429, 'x'), refusal(200, 'web.http'), refusal(404, 'web.http'), refusal(410, 'x'), new SyntaxError()].map(meaning)).toEqual(['offline', 'sign-in', 'busy', 'busy', 'not-the-node', 'not-the-node', 'no', 'not-the-node']);
});

/** The whole of a hand-over, both phones, with each of the endings. */
const stories: Record<string, Array<() => Promise<unknown>>> = {
  taken: [give, () => melati.handovers.run(), () => bayu.takeAll(), () => melati.handovers.run()],
  refused: [give, () => melati.handovers.run(), () => bayu.refuseAll(), () => melati.handovers.run()],
  'taken back': [give, () => melati.handovers.run(), () => melati.handovers.takeBack('interview-1'), () => bayu.takeAll()],
  'taken while it is taken back': [give, () => melati.handovers.run(), () => bayu.takeAll(), () => melati.handovers.takeBack('interview-1')],
  expired: [give, () => melati.handovers.run(), async () => void (node.now += 73 * 3_600_000), () => bayu.takeAll(), () => melati.handovers.run()],
};
async function tell(story: Array<() => Promise<unknown>>, name: string): Promise<void> {
  for (const [at, step] of story.entries()) {
    await step().catch(() => undefined);
    await melati.again();
    await bayu.again();
    await check(`${name}, after step ${at + 1}`);
  }
}
/** Both phones have a network and time. */
async function settle(name: string): Promise<void> {
  node.cut.in = melati.kill.in = bayu.kill.in = Infinity;
  for (let round = 0; round < 3; round++) await tell([() => melati.handovers.run(), () => bayu.handovers.run(), () => bayu.takeAll(), () => melati.handovers.run()], `${name}, settling`);
  const drafts = (await melati.has('draft')) + (await bayu.has('draft'));
  expect([drafts, await melati.has('handing'), await bayu.has('arriving')], `${name}: not in one hand at the end`).toEqual([1, 0, 0]);
}

/** Hundreds of hand-overs: not measured, only given time. */
const patient = 180_000;

test.each(Object.keys(stories))('%s: cut at every call, before it arrives or after, it is never lost and never in two hands', async (name) => {
  for (const after of [false, true]) {
    for (let call = 0; ; call++) {
      await world();
      node.cut = { in: call, after };
      const where = `${name}, call ${call} cut ${after ? 'after' : 'before'} its effect`;
      await tell(stories[name]!, where);
      const done = node.cut.in >= 0;
      await settle(where);
      if (done) break;
    }
  }
}, patient);

test.each(Object.keys(stories))('%s: the battery of either phone goes at any write, before or after, it is never lost and never in two hands', async (name) => {
  for (const who of ['melati', 'bayu']) {
    for (const after of [false, true]) {
      for (let write = 0; ; write++) {
        await world();
        const phone = who === 'melati' ? melati : bayu;
        phone.kill = { in: write, after };
        const where = `${name}, ${who}'s write ${write} killed ${after ? 'after' : 'before'}`;
        await tell(stories[name]!, where);
        const done = phone.kill.in >= 0;
        await settle(where);
        if (done) break;
      }
    }
  }
}, patient);
