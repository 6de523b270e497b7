import { defineStore } from 'pinia';
import { computed, inject, ref, shallowRef } from 'vue';
import { api, Problem, send } from '@/api/client';
import { useSession } from '@/session/session';
import { Shelf, type Bundle } from './bundle';
import { modeKey, type Mode } from './mode';
import { Queue, type Report } from './queue/queue';
import { Database, type Profile } from './vault/database';
import { Vaults, type Unlocking, type Vault } from './vault/vault';

/** What the device knows of itself: its name at the node and the token with which it asks for orders. */
interface Device {
  id: string;
  token: string;
}

interface Order {
  kind: 'wipe' | 'reassign';
  at: string;
  person_id?: string;
}

/** The device, its officers and what is unlocked. One per page. */
export const useOfficer = defineStore('officer', () => {
  const mode = inject(modeKey) as Mode;
  const ready = ref(false);
  const failure = ref<unknown>(null);
  const profiles = shallowRef<Profile[]>([]);
  const vault = shallowRef<Vault | null>(null);
  const bundle = shallowRef<Bundle | null>(null);
  const bundleAt = ref(0);
  const persisted = ref<boolean | null>(null);
  const online = ref(navigator.onLine);
  const waiting = ref(0);
  const report = shallowRef<Report | null>(null);
  const wiped = ref<'' | 'tries' | 'order' | 'reassigned'>('');

  let database: Database;
  let vaults: Vaults;
  let shelf: Shelf;
  let queue: Queue | null = null;
  let lastTouch = Date.now();
  let lastTick = performance.now();

  async function start(): Promise<void> {
    try {
      database = await Database.open(mode.storage);
      vaults = new Vaults(database);
      shelf = new Shelf(database, `${mode.storage}-forms`);
      profiles.value = await database.profiles();
      bundle.value = (await shelf.bundle()) ?? null;
      bundleAt.value = (await database.device<number>('bundle-at')) ?? 0;
      persisted.value = (await navigator.storage?.persisted?.()) ?? null;
    } catch (error) {
      failure.value = error;
    }
    ready.value = true;
    addEventListener('online', () => ((online.value = true), void backOnline()));
    addEventListener('offline', () => (online.value = false));
    for (const event of ['pointerdown', 'keydown', 'input'] as const) addEventListener(event, touch, { passive: true });
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && lockIfIdle());
    setInterval(lockIfIdle, 5_000);
    setInterval(() => void backOnline(), 60_000);
    void obeyOrders();
  }

  const idleLimit = (): number => (bundle.value?.lock?.minutes ?? 2) * 60_000;
  function touch(): void {
    lastTouch = Date.now();
    lastTick = performance.now();
  }
  /** By the clock on the wall, which goes on while the phone sleeps, and by one that nobody can set back. */
  function lockIfIdle(): void {
    const wall = Date.now() - lastTouch;
    if (vault.value && (wall < -1000 || wall >= idleLimit() || performance.now() - lastTick >= idleLimit())) lock();
  }
  function lock(): void {
    vault.value = null;
    queue = null;
    report.value = null;
    waiting.value = 0;
  }

  async function opened(result: Unlocking): Promise<Unlocking> {
    if (result.kind === 'open') {
      touch();
      // Before the first page looks: what colleagues handed over is part of what it shows.
      await result.vault.takeHanded();
      waiting.value = await result.vault.count('queued');
      queue = new Queue(result.vault, mode.transport);
      vault.value = result.vault;
      void useSession().load().catch(() => undefined).then(backOnline);
    } else {
      if (result.kind === 'wiped') wiped.value = 'tries';
      profiles.value = await database.profiles();
    }
    return result;
  }
  const unlock = async (id: string, pin: string): Promise<Unlocking> => opened(await vaults.unlock(id, pin));
  const unlockWithPasskey = async (id: string): Promise<Unlocking> => opened(await vaults.unlockWithPasskey(id));

  /** Makes the signed-in officer's place on this device, and the device's own name at the node when it has none. */
  async function enrol(pin: string, deviceName: string): Promise<void> {
    const session = useSession();
    const person = session.person;
    if (!person) throw new Problem({ title: 'Not signed in', status: 401, code: 'gate.sign-in' });
    if (mode.name === 'live' && !(await database.device<Device>('device'))) {
      const made = await api.post<{ device: { id: string }; token: string }>('/api/agency/app-devices', { name: deviceName });
      await database.setDevice('device', { id: made.device.id, token: made.token } satisfies Device);
    }
    const former = profiles.value.filter((profile) => profile.person === person.id);
    const made = await vaults.enrol(person.id, person.name, person.locale, pin);
    // The same person anew, after a forgotten PIN: nobody can open their former place any more (the page warned).
    for (const profile of former) await database.removeProfile(profile.id);
    profiles.value = await database.profiles();
    await askToKeep();
    await opened({ kind: 'open', vault: made });
  }
  const mine = computed(() => profiles.value.find((profile) => profile.person === useSession().person?.id));

  async function askToKeep(): Promise<void> {
    persisted.value = (await navigator.storage?.persist?.()) ?? false;
  }
  const addPasskey = async (pin: string): Promise<'added' | 'no-secret' | 'wrong-pin'> => {
    const result = await vaults.addPasskey(vault.value!.profile.id, pin);
    profiles.value = await database.profiles();
    return result;
  };
  const deviceId = async (): Promise<string> => (await database.device<Device>('device'))?.id ?? `${mode.name}-browser`;

  async function renew(progress?: (done: number, all: number) => void): Promise<void> {
    bundle.value = await shelf.renew(progress);
    bundleAt.value = Date.now();
  }

  async function sendNow(again: 'waiting' | 'all' = 'waiting'): Promise<Report | null> {
    if (!queue) return null;
    const run = queue;
    const told = await run.run(again);
    if (queue === run) {
      report.value = told;
      waiting.value = told.waiting;
    }
    return told;
  }

  /** What is worth doing each time there may be a network. Nothing here throws: it is tried again. */
  async function backOnline(): Promise<void> {
    if (!ready.value) return;
    await obeyOrders();
    if (vault.value && waiting.value > 0) await sendNow().catch(() => undefined);
  }

  /** Asks the node whether this device must erase itself. Also asked while locked: a stolen phone is locked. */
  async function obeyOrders(): Promise<void> {
    if (mode.name !== 'live') return;
    const device = await database?.device<Device>('device').catch(() => undefined);
    if (!device) return;
    let orders: Order[];
    try {
      const answer = await send('GET', '/api/agency/device-orders', null, { headers: { Authorization: `Bearer ${device.token}` } });
      orders = ((await answer.json()) as { orders: Order[] }).orders;
    } catch {
      return;
    }
    for (const order of orders) {
      if (order.kind === 'wipe') await wipeAll('order', device);
      if (order.kind === 'reassign') await wipeAll('reassigned', device);
    }
  }

  /** Erases everything of everybody on this device, then tells the node that it is done. */
  async function wipeAll(why: 'order' | 'reassigned', device?: Device): Promise<void> {
    lock();
    await database.wipe();
    await caches.delete(`${mode.storage}-forms`);
    profiles.value = [];
    bundle.value = null;
    wiped.value = why;
    if (device) await send('POST', '/api/agency/device-wiped', {}, { headers: { Authorization: `Bearer ${device.token}` } }).catch(() => undefined);
  }
  /** One officer leaves the device. */
  async function removeProfile(id: string): Promise<void> {
    if (vault.value?.profile.id === id) lock();
    await database.removeProfile(id);
    profiles.value = await database.profiles();
  }

  return {
    mode, ready, failure, profiles, vault, bundle, bundleAt, persisted, online, waiting, report, wiped, mine,
    start, lock, touch, unlock, unlockWithPasskey, enrol, addPasskey, askToKeep, deviceId, renew, sendNow, wipeAll, removeProfile,
    shelf: (): Shelf => shelf, queue: (): Queue | null => queue,
    colleagues: computed(() => profiles.value.filter((profile) => profile.id !== vault.value?.profile.id)),
  };
});
