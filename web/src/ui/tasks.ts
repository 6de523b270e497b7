import { onScopeDispose, ref, type Ref } from 'vue';

/** Runs one call at a time and keeps what was refused, for UiProblem; tells whether it was done. */
export function useTask(): { busy: Ref<boolean>; problem: Ref<unknown>; run: (work: () => Promise<unknown>) => Promise<boolean> } {
  const busy = ref(false);
  const problem = ref<unknown>(null);
  async function run(work: () => Promise<unknown>): Promise<boolean> {
    if (busy.value) return false;
    busy.value = true;
    problem.value = null;
    try {
      await work();
      return true;
    } catch (caught) {
      problem.value = caught;
      return false;
    } finally {
      busy.value = false;
    }
  }
  return { busy, problem, run };
}

/** Says of the question that it numbers whether it is still the newest: an older answer must not stand where another was asked for. */
export type Newest = () => boolean;
export function useTurns(): () => Newest {
  let last = 0;
  return () => {
    const mine = ++last;
    return () => mine === last;
  };
}

/**
 * For what is looked up: a search, a filter, a list that is read again. Each call is made; `take` is given the answer
 * to the newest alone, so that an older one that comes later does not stand where another was asked for. Tells whether
 * the answer was taken. After the page was left nothing is.
 */
export function useNewest(): { busy: Ref<boolean>; problem: Ref<unknown>; run: <T>(ask: () => Promise<T>, take: (answer: T) => void) => Promise<boolean> } {
  const busy = ref(false);
  const problem = ref<unknown>(null);
  const turn = useTurns();
  async function run<T>(ask: () => Promise<T>, take: (answer: T) => void): Promise<boolean> {
    const newest = turn();
    busy.value = true;
    problem.value = null;
    try {
      const answer = await ask();
      if (newest()) take(answer);
    } catch (caught) {
      if (newest()) problem.value = caught;
      return false;
    } finally {
      if (newest()) busy.value = false;
    }
    return newest();
  }
  onScopeDispose(() => void turn());
  return { busy, problem, run };
}
