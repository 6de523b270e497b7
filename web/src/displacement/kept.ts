import { scenariosKept } from '@/session/kept';

/**
 * What this device keeps of scenarios for use without a network: only what a
 * person asked for, one scenario at a time. It lies there readable, as a file
 * would: scenarios hold no personal data (names of colleagues are taken out),
 * but a plan can be sensitive, so it is gone after fourteen days, when its
 * owner signs out, and when somebody else signs in.
 */
const longest = 14 * 86_400_000;

interface KeptAnswer {
  path: string;
  scenario: string;
  at: number;
  body: unknown;
}
export interface KeptScenario {
  id: string;
  name: string;
  owner: string;
  at: number;
}

function done<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error ?? new Error('The store of this device failed.'));
  });
}

async function open(): Promise<IDBDatabase> {
  const request = indexedDB.open(scenariosKept, 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore('answers', { keyPath: 'path' }).createIndex('scenario', 'scenario');
    request.result.createObjectStore('scenarios', { keyPath: 'id' });
  };
  return done(request);
}

async function using<T>(mode: IDBTransactionMode, work: (answers: IDBObjectStore, scenarios: IDBObjectStore) => Promise<T>): Promise<T> {
  const db = await open();
  try {
    const transaction = db.transaction(['answers', 'scenarios'], mode);
    return await work(transaction.objectStore('answers'), transaction.objectStore('scenarios'));
  } finally {
    db.close();
  }
}

export const keptScenarios = (): Promise<KeptScenario[]> =>
  using('readonly', (_answers, scenarios) => done(scenarios.getAll() as IDBRequest<KeptScenario[]>));

export const startKeeping = (scenario: KeptScenario): Promise<unknown> => using('readwrite', (_answers, scenarios) => done(scenarios.put(scenario)));

/** Keeps an answer of the node when its scenario is kept. */
export function keepAnswer(path: string, scenario: string, body: unknown, at = Date.now()): Promise<void> {
  return using('readwrite', async (answers, scenarios) => {
    if (!(await done(scenarios.get(scenario)))) return;
    await done(answers.put({ path, scenario, at, body: withoutNames(body) } satisfies KeptAnswer));
  });
}

export async function keptAnswer(path: string): Promise<{ body: unknown; at: number } | undefined> {
  return using('readonly', (answers) => done(answers.get(path) as IDBRequest<KeptAnswer | undefined>));
}

/** Removes one scenario from this device. */
export function stopKeeping(scenario: string): Promise<void> {
  return using('readwrite', async (answers, scenarios) => {
    for (const key of await done(answers.index('scenario').getAllKeys(scenario))) await done(answers.delete(key));
    await done(scenarios.delete(scenario));
  });
}

/** Removes what the node does not show any more to who asks: removed there, or no longer shared. Hands back the names. */
export async function dropVanished(shown: readonly string[]): Promise<string[]> {
  const vanished = (await keptScenarios()).filter((s) => !shown.includes(s.id));
  for (const s of vanished) await stopKeeping(s.id);
  if (vanished.length > 0 && (await keptScenarios()).length === 0) await forgetPage();
  return vanished.map((s) => s.name);
}

/** Removes what is too old or not of this person. */
export async function tidy(owner: string, now = Date.now()): Promise<void> {
  for (const s of await keptScenarios()) if (s.owner !== owner || now - s.at > longest) await stopKeeping(s.id);
}

function withoutNames(body: unknown): unknown {
  return body !== null && typeof body === 'object' && 'names' in body ? { ...body, names: {} } : body;
}

const address = '/displacement/sw.js';

/** Lets the page itself open without a network: the worker keeps its files, never what the API says. */
export async function keepPage(register: (url: string) => string): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  await navigator.serviceWorker.register(register(address), { scope: '/displacement/' });
  await navigator.serviceWorker.ready;
}

export async function forgetPage(): Promise<void> {
  if (!('serviceWorker' in navigator)) return;
  const registration = await navigator.serviceWorker.getRegistration('/displacement/');
  if (registration && new URL(registration.scope).pathname === '/displacement/') await registration.unregister();
}
