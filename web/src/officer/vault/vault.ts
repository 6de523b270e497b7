import { base64url, fromBase64url, newId, random, utf8, type Bytes } from './bytes';
import { Database, type Profile, type SealedRecord } from './database';
import { open, openJson, seal, sealJson } from './seal';
import { argonCost, askPasskey, keyFromPasskey, keyFromPin, makePasskey, newDeviceSecret } from './secret';

/** Wrong tries after which an officer's records on this device are gone. */
export const allowedTries = 10;
export const shortestPin = 6;

export type Unlocking = { kind: 'open'; vault: Vault } | { kind: 'wrong'; left: number } | { kind: 'wiped' } | { kind: 'gone' };

/** A PIN that half the world would try first protects nothing. */
export function weakPin(pin: string): boolean {
  if (pin.length < shortestPin) return true;
  if (/^(.)\1+$/.test(pin)) return true;
  const steps = new Set([...pin].slice(1).map((char, at) => char.charCodeAt(0) - pin.charCodeAt(at)));
  if (steps.size === 1 && Math.abs([...steps][0] ?? 9) === 1) return true;
  return /^(\d\d|\d\d\d)\1+$/.test(pin) || ['123123', '121212', '112233'].includes(pin);
}

const wrapPlace = (profile: string, how: string): string => `key|${profile}|${how}`;
const recordKey = (profile: string, kind: string, id: string): string => `${profile}|${kind}|${id}`;

/** The officers of this device. Works on the database alone; nothing here can read a record. */
export class Vaults {
  constructor(readonly database: Database) {}

  private async deviceSecret(): Promise<CryptoKey> {
    const kept = await this.database.device<CryptoKey>('secret');
    if (kept) return kept;
    const made = await newDeviceSecret();
    await this.database.setDevice('secret', made);
    return made;
  }

  /** Makes a place for an officer; `person` is their id at the node. */
  async enrol(person: string, label: string, locale: string, pin: string): Promise<Vault> {
    const id = newId();
    const secret = random(32);
    const salt = random(16);
    const wrapping = await keyFromPin(pin, salt, await this.deviceSecret());
    const key = await dataKey(secret);
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const profile: Profile = {
      id,
      person,
      label,
      locale,
      tries: 0,
      pin: { salt, wrapped: await seal(wrapping, wrapPlace(id, 'pin'), secret), cost: argonCost },
      publicKey: await crypto.subtle.exportKey('jwk', pair.publicKey),
      privateKey: await seal(key, wrapPlace(id, 'private'), new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey))),
    };
    await this.database.putProfile(profile);
    return new Vault(this.database, profile, key);
  }

  async unlock(id: string, pin: string): Promise<Unlocking> {
    const tries = await this.database.countTry(id);
    const profile = await this.database.profile(id);
    if (!profile) return { kind: 'gone' };
    if (tries > allowedTries) {
      await this.database.removeProfile(id);
      return { kind: 'wiped' };
    }
    const wrapping = await keyFromPin(pin, profile.pin.salt, await this.deviceSecret(), profile.pin.cost);
    let secret: Bytes;
    try {
      secret = await open(wrapping, wrapPlace(id, 'pin'), profile.pin.wrapped);
    } catch {
      if (tries < allowedTries) return { kind: 'wrong', left: allowedTries - tries };
      await this.database.removeProfile(id);
      return { kind: 'wiped' };
    }
    return { kind: 'open', vault: await this.opened(profile, secret) };
  }

  async unlockWithPasskey(id: string): Promise<Unlocking> {
    const profile = await this.database.profile(id);
    if (!profile?.passkey) return { kind: 'gone' };
    const prf = await askPasskey(profile.passkey.credential, profile.passkey.input);
    if (!prf) return { kind: 'wrong', left: allowedTries - profile.tries };
    const wrapping = await keyFromPasskey(prf, profile.passkey.salt);
    const secret = await open(wrapping, wrapPlace(id, 'passkey'), profile.passkey.wrapped);
    return { kind: 'open', vault: await this.opened(profile, secret) };
  }

  /** The data key's bytes, for the moment in which a second way in is made. */
  private async secretByPin(profile: Profile, pin: string): Promise<Bytes | null> {
    const wrapping = await keyFromPin(pin, profile.pin.salt, await this.deviceSecret(), profile.pin.cost);
    return open(wrapping, wrapPlace(profile.id, 'pin'), profile.pin.wrapped).catch(() => null);
  }

  /** Adds a passkey as a second way in. The PIN is asked again: a passer-by at an open phone must not add their own. */
  async addPasskey(id: string, pin: string): Promise<'added' | 'no-secret' | 'wrong-pin'> {
    const profile = await this.database.profile(id);
    const secret = profile ? await this.secretByPin(profile, pin) : null;
    if (!profile || !secret) return 'wrong-pin';
    const input = random(32);
    const made = await makePasskey(profile.label, input);
    if (!made) return 'no-secret';
    const salt = random(16);
    const wrapping = await keyFromPasskey(made.prf, salt);
    await this.database.putProfile({ ...profile, passkey: { credential: made.credential, input, salt, wrapped: await seal(wrapping, wrapPlace(id, 'passkey'), secret) } });
    return 'added';
  }

  private async opened(profile: Profile, secret: Bytes): Promise<Vault> {
    const fresh = { ...profile, tries: 0 };
    await this.database.putProfile(fresh);
    return new Vault(this.database, fresh, await dataKey(secret));
  }
}

const dataKey = (secret: Bytes): Promise<CryptoKey> => crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt', 'decrypt']);

/** An unlocked officer's records. Dropping the object is the lock: the key lives nowhere else. */
export class Vault {
  constructor(
    private readonly database: Database,
    readonly profile: Profile,
    private readonly key: CryptoKey,
  ) {}

  private place(kind: string, id: string): string {
    return recordKey(this.profile.id, kind, id);
  }
  async sealed(kind: string, id: string, value: unknown): Promise<SealedRecord> {
    return { key: this.place(kind, id), profile: this.profile.id, kind, id, sealed: await sealJson(this.key, this.place(kind, id), value) };
  }
  async put(kind: string, id: string, value: unknown): Promise<void> {
    await this.database.change([await this.sealed(kind, id, value)]);
  }
  async get<T>(kind: string, id: string): Promise<T | undefined> {
    const record = await this.database.record(this.place(kind, id));
    return record ? openJson<T>(this.key, record.key, record.sealed) : undefined;
  }
  async all<T>(kind: string): Promise<T[]> {
    const records = await this.database.records(this.profile.id, kind);
    return Promise.all(records.map((record) => openJson<T>(this.key, record.key, record.sealed)));
  }
  async count(kind: string): Promise<number> {
    return (await this.database.records(this.profile.id, kind)).length;
  }
  async remove(kind: string, id: string): Promise<void> {
    await this.database.change([], [this.place(kind, id)]);
  }
  /** One value out of one kind and into another, both or neither. */
  async move(from: { kind: string; id: string }, to: { kind: string; id: string; value: unknown }): Promise<void> {
    await this.database.change([await this.sealed(to.kind, to.id, to.value)], [this.place(from.kind, from.id)]);
  }

  /**
   * Seals an interview for a colleague on this device: a key agreed between a
   * fresh pair and the colleague's public key (ECDH P-256, HKDF, AES-GCM),
   * so that only they open it, when they next unlock.
   */
  async handOver(to: Profile, kind: string, id: string, value: unknown): Promise<void> {
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const theirs = await crypto.subtle.importKey('jwk', to.publicKey, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
    const shared = await agreed(pair.privateKey, theirs);
    const own = base64url(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
    const place = recordKey(to.id, 'handed', id);
    const inner = await sealJson(shared, `${place}|${own}`, { kind, id, value });
    const record: SealedRecord = { key: place, profile: to.id, kind: 'handed', id, sealed: utf8(JSON.stringify({ own, inner: base64url(inner) })) };
    await this.database.change([record], [this.place(kind, id)]);
  }

  /** Takes what colleagues handed over: each is opened, sealed under the own key and filed under its kind. */
  async takeHanded(): Promise<number> {
    const records = await this.database.records(this.profile.id, 'handed');
    if (records.length === 0) return 0;
    const privateBytes = await open(this.key, wrapPlace(this.profile.id, 'private'), this.profile.privateKey);
    const mine = await crypto.subtle.importKey('pkcs8', privateBytes, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
    for (const record of records) {
      const { own, inner } = JSON.parse(new TextDecoder().decode(record.sealed)) as { own: string; inner: string };
      const theirs = await crypto.subtle.importKey('raw', fromBase64url(own), { name: 'ECDH', namedCurve: 'P-256' }, false, []);
      const handed = await openJson<{ kind: string; id: string; value: unknown }>(await agreed(mine, theirs), `${record.key}|${own}`, fromBase64url(inner));
      await this.database.change([await this.sealed(handed.kind, handed.id, handed.value)], [record.key]);
    }
    return records.length;
  }
}

/** ECDH, then HKDF: the agreed point itself is never used as a key. */
async function agreed(mine: CryptoKey, theirs: CryptoKey): Promise<CryptoKey> {
  const point = await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, mine, 256);
  const base = await crypto.subtle.importKey('raw', point, 'HKDF', false, ['deriveKey']);
  return crypto.subtle.deriveKey({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(), info: utf8('lintas officer hand-over') }, base, { name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
}
