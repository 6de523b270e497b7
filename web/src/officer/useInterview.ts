import { computed, onScopeDispose, ref, shallowRef } from 'vue';
import type { Instrument } from './bundle';
import { languageCode } from './form/language';
import type { Question, Step, Violation } from './form/engine';
import { instanceIdOf, LoadedForm, type FormSession, type Payload } from './form/session';
import { companionFile, fromBase64, sha256, toBase64, type Interview, type NoValue, type Queued } from './interview';
import { useOfficer } from './officer';
import { openPilot, type Pilot } from './pilot';
import type { Result, Scorer } from './scoring';
import type { Place } from './handover/transport';
import { oneTab, type Tab } from './tab';
import { newId } from './vault/bytes';
import { NotHeld, type Profile } from './vault/database';
import type { Vault } from './vault/vault';

/** Two frames: what was just given to the screen stands there. A page that is not in sight gets no frames and does not wait for them. */
function shown(): Promise<void> {
  if (document.visibilityState !== 'visible') return Promise.resolve();
  return new Promise((resolve) => {
    setTimeout(resolve, 250);
    requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(resolve)));
  });
}

/** A form is parsed once while the app is open: the second interview begins at once. */
const parsed = new Map<string, Promise<LoadedForm>>();

export function formOf(instrument: Instrument): Promise<LoadedForm> {
  const officer = useOfficer();
  const key = `${instrument.id}|${instrument.version}|${instrument.hash ?? ''}`;
  let form = parsed.get(key);
  if (!form) {
    form = officer.shelf().xform(instrument).then((xform) => LoadedForm.load(xform, (name) => officer.shelf().medium(instrument, name)));
    form.catch(() => parsed.delete(key));
    parsed.set(key, form);
  }
  return form;
}

/** Begins an interview: the draft is stored before the first question is seen. */
export async function beginInterview(instrument: Instrument): Promise<string> {
  const officer = useOfficer();
  const now = new Date().toISOString();
  const interview: Interview = {
    id: newId(), instrument: JSON.parse(JSON.stringify(instrument)) as Instrument, startedAt: now, changedAt: now, language: '', before: { urgent: {} }, stage: 'language',
    xml: '', files: [], at: '', noValue: {}, alone: [], handovers: [], note: '',
  };
  await officer.shelf().hold(interview.id, instrument);
  await officer.vault!.put('draft', interview.id, interview);
  return interview.id;
}

// Questions of a workbook that ask themselves what the app would ask first.
const asksItself = { private: /^priva(te|cy)/, consent: /^(consent|assent)/, urgent: /^(urgent|safety|immediate)/ };

/** An interview on the screen. Everything that changes is stored, sealed, before the next thing is shown. */
export function useInterview(officerLanguage: () => string) {
  const officer = useOfficer();
  const interview = shallowRef<Interview | null>(null);
  const steps = shallowRef<Step[]>([]);
  const at = ref(0);
  const question = shallowRef<Question | null>(null);
  const violation = shallowRef<Violation | null>(null);
  const result = shallowRef<Result | null>(null);
  const scorer = shallowRef<Scorer | null>(null);
  const answered = shallowRef<Set<string>>(new Set());
  const skips = shallowRef({ private: false, consent: false, urgent: false });
  let session: FormSession | null = null;
  /** The form is there to be asked. Until then a new interview shows the choice of its language, and no other one anything. */
  const ready = ref(false);
  let preparing: Promise<void> = Promise.resolve();
  let pilot: Pilot | null = null;
  /** The last attempt to store failed: the screen must say so, loudly. */
  const unsaved = shallowRef<unknown>(null);
  let saving: Promise<void> = Promise.resolve();
  // While the person answers alone nothing is stored: what they do not share must not be found later.
  let unstored = false;
  /** Another tab works on it, or it has left this place there: nothing is shown and nothing stored here. */
  const elsewhere = ref<'' | 'open' | 'busy'>('');
  let tab: Tab | null = null;
  let holder = '';
  onScopeDispose(() => tab?.close(saving));

  /** Stores what is there and lets go, unless the person is answering alone: that is stored only when they share it. */
  async function yieldNow(): Promise<boolean> {
    if (unstored) return false;
    elsewhere.value = 'open';
    await saving;
    return true;
  }

  /** Opens a draft; false when it is not there any more. */
  async function open(id: string): Promise<boolean> {
    const vault = officer.vault;
    if (!vault) return false;
    tab = oneTab(`lintas-interview-${vault.profile.id}-${id}`, yieldNow, () => (elsewhere.value = 'open'));
    if (await tab.open()) return load(id);
    elsewhere.value = 'open';
    return (await vault.get('draft', id)) !== undefined;
  }
  /** Goes on here with what another tab had open. */
  async function continueHere(id: string): Promise<boolean> {
    if ((await tab?.takeOver()) !== 'mine') {
      elsewhere.value = 'busy';
      return true;
    }
    return load(id);
  }

  async function load(id: string): Promise<boolean> {
    const vault = officer.vault;
    holder = newId();
    const kept = await vault?.hold<Interview>('draft', id, holder);
    if (!vault || !kept) return false;
    ready.value = false;
    // The languages stand in the bundle: a large form is read while the officer and the person choose one.
    const early = kept.stage === 'language' && kept.xml === '';
    if (early) {
      interview.value = kept;
      elsewhere.value = '';
    }
    preparing = (early ? shown() : Promise.resolve()).then(() => prepare(vault, kept, early));
    if (early) preparing.catch(() => undefined); // told by whoever waits for it: the page does
    else await preparing;
    return true;
  }
  /** Resolves when the form is there; rejects with the reason why it cannot be. */
  const whenReady = (): Promise<void> => preparing;

  async function prepare(vault: Vault, kept: Interview, early: boolean): Promise<void> {
    const [form, device] = await Promise.all([formOf(kept.instrument), officer.deviceId()]);
    session = kept.xml === '' ? form.begin(device) : await form.resume(payloadOf(kept), device);
    if (!early) interview.value = kept;
    pilot = officer.bundle?.pilot?.on ? await openPilot(vault, kept.instrument) : null;
    session.speak(officerLanguage(), kept.language || officerLanguage());
    if (kept.instrument.pack_url) {
      const pack = await officer.shelf().pack(kept.instrument);
      if (pack) scorer.value = (await import('./scorer')).openScorer(pack, kept.instrument.pack?.hash ?? '');
    }
    refresh();
    const names = steps.value.map((step) => step.path.split('/').pop() ?? '');
    skips.value = { private: names.some((name) => asksItself.private.test(name)), consent: names.some((name) => asksItself.consent.test(name)), urgent: names.some((name) => asksItself.urgent.test(name)) };
    const place = steps.value.findIndex((step) => step.path === kept.at);
    show(place < 0 ? 0 : place);
    ready.value = true;
    if (!early) elsewhere.value = '';
  }

  const payloadOf = (kept: Interview): Payload => ({ xml: kept.xml, files: kept.files.map(({ name, type, base64 }) => ({ name, type, bytes: fromBase64(base64) })) });

  function refresh(): void {
    if (!session) return;
    steps.value = session.steps();
    answered.value = session.answered(steps.value);
    if (scorer.value) result.value = scorer.value.score(session.leaves(), statesByName(), false);
  }

  function statesByName(): Record<string, 'not_known' | 'declined'> {
    const states: Record<string, 'not_known' | 'declined'> = {};
    for (const [path, value] of Object.entries(interview.value?.noValue ?? {})) {
      if (value !== 'skipped') states[(path.split('/').pop() ?? '').replace(/\[\d+\]$/, '')] = value;
    }
    return states;
  }

  function show(index: number): void {
    const last = steps.value.length - 1;
    at.value = Math.max(0, Math.min(index, last));
    violation.value = null;
    const step = steps.value[at.value];
    question.value = step && session ? session.question(step) : null;
    if (step && pilot) pilot.shown(step.path);
    performance.mark('lintas-question-shown');
  }

  /** Stores the interview as it is now; one after the other, so that the last state is the one that stays. */
  function save(change: Partial<Interview> = {}): Promise<void> {
    if (!interview.value || elsewhere.value) return saving;
    interview.value = { ...interview.value, ...change, changedAt: new Date().toISOString() };
    if (unstored) return saving;
    const now = interview.value;
    saving = saving.then(async () => {
      await preparing;
      const vault = officer.vault;
      if (!vault || !session || interview.value?.id !== now.id) return;
      const { xml, files } = await session.payload();
      const whole: Interview = { ...interview.value, xml, files: files.map(({ name, type, bytes }) => ({ name, type, base64: toBase64(bytes) })), at: steps.value[at.value]?.path ?? '' };
      await vault.putHeld('draft', whole.id, JSON.parse(JSON.stringify(whole)), holder);
      unsaved.value = null;
    }).catch((error: unknown) => {
      if (error instanceof NotHeld) return void (elsewhere.value = 'open');
      // One failure must not stop the later ones: each stores the whole interview.
      unsaved.value = error;
    });
    return saving;
  }

  /** Gives an answer; true when the engine holds nothing against it. */
  function give(value: string | readonly string[] | boolean | File | null): boolean {
    const step = steps.value[at.value];
    if (!session || !step) return false;
    const held = session.answer(step, value);
    const noValue = { ...interview.value?.noValue };
    delete noValue[step.path];
    refresh();
    question.value = session.question(step);
    violation.value = held?.kind === 'constraint' ? held : null;
    void save({ noValue });
    return violation.value === null;
  }

  /** "Not known", "declined" or skipped is an answer: one given before it goes. */
  function noteNoValue(value: NoValue): void {
    const step = steps.value[at.value];
    if (!session || !step) return;
    if (value !== 'skipped') session.answer(step, '');
    if (value === 'skipped') pilot?.skipped(step.path);
    refresh();
    void save({ noValue: { ...interview.value?.noValue, [step.path]: value } });
  }
  function giveNoValue(value: NoValue): void {
    noteNoValue(value);
    void forward();
  }

  /** On to the next step, or to the result after the last; first what was answered is stored. */
  async function forward(): Promise<void> {
    const step = steps.value[at.value];
    await saving;
    if (unsaved.value) await save(); // pressed again after a failure: tried again
    if (unsaved.value) return;
    if (steps.value[at.value] !== step) return; // pressed twice: the first press has gone on already
    if (step && pilot) pilot.left(step.path);
    const place = steps.value.findIndex((one) => one.path === step?.path);
    if (place >= steps.value.length - 1) void save({ stage: 'result' });
    else {
      show(place + 1);
      void save();
    }
  }
  function back(): void {
    const step = steps.value[at.value];
    if (step) pilot?.wentBack(step.path);
    if (at.value > 0) show(at.value - 1);
    else void save({ stage: 'before' });
  }
  function goTo(path: string): void {
    const place = steps.value.findIndex((step) => step.path === path);
    if (place < 0) return;
    show(place);
    void save({ stage: 'questions' });
  }
  function addRound(): void {
    const step = steps.value[at.value];
    if (!session || !step) return;
    const place = at.value;
    session.addRound(step);
    refresh();
    show(place);
    void save();
  }
  function removeRound(): void {
    const step = steps.value[at.value];
    if (!session || !step) return;
    session.removeRound(step);
    refresh();
    const place = steps.value.findIndex((one) => one.path === step.path);
    show(place);
    void save();
  }

  function languages(): Array<{ written: string; code: string }> {
    const kept = interview.value;
    return (kept?.instrument.languages ?? []).map((one) => ({ written: one.name, code: one.code || languageCode({ language: one.name }) }));
  }
  function speak(code: string): void {
    session?.speak(officerLanguage(), code);
    pilot?.language(code);
    show(at.value);
  }

  /** The interview's bytes are made once, here; from now on only they exist. */
  async function finish(): Promise<string> {
    const vault = officer.vault;
    const kept = interview.value;
    if (!vault || !kept || !session) throw new Error('no interview is open');
    await saving;
    const { xml, files } = await session.payload();
    const bytes = new TextEncoder().encode(xml) as Uint8Array<ArrayBuffer>;
    const queued: Queued = {
      id: kept.id, instanceId: instanceIdOf(xml), title: kept.instrument.title, finishedAt: new Date().toISOString(), xml, sha256: await sha256(bytes),
      files: [...files.map(({ name, type, bytes: content }) => ({ name, type, base64: toBase64(content) })), companionFile(kept)], state: 'waiting', tries: [],
    };
    await vault.moveHeld({ kind: 'draft', id: kept.id }, [{ kind: 'queued', id: kept.id, value: queued }], holder);
    // Only now: had the move failed (a full disk), the interview would still be here to be finished, and counted once.
    if (pilot) await pilot.finished(finalResult(), kept);
    interview.value = null;
    await officer.shelf().release(kept.id);
    officer.waiting = await vault.count('queued');
    void officer.sendNow().catch(() => undefined); // it waits on the page Sending, which comes next, tells and tries again
    return kept.id;
  }

  /** What has been asked: answered, or not known or declined, which are answers. */
  const asked = computed(() =>
    steps.value.flatMap((step) => {
      if (step.kind !== 'question' || step.node.nodeType === 'note' || step.node.currentState.readonly) return [];
      const without = interview.value?.noValue[step.path];
      if (!answered.value.has(step.path) && (without === undefined || without === 'skipped')) return [];
      return [{ path: step.path, label: step.node.currentState.label?.asString ?? '', how: without === 'not_known' || without === 'declined' ? without : ('answered' as const) }];
    }),
  );

  /** To a colleague on this device: theirs when they next unlock. */
  async function handOver(to: Profile, note: string): Promise<void> {
    const vault = officer.vault;
    if (!vault || !interview.value) return;
    const { handovers } = interview.value;
    try {
      await save({ returned: undefined, handovers: [...handovers, { at: new Date().toISOString(), from: vault.profile.label, to: to.label, note, asked: asked.value.length }] });
      if (unsaved.value) throw unsaved.value as Error; // what is stored is older than what is on the screen
      const whole = await vault.get<Interview>('draft', interview.value.id);
      await vault.handOver(to, 'draft', interview.value.id, whole, holder);
    } catch (error) {
      await save({ handovers });
      throw error;
    }
  }
  /** To a colleague on another device: sealed and locked away now, sent when there is a network. */
  async function handAway(to: Place, note: string): Promise<void> {
    await save();
    if (unsaved.value) throw unsaved.value as Error;
    const whole = await officer.vault?.get<Interview>('draft', interview.value?.id ?? '');
    if (!whole) throw new NotHeld();
    await officer.handovers()!.give(whole, to, { note, asked: asked.value.length }, holder);
  }

  /** The finished result, computed only from what the node will see. */
  const finalResult = (): Result | null => (scorer.value && session ? scorer.value.score(session.leaves(), {}, true) : null);

  let before: { payload: Payload; interview: Interview; at: number } | null = null;
  /** The person begins to answer alone: what is there now is remembered, and nothing is stored. */
  async function beginAlone(): Promise<void> {
    if (!session || !interview.value) return;
    await saving;
    before = { payload: await session.payload(), interview: interview.value, at: at.value };
    unstored = true;
  }
  /** The person has decided: all answers are kept, or all of them are gone. */
  async function endAlone(shared: 'all' | 'help-only' | 'nothing', questions: number): Promise<void> {
    if (!before || !interview.value) return;
    if (shared !== 'all') {
      // Should this fail, nothing is stored any more: the caller must lock, and what was stored before is opened.
      const form = await formOf(before.interview.instrument);
      session = await form.resume(before.payload, await officer.deviceId());
      session.speak(officerLanguage(), before.interview.language);
      interview.value = before.interview;
      refresh();
      show(before.at);
    }
    unstored = false;
    before = null;
    await save({ alone: [...interview.value.alone, { at: new Date().toISOString(), questions, shared }] });
  }

  return {
    interview, ready, whenReady, steps, at, question, violation, result, scorer, answered, skips, unsaved, elsewhere, continueHere, asked, handOver, handAway,
    progress: computed(() => (steps.value.length === 0 ? 0 : (at.value + 1) / steps.value.length)),
    open, save, give, giveNoValue, noteNoValue, forward, back, goTo, show, addRound, removeRound, languages, speak, finish, finalResult, beginAlone, endAlone,
    refreshView: () => show(at.value), heard: (sound: 'media' | 'voice' | 'none', code: string) => pilot?.heard(sound, code),
  };
}

export type InterviewView = ReturnType<typeof useInterview>;
