import { openFromPlace, rawKey, sealForPlace, type Label, type Own } from './away';
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
    const tried = await this.tryPin(id, pin);
    return 'secret' in tried ? { kind: 'open', vault: await this.opened(tried.profile, tried.secret) } : tried;
  }

  /** One try of a PIN, counted wherever it is asked: to open, to add a passkey, to leave. */
  private async tryPin(id: string, pin: string): Promise<{ profile: Profile; secret: Bytes } | Exclude<Unlocking, { kind: 'open' }>> {
    const [profile, device] = await Promise.all([this.database.countTry(id), this.deviceSecret()]);
    if (!profile) return { kind: 'gone' };
    const { tries } = profile;
    if (tries > allowedTries) {
      await this.database.removeProfile(id);
      return { kind: 'wiped' };
    }
    const wrapping = await keyFromPin(pin, profile.pin.salt, device, profile.pin.cost);
    try {
      return { profile, secret: await open(wrapping, wrapPlace(id, 'pin'), profile.pin.wrapped) };
    } catch {
      if (tries < allowedTries) return { kind: 'wrong', left: allowedTries - tries };
      await this.database.removeProfile(id);
      return { kind: 'wiped' };
    }
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

  /** Adds a passkey as a second way in. The PIN is asked again: a passer-by at an open phone must not add their own. */
  async addPasskey(id: string, pin: string): Promise<'added' | 'no-secret' | Exclude<Unlocking, { kind: 'open' }>> {
    const tried = await this.tryPin(id, pin);
    if (!('secret' in tried)) return tried;
    const { secret } = tried;
    const profile = { ...tried.profile, tries: 0 };
    await this.database.putProfile(profile);
    const input = random(32);
    const made = await makePasskey(profile.label, input);
    if (!made) return 'no-secret';
    const salt = random(16);
    const wrapping = await keyFromPasskey(made.prf, salt);
    await this.database.putProfile({ ...profile, passkey: { credential: made.credential, input, salt, wrapped: await seal(wrapping, wrapPlace(id, 'passkey'), secret) } });
    return 'added';
  }

  /** The officer leaves: asked for the PIN, so that a passer-by at an open phone erases nobody's interviews. */
  async leave(id: string, pin: string): Promise<{ kind: 'left' } | Exclude<Unlocking, { kind: 'open' }>> {
    const tried = await this.tryPin(id, pin);
    if (!('secret' in tried)) return tried;
    await this.database.removeProfile(id);
    return { kind: 'left' };
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

  /** From now on this page works on the record, and no other; what it is now, or undefined when it is not there. */
  async hold<T>(kind: string, id: string, holder: string): Promise<T | undefined> {
    return (await this.database.hold(this.place(kind, id), holder)) ? this.get<T>(kind, id) : undefined;
  }
  /** Stores as the record's holder; throws NotHeld when another page is that, or the record has left. */
  async putHeld(kind: string, id: string, value: unknown, holder: string): Promise<void> {
    await this.database.changeHeld(this.place(kind, id), holder, [await this.sealed(kind, id, value)]);
  }
  /** The holder's record out of its kind and into others, all or nothing. */
  async moveHeld(from: { kind: string; id: string }, to: Array<{ kind: string; id: string; value: unknown }>, holder: string): Promise<void> {
    const puts = await Promise.all(to.map((one) => this.sealed(one.kind, one.id, one.value)));
    const key = this.place(from.kind, from.id);
    await this.database.changeHeld(key, holder, puts, [key]);
  }

  /** The public key that colleagues elsewhere seal for. */
  publicKey(): Promise<string> {
    return rawKey(this.profile.publicKey);
  }
  /** For a colleague on another device: sealed for their key, and made so that they can tell it comes from this place. */
  async sealAway(label: Label, theirs: string, value: unknown): Promise<Bytes> {
    return sealForPlace(await this.own(), theirs, label, utf8(JSON.stringify(value)));
  }
  /** Opens what a colleague elsewhere sealed for this place; throws when it comes from another key or under another label. */
  async openAway<T>(label: Label, theirs: string, sealed: Bytes): Promise<T> {
    return JSON.parse(new TextDecoder().decode(await openFromPlace(await this.own(), theirs, label, sealed))) as T;
  }
  private async own(): Promise<Own> {
    return { privateKey: await this.privateKey(), publicKey: await this.publicKey() };
  }
  private async privateKey(): Promise<CryptoKey> {
    const bytes = await open(this.key, wrapPlace(this.profile.id, 'private'), this.profile.privateKey);
    return crypto.subtle.importKey('pkcs8', bytes, { name: 'ECDH', namedCurve: 'P-256' }, false, ['deriveBits']);
  }

  /**
   * Seals an interview for a colleague on this device: a key agreed between a
   * fresh pair and the colleague's public key (ECDH P-256, HKDF, AES-GCM),
   * so that only they open it, when they next unlock.
   */
  async handOver(to: Profile, kind: string, id: string, value: unknown, holder: string): Promise<void> {
    const pair = await crypto.subtle.generateKey({ name: 'ECDH', namedCurve: 'P-256' }, true, ['deriveBits']);
    const theirs = await crypto.subtle.importKey('jwk', to.publicKey, { name: 'ECDH', namedCurve: 'P-256' }, false, []);
    const shared = await agreed(pair.privateKey, theirs);
    const own = base64url(new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)));
    const place = recordKey(to.id, 'handed', id);
    const inner = await sealJson(shared, `${place}|${own}`, { kind, id, value });
    const record: SealedRecord = { key: place, profile: to.id, kind: 'handed', id, sealed: utf8(JSON.stringify({ own, inner: base64url(inner) })) };
    await this.database.changeHeld(this.place(kind, id), holder, [record], [this.place(kind, id)]);
  }

  /** Takes what colleagues handed over: each is opened, sealed under the own key and filed under its kind. */
  async takeHanded(): Promise<number> {
    const records = await this.database.records(this.profile.id, 'handed');
    if (records.length === 0) return 0;
    const mine = await this.privateKey();
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
