import 'fake-indexeddb/auto';
import { beforeEach, expect, test } from 'vitest';
import type { Queued } from '../interview';
import { Database } from '../vault/database';
import { argonCost } from '../vault/secret';
import { Vaults, type Vault } from '../vault/vault';
import { messageOf, refusalOf } from './live';
import { Queue } from './queue';
import type { Outcome, Parcel } from './transport';

Object.assign(argonCost, { memory: 64, passes: 1 });

let vault: Vault;
let count = 0;
const texts: string[] = [];
beforeEach(async () => {
  vault = await new Vaults(await Database.open(`queue-${++count}`)).enrol('p', 'Melati', 'en', '493817');
  texts.length = 0;
  hindrance = null;
});

const item = (id: string, finishedAt = `2026-01-0${id}T00:00:00Z`): Queued => ({ id, instanceId: `uuid:${id}`, title: 'Arrival', finishedAt, xml: `<data id="${id}">မြ</data>`, sha256: 'x', files: [], state: 'waiting', tries: [] });

function queue(...outcomes: Outcome[]): Queue {
  return new Queue(
    vault,
    {
      send: (parcel: Parcel) => {
        texts.push(new TextDecoder().decode(parcel.xml));
        return Promise.resolve(outcomes.shift() ?? { kind: 'taken', status: 201 });
      },
    },
    () => Promise.resolve(hindrance),
    undefined,
    () => new Date('2026-02-01T14:02:00Z'),
  );
}
let hindrance: Outcome | null = null; // as when somebody else is signed in

test('what the node has taken leaves the device, and only a receipt without the story stays', async () => {
  await vault.put('queued', '1', item('1'));
  const q = queue();
  expect(await q.run()).toMatchObject({ sent: 1, waiting: 0, reason: 'ok' });
  expect(await q.waiting()).toEqual([]);
  const [receipt] = await q.sent();
  expect(receipt).toMatchObject({ instanceId: 'uuid:1', status: 201 });
  expect(JSON.stringify(receipt)).not.toContain('<data');
});

test("what one officer finished is not sent in the name of the other who is signed in on the device's browser", async () => {
  await vault.put('queued', '1', item('1'));
  await vault.put('queued', '2', item('2'));
  const q = queue();
  hindrance = { kind: 'sign-in', status: 401 };
  expect(await q.run()).toMatchObject({ sent: 0, waiting: 2, reason: 'sign-in' });
  expect(texts).toEqual([]);
  expect((await q.waiting())[0]).toMatchObject({ state: 'sign-in' });
  hindrance = null;
  expect(await q.run()).toMatchObject({ sent: 2, waiting: 0, reason: 'ok' });
});

test('without a network it waits, says since when and why, and sends the same bytes later', async () => {
  await vault.put('queued', '1', item('1'));
  await vault.put('queued', '2', item('2'));
  const q = queue({ kind: 'again', reason: 'offline', status: 0 });
  expect(await q.run()).toMatchObject({ sent: 0, waiting: 2, reason: 'offline', at: '2026-02-01T14:02:00.000Z' });
  expect((await q.waiting())[0]!.tries).toEqual([{ at: '2026-02-01T14:02:00.000Z', said: 'offline', status: 0 }]);
  expect(await q.run()).toMatchObject({ sent: 2, waiting: 0 });
  expect(texts[1]).toBe(texts[0]);
});

test('a refused interview stays, keeps what the node said, and lets the others through', async () => {
  await vault.put('queued', '1', item('1'));
  await vault.put('queued', '2', item('2'));
  const q = queue({ kind: 'refused', status: 409, message: 'Another interview has this id.' });
  expect(await q.run()).toMatchObject({ sent: 1, waiting: 1, reason: 'refused' });
  expect((await q.waiting())[0]).toMatchObject({ id: '1', state: 'refused', tries: [{ said: 'Another interview has this id.', status: 409 }] });
  await q.run();
  expect(texts).toHaveLength(2);
  await q.run('all');
  expect(texts).toHaveLength(3);
});

test('two runs at once send each interview once', async () => {
  await vault.put('queued', '1', item('1'));
  const q = queue();
  await Promise.all([q.run(), q.run()]);
  expect(texts).toHaveLength(1);
});

test("the node's sentence is read out of its XML", () => {
  expect(messageOf('<OpenRosaResponse><message nature="error">A &lt; B &amp; C</message></OpenRosaResponse>')).toBe('A < B & C');
  expect(messageOf('<html>portal</html>')).toBe('');
});

test('a refusal with a code is kept whole, so that it can be said in another language later', async () => {
  const body = { title: 'Conflict', status: 409, code: 'screening.refused-closed', detail: 'This form is closed.' };
  expect(refusalOf(JSON.stringify(body))).toEqual({ message: 'This form is closed.', problem: body });
  expect(refusalOf('{"portal": true}')).toEqual({ message: '' });
  await vault.put('queued', '1', item('1'));
  const q = queue({ kind: 'refused', status: 409, message: 'This form is closed.', problem: body });
  await q.run();
  expect((await q.waiting())[0]).toMatchObject({ state: 'refused', tries: [{ said: 'This form is closed.', problem: body }] });
});
