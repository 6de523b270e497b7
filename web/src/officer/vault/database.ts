import type { Bytes } from './bytes';

/** An officer's place on this device. Only the name they chose to be listed under is readable without their key. */
export interface Profile {
  id: string;
  /** The person's id at the node, to tell a reassigned device from an own one. */
  person: string;
  label: string;
  locale: string;
  tries: number;
  pin: { salt: Bytes; wrapped: Bytes; cost: { memory: number; passes: number; lanes: number } };
  passkey?: { credential: string; input: Bytes; salt: Bytes; wrapped: Bytes };
  /** To seal a handed-over interview for this officer while they are away. */
  publicKey: JsonWebKey;
  privateKey: Bytes;
}

/** A sealed record. `kind` and `profile` are readable, so that a list needs no decryption of the others. */
export interface SealedRecord {
  key: string;
  profile: string;
  kind: string;
  id: string;
  sealed: Bytes;
  /** The page that works on it now, where only one may: what another page stores is refused. */
  holder?: string;
}

/** The record is gone, or another page works on it. Nothing was stored. */
export class NotHeld extends Error {
  constructor() {
    super('Another page works on this.');
    this.name = 'NotHeld';
  }
}

const version = 1;

/**
 * The device's database. Writes ask for strict durability: a phone that dies
 * right after "saved" has it.
 */
export class Database {
  private constructor(private readonly db: IDBDatabase) {}

  static open(name: string): Promise<Database> {
    return new Promise((resolve, reject) => {
      const request = indexedDB.open(name, version);
      request.onupgradeneeded = () => {
        const db = request.result;
        db.createObjectStore('device');
        db.createObjectStore('profiles', { keyPath: 'id' });
        db.createObjectStore('records', { keyPath: 'key' }).createIndex('by-kind', ['profile', 'kind']);
      };
      request.onsuccess = () => {
        // Another tab erases the device: let go, or it would wait for ever.
        request.result.onversionchange = () => request.result.close();
        resolve(new Database(request.result));
      };
      request.onerror = () => reject(request.error ?? new Error('The browser refused the database.'));
      request.onblocked = () => reject(new Error('Another tab holds the database.'));
    });
  }

  private run<T>(stores: string[], mode: IDBTransactionMode, work: (t: IDBTransaction) => IDBRequest<T> | void): Promise<T> {
    return new Promise((resolve, reject) => {
      const transaction = this.db.transaction(stores, mode, { durability: mode === 'readwrite' ? 'strict' : 'default' });
      const request = work(transaction);
      transaction.oncomplete = () => resolve((request ? request.result : undefined) as T);
      transaction.onabort = transaction.onerror = () => reject(transaction.error ?? new Error('The device could not store this.'));
    });
  }

  device<T>(name: string): Promise<T | undefined> {
    return this.run<T | undefined>(['device'], 'readonly', (t) => t.objectStore('device').get(name) as IDBRequest<T | undefined>);
  }
  setDevice(name: string, value: unknown): Promise<void> {
    return this.run<void>(['device'], 'readwrite', (t) => void t.objectStore('device').put(value, name));
  }
  /** Reads, changes and stores in one transaction: two tabs that do it at once lose nothing of each other's. */
  changeDevice<T>(name: string, change: (kept: T | undefined) => T): Promise<void> {
    return this.run<void>(['device'], 'readwrite', (t) => {
      const store = t.objectStore('device');
      const got = store.get(name) as IDBRequest<T | undefined>;
      got.onsuccess = () => void store.put(change(got.result), name);
    });
  }
  profiles(): Promise<Profile[]> {
    return this.run<Profile[]>(['profiles'], 'readonly', (t) => t.objectStore('profiles').getAll() as IDBRequest<Profile[]>);
  }
  profile(id: string): Promise<Profile | undefined> {
    return this.run<Profile | undefined>(['profiles'], 'readonly', (t) => t.objectStore('profiles').get(id) as IDBRequest<Profile | undefined>);
  }
  putProfile(profile: Profile): Promise<void> {
    return this.run<void>(['profiles'], 'readwrite', (t) => void t.objectStore('profiles').put(profile));
  }

  /** Counts one more wrong try before it is known to be wrong: killing the app in between wins nothing. The profile with its new count, stored. */
  countTry(id: string): Promise<Profile | undefined> {
    let counted: Profile | undefined;
    return this.run<void>(['profiles'], 'readwrite', (t) => {
      const store = t.objectStore('profiles');
      const got = store.get(id) as IDBRequest<Profile | undefined>;
      got.onsuccess = () => {
        if (!got.result) return;
        counted = { ...got.result, tries: got.result.tries + 1 };
        store.put(counted);
      };
    }).then(() => counted);
  }

  record(key: string): Promise<SealedRecord | undefined> {
    return this.run<SealedRecord | undefined>(['records'], 'readonly', (t) => t.objectStore('records').get(key) as IDBRequest<SealedRecord | undefined>);
  }
  records(profile: string, kind: string): Promise<SealedRecord[]> {
    return this.run<SealedRecord[]>(['records'], 'readonly', (t) => t.objectStore('records').index('by-kind').getAll([profile, kind]) as IDBRequest<SealedRecord[]>);
  }
  /** Puts and removes in one transaction: an interview leaves the drafts in the moment it enters the queue. */
  change(puts: SealedRecord[], removals: string[] = []): Promise<void> {
    return this.run<void>(['records'], 'readwrite', (t) => {
      const store = t.objectStore('records');
      for (const one of puts) store.put(one);
      for (const key of removals) store.delete(key);
    });
  }

  /** Makes a page the holder of a record; false when there is no such record. */
  hold(key: string, holder: string): Promise<boolean> {
    let found = false;
    return this.run<void>(['records'], 'readwrite', (t) => {
      const store = t.objectStore('records');
      const got = store.get(key) as IDBRequest<SealedRecord | undefined>;
      got.onsuccess = () => {
        found = got.result !== undefined;
        if (got.result) store.put({ ...got.result, holder });
      };
    }).then(() => found);
  }

  /**
   * A change of one record by its holder: looked at and stored in one
   * transaction, so that a page that was asleep, or that still shows an
   * interview which left in another tab, neither overwrites it nor brings
   * it back.
   */
  changeHeld(key: string, holder: string, puts: SealedRecord[], removals: string[] = []): Promise<void> {
    let refused = false;
    return this.run<void>(['records'], 'readwrite', (t) => {
      const store = t.objectStore('records');
      const got = store.get(key) as IDBRequest<SealedRecord | undefined>;
      got.onsuccess = () => {
        refused = got.result?.holder !== holder;
        if (refused) return;
        for (const one of puts) store.put(one.key === key ? { ...one, holder } : one);
        for (const one of removals) store.delete(one);
      };
    }).then(() => {
      if (refused) throw new NotHeld();
    });
  }

  /** Removes an officer with everything that was theirs. The key goes with the profile, so nothing is left to open. */
  removeProfile(id: string): Promise<void> {
    return this.run<void>(['profiles', 'records'], 'readwrite', (t) => {
      t.objectStore('profiles').delete(id);
      const store = t.objectStore('records');
      const walk = store.index('by-kind').openKeyCursor(IDBKeyRange.bound([id], [id, []]));
      walk.onsuccess = () => {
        if (!walk.result) return;
        store.delete(walk.result.primaryKey);
        walk.result.continue();
      };
    });
  }
  /** Removes every officer, every record and what the device knew of itself. */
  wipe(): Promise<void> {
    return this.run<void>(['device', 'profiles', 'records'], 'readwrite', (t) => {
      for (const name of ['device', 'profiles', 'records']) t.objectStore(name).clear();
    });
  }
  close(): void {
    this.db.close();
  }
}
