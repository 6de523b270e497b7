import { expect, test } from 'vitest';
import { comparisonNumber, numberRounds, openFromPlace, rawKey, sealForPlace, type Label, type Own } from './away';
import { text, utf8 } from './bytes';

numberRounds.count = 10;

async function place(): Promise<Own> {
  const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
  return { privateKey: pair.privateKey, publicKey: await rawKey(await crypto.subtle.exportKey('jwk', pair.publicKey)) };
}
const label: Label = { mode: 'live', id: 'n', from: 'a', to: 'b' };
const [melati, bayu, node] = [await place(), await place(), await place()];

test('the colleague opens what was sealed for their key, and it says nothing on the way', async () => {
  const sealed = await sealForPlace(melati, bayu.publicKey, label, utf8('the story'));
  expect(text(await openFromPlace(bayu, melati.publicKey, label, sealed))).toBe('the story');
  expect(new TextDecoder('latin1').decode(sealed)).not.toContain('story');
  expect(await sealForPlace(melati, bayu.publicKey, label, utf8('the story'))).not.toEqual(sealed);
});

test('nobody else opens it, not even the sender', async () => {
  const sealed = await sealForPlace(melati, bayu.publicKey, label, utf8('the story'));
  await expect(openFromPlace(node, melati.publicKey, label, sealed)).rejects.toThrow();
  await expect(openFromPlace(melati, melati.publicKey, label, sealed)).rejects.toThrow();
});

test('what the node makes itself in the name of a colleague does not open', async () => {
  const forged = await sealForPlace({ privateKey: node.privateKey, publicKey: melati.publicKey }, bayu.publicKey, label, utf8('another story'));
  await expect(openFromPlace(bayu, melati.publicKey, label, forged)).rejects.toThrow();
});

test('moved to another number, sender, receiver or mode it does not open', async () => {
  const sealed = await sealForPlace(melati, bayu.publicKey, label, utf8('the story'));
  for (const other of [{ id: 'm' }, { from: 'c' }, { to: 'c' }, { mode: 'exercise' }]) await expect(openFromPlace(bayu, melati.publicKey, { ...label, ...other }, sealed), JSON.stringify(other)).rejects.toThrow();
  sealed[70]! ^= 1;
  await expect(openFromPlace(bayu, melati.publicKey, label, sealed)).rejects.toThrow();
});

test('the comparison number is the same for the same key, and another for another key or place', async () => {
  const number = await comparisonNumber('a', melati.publicKey);
  expect(number).toMatch(/^\d{4}( \d{4}){4}$/);
  expect(await comparisonNumber('a', melati.publicKey)).toBe(number);
  expect(await comparisonNumber('a', node.publicKey)).not.toBe(number);
  expect(await comparisonNumber('b', melati.publicKey)).not.toBe(number);
});
