import type { InjectionKey } from 'vue';
import type { Courier } from './handover/transport';
import type { Transport } from './queue/transport';

/**
 * Live work or an exercise. The two share no storage, no service worker and
 * no transport: the exercise's page is built without the module that sends to
 * the live queue, so that no mistake in a screen can get there.
 */
export interface Mode {
  name: 'live' | 'exercise';
  base: '/app/' | '/exercise/';
  /** The IndexedDB database, and the prefix of every cache and storage name. */
  storage: 'lintas-officer' | 'lintas-exercise';
  transport: Transport;
  /** The way to colleagues' devices; an exercise has none. */
  courier: Courier | null;
}

export const modeKey: InjectionKey<Mode> = Symbol('mode');
