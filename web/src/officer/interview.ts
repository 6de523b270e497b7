import type { ProblemBody } from '@/api/client';
import type { Instrument } from './bundle';
import type { Why } from './handover/handovers';

/** How somebody answered without giving a value. Each is a real answer, and the form's field stays blank. */
export type NoValue = 'not_known' | 'declined' | 'skipped';

export type YesNo = 'yes' | 'no' | 'not_known' | 'declined';

/** What is asked before any question of the workbook, unless the workbook asks it itself. */
export interface Before {
  /** The officer has made sure of it: nobody listens, the interpreter is no companion. */
  private?: boolean;
  interpreter?: 'none' | 'officer' | 'independent' | 'companion';
  urgent: Partial<Record<UrgentNeed, YesNo>>;
  consent?: { answer: 'yes' | 'no' | 'later'; language: string; at: string; spoken: 'media' | 'voice' | 'none' };
}

export const urgentNeeds = ['hurt', 'danger', 'food', 'child'] as const;
export type UrgentNeed = (typeof urgentNeeds)[number];

/** What came back from the part that the person answered alone. */
export interface Alone {
  at: string;
  questions: number;
  shared: 'all' | 'help-only' | 'nothing';
}

/** An interview on the device, whole: everything a colleague needs so that the story is not told twice. */
export interface Interview {
  id: string;
  instrument: Instrument;
  startedAt: string;
  changedAt: string;
  language: string;
  before: Before;
  stage: 'language' | 'before' | 'questions' | 'stopped' | 'result';
  xml: string;
  files: Array<{ name: string; type: string; base64: string }>;
  at: string;
  noValue: Record<string, NoValue>;
  alone: Alone[];
  handovers: Array<{ at: string; from: string; to: string; note: string; /** How many questions had an answer, or a refusal to answer. */ asked?: number }>;
  note: string;
  /** It was handed over and came back: to whom, and why they do not have it. */
  returned?: { at: string; to: string; device: string; why: Why };
  stopped?: { at: string; reason: 'help' | 'tired' | 'refused' | 'other' };
  next?: { referral: 'offered' | 'accepted' | 'declined' | 'none'; service?: string };
}

/** An interview that is finished: its bytes never change again. */
export interface Queued {
  id: string;
  instanceId: string;
  title: string;
  finishedAt: string;
  xml: string;
  sha256: string;
  files: Array<{ name: string; type: string; base64: string }>;
  state: 'waiting' | 'sign-in' | 'refused';
  /** `problem` is the node's refusal with its code, which the page says in the officer's language. */
  tries: Array<{ at: string; said: string; status: number; problem?: ProblemBody }>;
}

/** What stays when the node has it: enough to find it again, nothing of the story. */
export interface Sent {
  id: string;
  instanceId: string;
  title: string;
  finishedAt: string;
  sentAt: string;
  sha256: string;
  status: number;
}

export function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += 0x8000) binary += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(binary);
}
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
export async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What goes to the node beside the form's own XML, as one small file of the record. */
export function companionFile(interview: Interview): { name: string; type: string; base64: string } {
  const { before, noValue, alone, handovers, language, startedAt, stopped, next, note } = interview;
  const body = { format: 'lintas-interview/1', language, started_at: startedAt, before, without_value: noValue, alone, handovers: handovers.map(({ at }) => ({ at })), stopped: stopped ?? null, next: next ?? null, note };
  return { name: 'lintas-interview.json', type: 'application/json', base64: toBase64(new TextEncoder().encode(JSON.stringify(body))) };
}
