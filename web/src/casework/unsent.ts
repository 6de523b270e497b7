import { computed, reactive, ref, type ComputedRef } from 'vue';
import { api, Problem } from '@/api/client';
import { onSignOut } from '@/session/session';
import { at } from './casework';

/**
 * What was written while the node could not be reached. It stays in this page's memory and nowhere else: a desk
 * computer is shared, and its disk must not tell who was here; it is gone with the page and with who signs out.
 * Each part of a case is sent by itself, so that one that the node refuses does not keep back the others. Its base
 * says what it was written upon: the node merges it field by field when it arrives late.
 */
export interface Unsent {
  case: string;
  code: string;
  class: string;
  base: number;
  values: Record<string, string>;
  /** Why it was not stored; null before the first try. */
  problem: Problem | null;
}

const kept = reactive(new Map<string, Unsent>());
const key = (one: { case: string; class: string }): string => one.case + ' ' + one.class;

/** The newest answer of the node to something that was sent. */
export const stored = ref<{ case: string; conflicts: number } | null>(null);

export const unsentOf = (id: () => string): ComputedRef<Unsent[]> => computed(() => [...kept.values()].filter((one) => one.case === id()));
/** Cases that hold something unsent, for the page of the day's work. */
export const unsentCases = computed(() => [...new Map([...kept.values()].map((one) => [one.case, one.code]))].map(([id, code]) => ({ id, code })));

/** Lays what was written over what already waits of the same part. */
export function keep(written: Omit<Unsent, 'problem'>): Unsent {
  const before = kept.get(key(written));
  kept.set(key(written), { ...written, base: before?.base ?? written.base, values: { ...before?.values, ...written.values }, problem: null });
  watchNetwork();
  return kept.get(key(written)) as Unsent;
}

export function drop(one: Unsent): void {
  kept.delete(key(one));
  watchNetwork();
}

const under = new Set<string>();
/** Sends one part; what the node refuses, or cannot be reached for, stays with the reason. */
export async function send(one: Unsent): Promise<void> {
  if (under.has(key(one))) return;
  under.add(key(one));
  const { base, values } = one;
  try {
    const edited = await api.patch<{ conflicts: unknown[] }>(at('cases', one.case, 'sheets'), { base, values });
    if (kept.get(key(one))?.values === values) drop(one); // unless more was written meanwhile
    stored.value = { case: one.case, conflicts: edited.conflicts.length };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    one.problem = error;
  } finally {
    under.delete(key(one));
  }
}

/** Tries everything again that the node was not reached for. */
export async function sendAll(): Promise<void> {
  for (const one of [...kept.values()]) if (!one.problem || one.problem.unreachable) await send(one);
}

const again = (): void => void sendAll();
const stay = (event: BeforeUnloadEvent): void => event.preventDefault();
let timer: ReturnType<typeof setInterval> | undefined;
function watchNetwork(): void {
  const wanted = kept.size > 0;
  if (wanted === (timer !== undefined)) return;
  if (wanted) {
    addEventListener('online', again);
    addEventListener('beforeunload', stay);
    timer = setInterval(again, 15_000);
  } else {
    removeEventListener('online', again);
    removeEventListener('beforeunload', stay);
    clearInterval(timer);
    timer = undefined;
  }
}
export function forget(): void {
  kept.clear();
  watchNetwork();
}
onSignOut(forget);
