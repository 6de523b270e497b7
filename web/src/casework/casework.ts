/** The nouns of casework's API, and the few things all its pages do. */
import { useI18n } from 'vue-i18n';
import { api } from '@/api/client';
import { regional } from '@/i18n/dates';

export interface Due {
  case: string;
  case_code: string;
  kind: string;
  ref: string;
  what: string;
  at: string;
  owner: string;
  overdue: boolean;
}

export interface Notice {
  id: string;
  kind: string;
  case?: string;
  case_code?: string;
  referral?: string;
  made_at: string;
}

export interface Case {
  id: string;
  code: string;
  state: string;
  reason: string;
  owner: string;
  source: string;
  child: boolean;
  place: string;
  non_punishment: boolean;
  released: string[] | null;
  hold: boolean;
  exercise: boolean;
  revision: number;
  opened_at: string;
  changed_at: string;
}

export interface Step {
  n: number;
  event: string;
  party: string;
  reason: string;
  state: string;
  at: string;
}

export interface Referral {
  id: string;
  case?: string;
  service: string;
  service_name?: string;
  receiver?: string;
  state: string;
  priority: string;
  round: number;
  deadline: string;
  outcome_due: string;
  receipt?: string;
  fields: string[];
  needs: string[];
  made_at: string;
  changed_at: string;
  steps?: Step[];
}

export interface Disclosed {
  referral: Referral;
  text: string;
  values: Record<string, string>;
  from: string;
  events: string[];
}

export interface Receipt {
  id: string;
  kind: string;
  fields: string[];
  recipient: string;
  language: string;
  how: string;
  given_by: string;
  until: string;
  given_at: string;
  withdrawn_at: string;
}

export interface Entry {
  id: string;
  kind: string;
  class: string;
  state: string;
  code: string;
  parent: string;
  at: string;
  due_at: string;
  by: string;
  text: Record<string, string>;
  hidden?: boolean;
}

export interface Clock {
  clock: { code: string; name: Record<string, string>; minimum?: boolean; source: string };
  start: string;
  end: string;
  stopped: string;
}

export interface Conflict {
  id: string;
  class: string;
  field: string;
  by: string;
  at: string;
  mine?: string;
}

export interface Approval {
  id: string;
  what: string;
  state: string;
  reason: string;
  asked_by: string;
  asked_at: string;
}

export interface Returning {
  id: string;
  state: string;
  /** The state before a suspension. */
  before?: string;
  country: string;
  /** What each stage wrote down: `stage.need` to words. */
  recorded: Record<string, string> | null;
  changed_at: string;
  received_at: string;
}

export interface CaseView {
  case: Case;
  classes: string[];
  sheets: Record<string, { values: Record<string, string>; erased?: boolean }>;
  entries: Entry[];
  clocks: Clock[] | null;
  /** Codes of what starts or ends a term in this case's country. */
  events?: string[] | null;
  /** The time zone in which the case's days end. */
  zone: string;
  approvals: Approval[];
  receipts: Receipt[];
  referrals: Referral[];
  returns: Returning[];
  conflicts: Conflict[] | null;
  members: string[] | null;
  may: string[] | null;
  steps: Record<string, string[]>;
}

export interface Field {
  name: string;
  class: string;
  label: string;
  kind: string;
  values?: string[];
}

export interface Vocabulary {
  fields: Field[];
  more_fields?: Field[];
  classes: string[];
  entry_kinds: Record<string, string[]>;
  case_table: { from: string; to: string; reasons: string[] }[];
  closure_reasons: string[];
  return_table: { from: string; to: string; needs: string[] }[];
  referral_reasons: Record<string, string[]>;
  priorities: string[];
}

export interface Reason {
  code: string;
  value?: string;
  points: number;
}

export interface Offered {
  id: string;
  name: string;
  organization: string;
  points: number;
  reasons: Reason[];
  metres: number;
  freshness: number;
  assured_date: string;
  assurer: string;
  alert: string;
  latitude?: number;
  longitude?: number;
  placed: boolean;
  /** Who answers for it with accounts on this node. */
  receiver?: string;
  receiver_name?: string;
}

export interface Matched {
  offered: Offered[];
  excluded: { id: string; reasons: Reason[] }[];
  total: number;
}

/** Needs that a directory of this field usually knows; a service may use others. */
export const needs = ['shelter', 'medical', 'psychosocial', 'food', 'legal_aid', 'labour_rights', 'asylum_information', 'interpretation', 'child_protection', 'family_tracing', 'documents', 'livelihood', 'education', 'return'] as const;

let kept: Promise<Vocabulary> | null = null;
/** The words of the desk, asked once. */
export const vocabulary = (): Promise<Vocabulary> =>
  (kept ??= api.get<Vocabulary>('/api/casework/vocabulary').catch((error: unknown) => {
    kept = null;
    throw error;
  }));

/** An instant of the node, or nothing when it is unset. */
export const when = (value: string | undefined): string | null => (value && !value.startsWith('0001-') && !value.startsWith('1970-01-01T00:00:00Z') ? value : null);

/** A code in words: its text, else the code with spaces. */
export function useWords(): (group: string, code: string) => string {
  const { t, te } = useI18n();
  return (group, code) => {
    const key = `casework.${group}.${code}`;
    return te(key) || te(key, 'en') ? t(key) : code.replace(/[._]/g, ' ');
  };
}

/**
 * Days and instants as the clock reads where the case is. A term of Thailand ends with Thailand's day, whoever
 * looks; where the reader's clock reads otherwise, the zone is said.
 */
export function useCaseDays(zone: () => string): { day: (value: string) => string; moment: (value: string) => string; ends: () => string } {
  const { t, locale } = useI18n();
  const format = (value: Date, options: Intl.DateTimeFormatOptions): string => new Intl.DateTimeFormat(regional(locale.value), options).format(value);
  const name = (value: Date): string =>
    new Intl.DateTimeFormat(locale.value, { timeZone: zone(), timeZoneName: 'shortGeneric' }).formatToParts(value).find((part) => part.type === 'timeZoneName')?.value ?? zone();
  const clock = { dateStyle: 'short', timeStyle: 'short' } as const;
  const differs = (value: Date): boolean => format(value, clock) !== format(value, { ...clock, timeZone: zone() });
  const said = (value: Date, options: Intl.DateTimeFormatOptions): string => {
    const at = format(value, { ...options, timeZone: zone() });
    return differs(value) ? t('casework.inZone', { at, zone: name(value) }) : at;
  };
  return {
    // The end of a day may be told by the first instant of the next: the day meant is the one before.
    day: (value) => said(new Date(new Date(value).getTime() - 1), { dateStyle: 'medium' }),
    moment: (value) => said(new Date(value), { dateStyle: 'medium', timeStyle: 'short' }),
    ends: () => (differs(new Date()) ? t('casework.plan.dayEnds', { zone: name(new Date()) }) : ''),
  };
}

/** What stands behind the # of the address, taken out of it so that it stays in no history. */
export function takeSecret(): string {
  const secret = location.hash.slice(1);
  if (secret) history.replaceState(history.state, '', location.pathname);
  return secret;
}

export const at = (path: string, ...parts: string[]): string => '/api/casework/' + path + parts.map((part) => '/' + encodeURIComponent(part)).join('');
