import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { api, Problem } from '@/api/client';

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

/** Who sits here. The session itself is a cookie that scripts cannot read. */
export const useSession = defineStore('session', () => {
  const person = ref<Person | null>(null);
  const node = ref<NodeInfo | null>(null);
  const known = ref(false);

  /** Asks the node who is signed in; without a network the answer stays unknown. */
  async function load(): Promise<void> {
    try {
      person.value = (await api.get<{ person: Person }>('/api/agency/me')).person;
      known.value = true;
    } catch (error) {
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
    person.value = (await api.post<{ person: Person }>('/api/agency/sign-in', { login, password, ...(code ? { code } : {}) })).person;
    known.value = true;
  }

  async function signInWithPasskey(): Promise<void> {
    const begun = await api.post<{ ceremony: string; options: { publicKey: unknown } }>('/api/agency/passkey-sign-in/begin', {});
    const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(begun.options.publicKey as PublicKeyCredentialRequestOptionsJSON);
    const credential = (await navigator.credentials.get({ publicKey })) as unknown as Credential;
    person.value = (await api.post<{ person: Person }>('/api/agency/passkey-sign-in/finish', { ceremony: begun.ceremony, response: credential.toJSON() })).person;
    known.value = true;
  }

  async function signOut(): Promise<void> {
    try {
      await api.post('/api/agency/sign-out', {});
    } finally {
      person.value = null;
      // What a planner kept on this device for days without a network goes with the session that kept it.
      indexedDB.deleteDatabase('lintas-displacement');
    }
  }

  const has = (...roles: Role[]): boolean => person.value?.roles.some((role) => roles.includes(role)) ?? false;
  return { person: computed(() => person.value), node: computed(() => node.value), known: computed(() => known.value), load, loadNode, signIn, signInWithPasskey, signOut, has };
});
