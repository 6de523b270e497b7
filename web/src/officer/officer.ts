import { defineStore } from 'pinia';
import { computed, inject, ref, shallowRef } from 'vue';
import { api, Problem, send } from '@/api/client';
import { useSession } from '@/session/session';
import { Shelf, type Bundle } from './bundle';
import { Handovers, meaning, type Arriving, type Handing, type Said } from './handover/handovers';
import type { Handover } from './handover/transport';
import { modeKey, type Mode } from './mode';
import { Queue, type Report } from './queue/queue';
import type { Outcome } from './queue/transport';
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
  /** Interviews on their way to and from colleagues' devices, and what came of the last try. */
  const handing = shallowRef<Handing[]>([]);
  const arriving = shallowRef<Arriving[]>([]);
  const offered = shallowRef<Handover[]>([]);
  const handoverSaid = ref<Said>('ok');
  /** How many interviews that were about to be taken over had ended meanwhile. */
  const missed = ref(0);
  const wiped = ref<'' | 'tries' | 'order' | 'reassigned'>('');

  let database: Database;
  let vaults: Vaults;
  let shelf: Shelf;
  let queue: Queue | null = null;
  let handovers: Handovers | null = null;
  let lastTouch = Date.now();
  let lastTick = performance.now();

  async function start(): Promise<void> {
    try {
      database = await Database.open(mode.storage);
      vaults = new Vaults(database);
      shelf = new Shelf(database, `${mode.storage}-forms`);
      const [officers, kept, keptAt, keeps] = await Promise.all([database.profiles(), shelf.bundle(), database.device<number>('bundle-at'), navigator.storage?.persisted?.()]);
      profiles.value = officers;
      bundle.value = kept ?? null;
      bundleAt.value = keptAt ?? 0;
      persisted.value = keeps ?? null;
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
    handovers = null;
    report.value = null;
    waiting.value = 0;
    handing.value = [];
    arriving.value = [];
    offered.value = [];
    handoverSaid.value = 'ok';
    missed.value = 0;
  }

  async function opened(result: Unlocking): Promise<Unlocking> {
    if (result.kind === 'open') {
      touch();
      handovers = mode.courier ? new Handovers(result.vault, mode.courier, mode.name, (anew) => isSignedIn(result.vault.profile.person, anew), async () => (await database.device<Device>('device'))?.token) : null;
      // Before the first page looks: what colleagues handed over is part of what it shows.
      const [count] = await Promise.all([result.vault.count('queued'), result.vault.takeHanded(), lookHandovers()]);
      waiting.value = count;
      queue = new Queue(result.vault, mode.transport, mode.courier ? () => hindrance(result.vault.profile.person) : undefined);
      vault.value = result.vault;
      void useSession().load().catch(() => undefined).then(backOnline); // without a network nobody is signed in; the page Sending asks when it must
    } else {
      if (result.kind === 'wiped') wiped.value = 'tries';
      profiles.value = await database.profiles();
    }
    return result;
  }
  /** Two officers of a device share its browser: whoever is signed in may be the other one. Throws when the node cannot be asked. */
  async function isSignedIn(person: string, anew = false): Promise<boolean> {
    const session = useSession();
    if (!anew && session.person?.id === person) return true;
    try {
      const me = await api.get<{ person: { id: string } }>('/api/agency/me');
      if (session.person?.id !== me.person.id) await session.load();
      return me.person.id === person;
    } catch (error) {
      if (error instanceof Problem && error.status === 401) return false;
      throw error;
    }
  }
  /** Why nothing can be sent in the name of this person. Asked of the node at each run: what this page remembers may be an hour old. */
  async function hindrance(person: string): Promise<Outcome | null> {
    try {
      return (await isSignedIn(person, true)) ? null : { kind: 'sign-in', status: 401 };
    } catch (error) {
      const why = meaning(error);
      return { kind: 'again', reason: why === 'offline' || why === 'not-the-node' ? why : 'busy', status: error instanceof Problem ? error.status : 0 };
    }
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
  const addPasskey = async (pin: string): ReturnType<Vaults['addPasskey']> => {
    const result = await vaults.addPasskey(vault.value!.profile.id, pin);
    if (typeof result === 'object') await gone(result);
    else profiles.value = await database.profiles();
    return result;
  };
  /** A place that is left, or that the last of ten wrong tries has erased, wherever the PIN was asked. */
  async function gone(result: { kind: string }): Promise<void> {
    if (!['left', 'wiped', 'gone'].includes(result.kind)) return;
    if (result.kind === 'wiped') wiped.value = 'tries';
    // First who is left: the lock's page asks whom to unlock as soon as it is there.
    profiles.value = await database.profiles();
    lock();
  }
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

  async function lookHandovers(): Promise<void> {
    if (!handovers) return;
    const of = handovers;
    const [out, coming] = await Promise.all([of.handing(), of.arriving()]);
    if (handovers !== of) return;
    // What a colleague has now needs its form here no more; what came back is a draft and keeps it.
    for (const { interview } of handing.value) if (!out.some((one) => one.interview.id === interview.id) && !(await vault.value?.get('draft', interview.id))) await shelf.release(interview.id);
    for (const { number } of arriving.value) if (!coming.some((one) => one.number === number) && !(await vault.value?.get('taken', number))) missed.value++;
    handing.value = out;
    arriving.value = coming;
  }
  /** Settles what is on its way, and asks what colleagues offer. */
  async function runHandovers(): Promise<Said> {
    if (!handovers) return 'ok';
    const of = handovers;
    const said = await of.run();
    if (said === 'ok') {
      const now = await of.offered();
      if (handovers === of) offered.value = now;
    }
    if (handovers === of) handoverSaid.value = said;
    await lookHandovers();
    return said;
  }

  /** What is worth doing each time there may be a network. Nothing here throws: it is tried again. */
  async function backOnline(): Promise<void> {
    if (!ready.value) return;
    await obeyOrders();
    if (vault.value && waiting.value > 0) await sendNow().catch(() => undefined); // tried again in a minute; the page Sending tells when asked
    if (vault.value) await runHandovers().catch(() => undefined); // tried again in a minute; what waits and why stands on the page Sending
  }

  /** Asks the node whether this device must erase itself. Also asked while locked: a stolen phone is locked. */
  async function obeyOrders(): Promise<void> {
    if (mode.name !== 'live') return;
    const device = await database?.device<Device>('device').catch(() => undefined); // no storage: the app says so on its first page
    if (!device) return;
    let orders: Order[];
    try {
      const answer = await send('GET', '/api/agency/device-orders', null, { headers: { Authorization: `Bearer ${device.token}` } });
      orders = ((await answer.json()) as { orders: Order[] }).orders;
    } catch {
      return; // no network, or no node: asked again in a minute
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
    if (device) await send('POST', '/api/agency/device-wiped', {}, { headers: { Authorization: `Bearer ${device.token}` } }).catch(() => undefined); // everything is gone here, the token too; the node shows the order as not confirmed
  }
  /** The officer leaves the device, after the PIN. Where there is a network the node hears it, so that nobody hands them anything here. */
  async function leave(pin: string): ReturnType<Vaults['leave']> {
    const { id } = vault.value!.profile;
    const result = await vaults.leave(id, pin);
    await gone(result);
    if (result.kind === 'left') void mode.courier?.leave(id).catch(() => undefined); // without a network the node hears it not; what waits there goes back when its time is over
    return result;
  }

  return {
    mode, ready, failure, profiles, vault, bundle, bundleAt, persisted, online, waiting, report, wiped, mine,
    start, lock, touch, unlock, unlockWithPasskey, enrol, addPasskey, askToKeep, deviceId, renew, sendNow, wipeAll, leave,
    handing, arriving, offered, handoverSaid, missed, lookHandovers, runHandovers, handovers: (): Handovers | null => handovers,
    shelf: (): Shelf => shelf, queue: (): Queue | null => queue,
    colleagues: computed(() => profiles.value.filter((profile) => profile.id !== vault.value?.profile.id)),
  };
});
