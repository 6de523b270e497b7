import { base64url, concat, fromBase64url, utf8, type Bytes } from './bytes';
import { open, seal } from './seal';

/**
 * Sealing for an officer's place on another device. Two agreements make the
 * key: a fresh pair with the receiver's key, so that each interview has a key
 * of its own, and the sender's key with the receiver's, so that only who
 * holds the sender's key can have made it (the idea of HPKE's mode Auth,
 * RFC 9180). What is said beside it - mode, number, from whom, to whom - is
 * authenticated, so that the node can change none of it unseen.
 *
 * What it does not give: who later gets the receiver's private key and a copy
 * of the sealed bytes opens them. And it is worth what the keys are worth,
 * which the node hands out: officers compare numbers.
 */
export interface Label {
  /** An exercise hands nothing over between devices, and would not open what live work sealed. */
  mode: string;
  id: string;
  from: string;
  to: string;
}

/** This place's own pair. */
export interface Own {
  privateKey: CryptoKey;
  publicKey: string;
}

const curve = { name: 'ECDH', namedCurve: 'P-256' };
const pointLength = 65;

const imported = (raw: Bytes): Promise<CryptoKey> => crypto.subtle.importKey('raw', raw, curve, true, []);

/** A public key as it travels: base64url of the uncompressed point. */
export async function rawKey(jwk: JsonWebKey): Promise<string> {
  const key = await crypto.subtle.importKey('jwk', jwk, curve, true, []);
  return base64url(new Uint8Array(await crypto.subtle.exportKey('raw', key)));
}

/** ECDH with each pair, then HKDF: an agreed point itself is never used as a key. */
async function agreed(pairs: Array<[mine: CryptoKey, theirs: CryptoKey]>, info: string): Promise<CryptoKey> {
  const points = await Promise.all(pairs.map(([mine, theirs]) => crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, mine, 256)));
  const base = await crypto.subtle.importKey('raw', concat(...points.map((one) => new Uint8Array(one))), 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8(info) }, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}

const beside = (label: Label, fresh: Bytes, sender: string, receiver: string): string =>
  JSON.stringify(['lintas officer hand-over between devices 1', label.mode, label.id, label.from, label.to, base64url(fresh), sender, receiver]);

export async function sealForPlace(own: Own, receiver: string, label: Label, plain: Bytes): Promise<Bytes> {
  const pair = await crypto.subtle.generateKey(curve, true, ['deriveBits']);
  const fresh = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const theirs = await imported(fromBase64url(receiver));
  const place = beside(label, fresh, own.publicKey, receiver);
  return concat(fresh, await seal(await agreed([[pair.privateKey, theirs], [own.privateKey, theirs]], place), place, plain));
}

/** Throws when the bytes were not sealed by the sender's key, for this key, under this label. */
export async function openFromPlace(own: Own, sender: string, label: Label, sealed: Bytes): Promise<Bytes> {
  const fresh = sealed.slice(0, pointLength);
  const place = beside(label, fresh, sender, own.publicKey);
  const key = await agreed([[own.privateKey, await imported(fresh)], [own.privateKey, await imported(fromBase64url(sender))]], place);
  return open(key, place, sealed.slice(pointLength));
}

/** Rounds of PBKDF2 behind a comparison number: a moment on a phone, and the cost of each try for who looks for a second key with the same number. */
export const numberRounds = { count: 131_072 };
const digits = 20;

/**
 * The number of a place's key, which two officers read to each other: five
 * groups of four digits, the same on both devices when the key is the same.
 */
export async function comparisonNumber(place: string, publicKey: string): Promise<string> {
  const base = await crypto.subtle.importKey('raw', utf8(publicKey), 'PBKDF2', false, ['deriveBits']);
  const bits = new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: utf8(`lintas place ${place}`), iterations: numberRounds.count }, base, 128));
  const number = bits.reduce((sum, byte) => sum * 256n + BigInt(byte), 0n) % 10n ** BigInt(digits);
  return number.toString().padStart(digits, '0').replace(/(.{4})(?=.)/g, '$1 ');
}
