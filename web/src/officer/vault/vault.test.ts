import 'fake-indexeddb/auto';
import { beforeEach, expect, test } from 'vitest';
import { Database, NotHeld } from './database';
import { allowedTries, Vaults, weakPin, type Vault } from './vault';
import { argonCost } from './secret';

// The tests are about what opens, not about how slow a guess is.
Object.assign(argonCost, { memory: 64, passes: 1 });

let vaults: Vaults;
let count = 0;
beforeEach(async () => {
  vaults = new Vaults(await Database.open(`test-${++count}`));
});

async function unlocked(id: string, pin: string): Promise<Vault> {
  const result = await vaults.unlock(id, pin);
  if (result.kind !== 'open') throw new Error(`the vault is ${result.kind}`);
  return result.vault;
}

test('an officer reads again what they stored, after a new unlock', async () => {
  const vault = await vaults.enrol('p1', 'Melati', 'en', '493817');
  await vault.put('draft', 'a', { name: 'မြ' });
  const again = await unlocked(vault.profile.id, '493817');
  expect(await again.get('draft', 'a')).toEqual({ name: 'မြ' });
});

test('what is stored holds nothing readable', async () => {
  const vault = await vaults.enrol('p1', 'Melati', 'en', '493817');
  await vault.put('draft', 'a', { story: 'the secret story' });
  const [record] = await vaults.database.records(vault.profile.id, 'draft');
  expect(new TextDecoder('latin1').decode(record!.sealed)).not.toContain('secret');
});

test("one officer's key opens nothing of another's, not even when the record is moved", async () => {
  const one = await vaults.enrol('p1', 'Melati', 'en', '493817');
  const two = await vaults.enrol('p2', 'Bayu', 'id', '771204');
  await one.put('draft', 'a', { story: 1 });
  expect(await two.get('draft', 'a')).toBeUndefined();
  expect(await two.all('draft')).toEqual([]);
  const [record] = await vaults.database.records(one.profile.id, 'draft');
  await vaults.database.change([{ ...record!, key: `${two.profile.id}|draft|a`, profile: two.profile.id }]);
  await expect(two.get('draft', 'a')).rejects.toThrow();
});

test('ten wrong PINs wipe that officer and leave the others', async () => {
  const one = await vaults.enrol('p1', 'Melati', 'en', '493817');
  const two = await vaults.enrol('p2', 'Bayu', 'id', '771204');
  await one.put('draft', 'a', 1);
  await two.put('draft', 'b', 2);
  for (let left = allowedTries - 1; left > 0; left--) expect(await vaults.unlock(one.profile.id, '000001')).toEqual({ kind: 'wrong', left });
  expect(await vaults.unlock(one.profile.id, '000001')).toEqual({ kind: 'wiped' });
  expect(await vaults.unlock(one.profile.id, '493817')).toEqual({ kind: 'gone' });
  expect(await vaults.database.records(one.profile.id, 'draft')).toEqual([]);
  expect(await (await unlocked(two.profile.id, '771204')).get('draft', 'b')).toBe(2);
});

test('a right PIN forgets the wrong ones', async () => {
  const one = await vaults.enrol('p1', 'Melati', 'en', '493817');
  await vaults.unlock(one.profile.id, '000001');
  await unlocked(one.profile.id, '493817');
  expect(await vaults.unlock(one.profile.id, '000001')).toEqual({ kind: 'wrong', left: allowedTries - 1 });
});

test('an interview handed over leaves the one and opens only for the other', async () => {
  const one = await vaults.enrol('p1', 'Melati', 'en', '493817');
  const two = await vaults.enrol('p2', 'Bayu', 'id', '771204');
  await one.put('draft', 'a', { asked: ['name'] });
  await one.hold('draft', 'a', 'page');
  await one.handOver(two.profile, 'draft', 'a', { asked: ['name'] }, 'page');
  expect(await one.get('draft', 'a')).toBeUndefined();
  expect(await two.takeHanded()).toBe(1);
  expect(await two.get('draft', 'a')).toEqual({ asked: ['name'] });
  expect(await two.takeHanded()).toBe(0);
});

test('a draft enters the queue and leaves the drafts in one step', async () => {
  const one = await vaults.enrol('p1', 'Melati', 'en', '493817');
  await one.put('draft', 'a', 1);
  await one.move({ kind: 'draft', id: 'a' }, { kind: 'queued', id: 'a', value: 2 });
  expect([await one.count('draft'), await one.get('queued', 'a')]).toEqual([0, 2]);
});

test('leaving asks the PIN, counts wrong ones with those of the lock, and the tenth erases', async () => {
  const one = await vaults.enrol('p1', 'Melati', 'en', '493817');
  expect(await vaults.leave(one.profile.id, '000001')).toEqual({ kind: 'wrong', left: allowedTries - 1 });
  expect(await vaults.unlock(one.profile.id, '000001')).toEqual({ kind: 'wrong', left: allowedTries - 2 });
  expect(await vaults.addPasskey(one.profile.id, '000001')).toEqual({ kind: 'wrong', left: allowedTries - 3 });
  for (let left = allowedTries - 4; left > 0; left--) expect(await vaults.leave(one.profile.id, '000001')).toEqual({ kind: 'wrong', left });
  expect(await vaults.leave(one.profile.id, '000001')).toEqual({ kind: 'wiped' });
  expect(await vaults.database.profiles()).toEqual([]);
});

test('who leaves with the right PIN takes their place and nobody else', async () => {
  const one = await vaults.enrol('p1', 'Melati', 'en', '493817');
  const two = await vaults.enrol('p2', 'Bayu', 'id', '771204');
  await one.put('draft', 'a', 1);
  expect(await vaults.leave(one.profile.id, '493817')).toEqual({ kind: 'left' });
  expect((await vaults.database.profiles()).map((profile) => profile.id)).toEqual([two.profile.id]);
  expect(await vaults.database.records(one.profile.id, 'draft')).toEqual([]);
});

test('only the page that holds a draft stores it, and one that has left does not come back', async () => {
  const vault = await vaults.enrol('p1', 'Melati', 'en', '493817');
  await vault.put('draft', 'a', { answers: 1 });
  expect(await vault.hold('draft', 'a', 'one tab')).toEqual({ answers: 1 });
  await vault.putHeld('draft', 'a', { answers: 2 }, 'one tab');
  expect(await vault.hold('draft', 'a', 'other tab')).toEqual({ answers: 2 });
  await expect(vault.putHeld('draft', 'a', { answers: 'stale' }, 'one tab')).rejects.toThrow(NotHeld);
  await vault.moveHeld({ kind: 'draft', id: 'a' }, [{ kind: 'queued', id: 'a', value: 3 }], 'other tab');
  await expect(vault.putHeld('draft', 'a', { answers: 'back from the dead' }, 'other tab')).rejects.toThrow(NotHeld);
  expect([await vault.get('draft', 'a'), await vault.get('queued', 'a'), await vault.hold('draft', 'a', 'x')]).toEqual([undefined, 3, undefined]);
});

test('PINs that everybody tries first are refused', () => {
  for (const pin of ['12345', '111111', '123456', '987654', '121212', '123123']) expect(weakPin(pin), pin).toBe(true);
  for (const pin of ['493817', 'blue boat seven']) expect(weakPin(pin), pin).toBe(false);
});
