import { computed, onBeforeUnmount, ref, shallowRef, type ComputedRef, type InjectionKey, inject, provide } from 'vue';
import { api, Problem } from '@/api/client';
import { useSession } from '@/session/session';
import { workerAddress } from '@/trusted';
import { answeredRuns, type Arrival, type Comparison, type FlowView, type GapRow, type Input, type Run, type ScenarioView } from './displacement';
import { forgetPage, keepAnswer, keepPage, keptAnswer, keptScenarios, startKeeping, stopKeeping, tidy } from './kept';

/**
 * One scenario as its pages use it: asked of the node, kept on this device when
 * its person wants that, and read from there when the node cannot be reached.
 */
export function useScenario(id: string) {
  const session = useSession();
  const base = `/api/displacement/scenarios/${id}`;
  const data = shallowRef<ScenarioView | null>(null);
  const problem = ref<unknown>(null);
  const offline = ref(false);
  const keptAt = ref<number | null>(null);
  const kept = ref(false);
  /** It is being kept, and not all of it is there yet. */
  const keeping = ref(false);
  /** It was kept here, and the node does not show it any more. */
  const vanished = ref(false);
  const flows = ref<Record<number, FlowView>>({});
  const answers = ref<Record<string, Run>>({});
  const comparisons = ref<Record<string, Comparison>>({});
  const arrivals = ref<Arrival[]>([]);
  const inputs = ref<Input[]>([]);
  let poll: ReturnType<typeof setTimeout> | undefined;
  let gone = false;

  const may = computed(() => !offline.value && data.value?.scenario.ours !== false && session.has('planner', 'analyst'));

  /** Runs work and shows what goes wrong; undefined then. */
  async function guard<T>(work: () => Promise<T>): Promise<T | undefined> {
    problem.value = null;
    try {
      return await work();
    } catch (caught) {
      problem.value = caught;
      return undefined;
    }
  }

  let notKept: unknown;
  /** Asks the node; without a network, this device. */
  async function get<T>(path: string, query?: Record<string, string | number>): Promise<T> {
    const key = query ? `${path}?${new URLSearchParams(Object.entries(query).map(([k, v]) => [k, String(v)]))}` : path;
    try {
      const body = await api.get<T>(path, query);
      offline.value = false;
      if (kept.value) {
        try {
          await keepAnswer(key, id, body);
        } catch (caught) {
          notKept = caught; // keep takes its promise back; later on the older copy stays, with its day
        }
      }
      return body;
    } catch (caught) {
      if (caught instanceof Problem && caught.code === 'displacement.no-scenario') await drop();
      if (!(caught instanceof Problem) || !caught.unreachable) throw caught;
      const found = await keptAnswer(key).catch(() => undefined); // nothing kept: the network's failure is told
      if (!found) throw caught;
      offline.value = true;
      keptAt.value = found.at;
      return found.body as T;
    }
  }

  /** Takes what this device kept away when the node does not show the scenario any more. */
  async function drop(): Promise<void> {
    if (!kept.value) return;
    kept.value = false;
    vanished.value = true;
    await stopKeeping(id).catch(() => undefined); // gone at the node; a copy that stays is dropped when the list opens
    if ((await keptScenarios().catch(() => [])).length === 0) await forgetPage().catch(() => undefined); // the page alone shows nothing
  }

  let lastAsked = 0;
  /** Asks how the scenario stands; of two answers the one counts that was asked for last. */
  async function look(): Promise<void> {
    const mine = ++lastAsked;
    const view = await get<ScenarioView>(base);
    if (mine === lastAsked) data.value = view;
  }

  async function load(): Promise<void> {
    const found = await keptScenarios().catch(() => []); // a browser without storage keeps none
    kept.value = found.some((s) => s.id === id);
    await guard(async () => {
      await look();
      follow();
      const lists = await Promise.all([get<{ items: Arrival[] }>(`${base}/arrivals`), get<{ items: Input[] }>(`${base}/provenance`)]);
      arrivals.value = lists[0].items;
      inputs.value = lists[1].items;
    });
  }

  const showFlows = (version: number, anew = false): Promise<unknown> =>
    guard(async () => {
      if (version > 0 && (anew || !flows.value[version])) flows.value = { ...flows.value, [version]: await get<FlowView>(`${base}/flows`, { version }) };
    });

  const showRun = (run: Run | undefined, anew = false): Promise<unknown> =>
    guard(async () => {
      if (!run) return;
      if (anew || !answers.value[run.id]) answers.value = { ...answers.value, [run.id]: await get<Run>(`/api/displacement/runs/${run.id}`) };
      comparisons.value = { ...comparisons.value, [run.id]: await get<Comparison>(`/api/displacement/runs/${run.id}/comparison`) };
    });

  /** `staffing` is the part of a query after the version: '' or '&interviewers=3'. */
  const gaps = (version: number, staffing: string): Promise<GapRow[] | undefined> =>
    guard(async () => (await get<{ items: GapRow[] }>(`${base}/gaps?version=${version}${staffing}`)).items);

  /** While a run is under way its state is asked for again and again. */
  function follow(): void {
    clearTimeout(poll);
    if (gone || !data.value?.runs.some((r) => r.state === 'queued' || r.state === 'running' || r.state === 'stopping')) return;
    poll = setTimeout(() => void refresh(), 1200);
  }
  let lost = false;
  async function refresh(): Promise<void> {
    try {
      await look();
      if (lost) problem.value = null;
      lost = false;
    } catch (caught) {
      problem.value = caught; // told, and asked again: the run goes on at the node
      lost = true;
    }
    if (!offline.value) follow();
  }

  /** The run of a version that is looked at: the one chosen, else the newest with an answer. */
  const picked = ref<Record<number, string>>({});
  const runOf = (version: number): Run | undefined => {
    const runs = answeredRuns(data.value?.runs ?? [], version);
    return runs.find((r) => r.id === picked.value[version]) ?? runs[0];
  };
  const answered = (version: number): Run | undefined => {
    const run = runOf(version);
    return run ? answers.value[run.id] : undefined;
  };

  async function keep(): Promise<void> {
    const person = session.person;
    if (!person || !data.value || keeping.value) return;
    keeping.value = true;
    await guard(async () => {
      await startKeeping({ id, name: data.value!.scenario.name, owner: person.id, at: Date.now() });
      kept.value = true;
      notKept = undefined;
      await keepPage(workerAddress);
      // Everything that the pages of this scenario may ask for; what is on the screen stays there meanwhile.
      await load();
      for (const v of data.value!.versions) {
        await showFlows(v.version, true);
        for (const run of answeredRuns(data.value!.runs, v.version)) await showRun(run, true);
        await gaps(v.version, '');
      }
      if (notKept === undefined) return;
      await stopKeeping(id); // a full device: half of a scenario is not there without a network
      kept.value = false;
      throw notKept;
    });
    keeping.value = false;
  }
  async function forget(): Promise<void> {
    await guard(async () => {
      await stopKeeping(id);
      kept.value = false;
      if ((await keptScenarios()).length === 0) await forgetPage();
    });
  }

  // Who signs in after somebody else finds nothing of theirs; signing out removes everything (session.ts).
  if (session.person) void tidy(session.person.id).catch(() => undefined); // tried again when the next page opens; a list shows only one's own

  onBeforeUnmount(() => {
    gone = true;
    clearTimeout(poll);
  });

  return { id, base, data, problem, offline, keptAt, kept, keeping, vanished, may, flows, comparisons, arrivals, inputs, guard, load, refresh, showFlows, showRun, gaps, picked, runOf, answered, keep, forget };
}

export type ScenarioUse = ReturnType<typeof useScenario>;
const key: InjectionKey<ScenarioUse> = Symbol('scenario');
export const provideScenario = (use: ScenarioUse): void => provide(key, use);
export function useOpenScenario(): ScenarioUse & { view: ComputedRef<ScenarioView> } {
  const use = inject(key);
  if (!use) throw new Error('no scenario is open');
  return { ...use, view: computed(() => use.data.value!) };
}
