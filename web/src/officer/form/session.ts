import { letEngineParseXml } from '@/trusted';
import type { FormLanguage, InstantiableLoadFormResult, RootNode } from '@getodk/xforms-engine';
import { answer, languageFor, leavesOf, picture, stepsOf, violationOf, type Question, type Step, type Violation } from './engine';

/** The bytes of an interview: its XML and its files. */
export interface Payload {
  xml: string;
  files: Array<{ name: string; type: string; bytes: Uint8Array<ArrayBuffer> }>;
}

/** Where the form's own files (lists, recordings) come from; null when there is none of that name. */
export type MediaSource = (name: string) => Promise<Blob | null>;

/** An XForm, parsed once. */
export class LoadedForm {
  private constructor(private readonly result: InstantiableLoadFormResult) {}

  static async load(xform: string, media: MediaSource): Promise<LoadedForm> {
    letEngineParseXml();
    const { loadForm } = await import('@getodk/xforms-engine');
    const result = await loadForm(xform, {
      missingResourceBehavior: 'BLANK',
      fetchFormAttachment: async (resource) => {
        const name = decodeURIComponent(resource.href.split('/').pop() ?? '');
        const blob = await media(name);
        return blob ? new Response(blob, { headers: blob.type ? { 'content-type': blob.type } : {} }) : new Response(null, { status: 404 });
      },
    });
    if (result.status === 'failure') throw result.error;
    return new LoadedForm(result);
  }

  begin(device: string): FormSession {
    return new FormSession(this.result.createInstance({ preloadProperties: { deviceID: device } }).root);
  }

  async resume(payload: Payload, device: string): Promise<FormSession> {
    const data = new FormData();
    data.append('xml_submission_file', new File([payload.xml], 'xml_submission_file', { type: 'text/xml' }));
    for (const file of payload.files) data.append(file.name, new File([file.bytes], file.name, { type: file.type }));
    const restored = await this.result.restoreInstance({ data: [data as never] }, { preloadProperties: { deviceID: device } });
    return new FormSession(restored.root);
  }
}

/** One interview in progress. */
export class FormSession {
  private officer: FormLanguage;
  private traveller: FormLanguage;

  constructor(private readonly root: RootNode) {
    const all = root.languages as readonly FormLanguage[];
    this.officer = this.traveller = all.find((one) => one.isDefault) ?? all[0]!;
  }

  speak(officer: string, traveller: string): void {
    this.officer = languageFor(this.root, officer);
    this.traveller = languageFor(this.root, traveller);
    // Setting the language makes every question of the form new, also where it is the same one.
    const active = this.root.currentState.activeLanguage;
    if (!('isSyntheticDefault' in this.officer) && active.language !== this.officer.language) this.root.setLanguage(this.officer);
  }
  get officerLanguage(): FormLanguage {
    return this.officer;
  }
  get travellerLanguage(): FormLanguage {
    return this.traveller;
  }

  steps(): Step[] {
    return stepsOf(this.root);
  }
  question(step: Step): Question {
    return picture(this.root, step, this.officer, this.traveller);
  }
  /** Answers and says what the engine holds against it. The answer stays in either case: the officer sees both. */
  answer(step: Step, value: string | readonly string[] | boolean | File | null): Violation | null {
    answer(step, value);
    return violationOf(step);
  }
  addRound(step: Step): void {
    if (step.kind === 'repeat' && step.node.nodeType === 'repeat-range:uncontrolled') step.node.addInstances();
  }
  removeRound(step: Step): void {
    if (step.kind === 'repeat' && step.node.nodeType === 'repeat-range:uncontrolled') {
      const rounds = step.node.currentState.children.length;
      if (rounds > 0) step.node.removeInstances(rounds - 1);
    }
  }
  violations(): Violation[] {
    return this.steps().flatMap((step) => violationOf(step) ?? []);
  }
  leaves(): Record<string, string> {
    return leavesOf(this.root);
  }
  /** The path of every question among the steps that has an answer. */
  answered(steps: readonly Step[]): Set<string> {
    const set = new Set<string>();
    for (const step of steps) if (step.kind === 'question' && step.node.nodeType !== 'note' && ((step.node.currentState as { instanceValue?: string }).instanceValue ?? '') !== '') set.add(step.path);
    return set;
  }

  async payload(): Promise<Payload> {
    const { data } = await this.root.prepareInstancePayload({ payloadType: 'monolithic' });
    const files: Payload['files'] = [];
    let xml = '';
    for (const [name, file] of data[0].entries()) {
      if (name === 'xml_submission_file') xml = await file.text();
      else files.push({ name, type: file.type, bytes: new Uint8Array(await file.arrayBuffer()) });
    }
    return { xml, files };
  }
}

/** The record's own id, as OpenRosa knows it. */
export function instanceIdOf(xml: string): string {
  return /<(?:\w+:)?instanceID[^>]*>([^<]+)</.exec(xml)?.[1]?.trim() ?? '';
}
