import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { api, Problem } from '@/api/client';
import { scenariosKept } from './kept';

export type Role = 'officer' | 'caseworker' | 'supervisor' | 'analyst' | 'planner' | 'secretariat' | 'trainer' | 'administrator';

export interface Person {
  id: string;
  login: string;
  name: string;
  roles: Role[];
  organisation: { id: string; name: string };
  locale: string;
  must_change_password?: boolean;
}

export interface NodeInfo {
  name: string;
  country: string;
  demo: boolean;
  /** On a node of invented people: who may be played, and the password that they share. */
  demo_sign_ins?: { password: string; people: { login: string; name: string }[] };
  version: string;
  locales: unknown[];
}

interface Credential {
  toJSON(): unknown;
}

const leaving = new Set<() => void>();
/** Calls back when somebody signs out, or another sits down: what a page holds in memory goes with who wrote it. */
export const onSignOut = (forget: () => void): void => void leaving.add(forget);

/** Who sits here. The session itself is a cookie that scripts cannot read. */
export const useSession = defineStore('session', () => {
  const person = ref<Person | null>(null);
  const node = ref<NodeInfo | null>(null);
  const known = ref(false);
  let last = '';
  // Answers are counted in the order in which they were asked for: one from before a sign-in does not undo it.
  let asked = 0;
  let answered = 0;
  const seated = (one: Person | null): void => {
    answered = ++asked;
    person.value = one;
  };
  /** Somebody sits down; a session may have ended by itself before. */
  function arrived(one: Person): Person {
    if (last && last !== one.id) for (const forget of leaving) forget();
    last = one.id;
    return one;
  }

  /** Asks the node who is signed in; without a network the answer stays unknown. */
  async function load(): Promise<void> {
    const mine = ++asked;
    try {
      const me = await api.get<{ person: Person }>('/api/agency/me');
      if (mine < answered) return;
      answered = mine;
      person.value = arrived(me.person);
      known.value = true;
    } catch (error) {
      if (mine < answered) return;
      answered = mine;
      if (!(error instanceof Problem)) throw error;
      if (!error.unreachable) known.value = true;
      person.value = null;
      if (error.status !== 401 && error.status !== 0) throw error;
    }
  }

  async function loadNode(): Promise<void> {
    node.value = await api.get<NodeInfo>('/api/agency/node');
  }

  async function signIn(login: string, password: string, code?: string): Promise<void> {
    seated(arrived((await api.post<{ person: Person }>('/api/agency/sign-in', { login, password, ...(code ? { code } : {}) })).person));
    known.value = true;
  }

  async function signInWithPasskey(): Promise<void> {
    const begun = await api.post<{ ceremony: string; options: { publicKey: unknown } }>('/api/agency/passkey-sign-in/begin', {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options.publicKey as PublicKeyCredentialRequestOptionsJSON);
    const credential = (await navigator.credentials.get({ publicKey })) as unknown as Credential;
    seated(arrived((await api.post<{ person: Person }>('/api/agency/passkey-sign-in/finish', { ceremony: begun.ceremony, response: credential.toJSON() })).person));
    known.value = true;
  }

  async function signOut(): Promise<void> {
    try {
      await api.post('/api/agency/sign-out', {});
    } finally {
      seated(null);
      for (const forget of leaving) forget();
      // What a planner kept on this device for days without a network goes with the session that kept it.
      indexedDB.deleteDatabase(scenariosKept);
    }
  }

  const has = (...roles: Role[]): boolean => person.value?.roles.some((role) => roles.includes(role)) ?? false;
  return { person: computed(() => person.value), node: computed(() => node.value), known: computed(() => known.value), load, loadNode, signIn, signInWithPasskey, signOut, has };
});
