import { Problem } from '@/api/client';
import { fromBase64, toBase64, type Interview } from '../interview';
import { newId } from '../vault/bytes';
import type { Label } from '../vault/away';
import type { Vault } from '../vault/vault';
import type { Courier, Handover, Place } from './transport';

/**
 * An unfinished interview on its way to a colleague's device. It is at every
 * moment in one of two hands, and the node decides the moment at which it
 * changes hands:
 *
 *   sender    draft -> handing ---------------------(node: taken)--> receipt
 *                         \--(node: refused, expired, ...)--> draft again
 *   receiver            arriving ------------------(node: taken)--> draft
 *                         \--(node: anything else)--> nothing
 *
 * Neither a `handing` nor an `arriving` interview can be worked on, so that
 * it is never doubled; each side stores before it tells the node and lets go
 * only after the node has told it, so that it is never lost. Whatever is cut
 * in between is asked again with the same number.
 */

/** An interview that the sender has given out and still has, locked away. */
export interface Handing {
  /** Number of the hand-over at the node. */
  number: string;
  interview: Interview;
  to: Pick<Place, 'id' | 'name' | 'device' | 'public_key'>;
  /** Base64: made once, the same at every try. */
  sealed: string;
  startedAt: string;
  /** Something may have reached the node: from now on only the node's word gives it back. */
  tried: boolean;
  /** Until when the colleague can take it; known once the node has it. */
  endsAt?: string;
  /** The sender wants it back. */
  back?: boolean;
  last?: { at: string; said: Said };
}

/** What a receiver has stored and the node has not confirmed yet. */
export interface Arriving {
  number: string;
  from: Place;
  interview: Interview;
}

/** What stays of a hand-over when it is done: who and when, nothing of the story. */
export interface HandoverReceipt {
  number: string;
  title: string;
  to: string;
  device: string;
  at: string;
}

export type Said = 'ok' | 'offline' | 'busy' | 'not-the-node' | 'sign-in';

/** Why an interview came back to its sender; a text key each. */
export type Why = Exclude<Handover['state'], 'waiting' | 'taken'> | 'not-accepted' | 'too-large';

/** As large as the node takes it, sealed. */
export const largest = 8 << 20;

/** How often the place is made known again, in milliseconds: colleagues see when it was last there. */
const publishEvery = 10 * 60_000;

/** What a failed call means for what comes next; `no` is the node's last word on it. */
export function meaning(error: unknown): Exclude<Said, 'ok'> | 'no' {
  if (!(error instanceof Problem)) return 'not-the-node';
  if (error.code === 'officer.not-the-node') return 'not-the-node';
  if (error.unreachable) return 'offline';
  if (error.status === 401) return 'sign-in';
  if (error.code === 'web.http' && error.status < 500) return 'not-the-node';
  return error.status >= 500 || error.status === 408 || error.status === 425 || error.status === 429 ? 'busy' : 'no';
}

export class TooLarge extends Error {}

export class Handovers {
  private running: Promise<Said> | null = null;
  private published = 0;
  /** This page's name as the holder of what it changes. */
  private readonly holder = newId();

  constructor(
    private readonly vault: Vault,
    private readonly courier: Courier,
    private readonly mode: string,
    /** Whether the officer of this place is the one who is signed in: officers of one device share a browser. `anew`: the node is asked. */
    private readonly signedIn: (anew?: boolean) => Promise<boolean>,
    private readonly deviceToken: () => Promise<string | undefined>,
    private readonly locks: LockManager | undefined = globalThis.navigator?.locks,
    private readonly now: () => Date = () => new Date(),
  ) {}

  private get place(): string {
    return this.vault.profile.id;
  }
  private label(number: string, from: string, to: string): Label {
    return { mode: this.mode, id: number, from, to };
  }

  handing(): Promise<Handing[]> {
    return this.vault.all<Handing>('handing').then((all) => all.sort((a, b) => a.startedAt.localeCompare(b.startedAt)));
  }
  arriving(): Promise<Arriving[]> {
    return this.vault.all<Arriving>('arriving');
  }
  receipts(): Promise<HandoverReceipt[]> {
    return this.vault.all<HandoverReceipt>('handed-over').then((all) => all.sort((a, b) => b.at.localeCompare(a.at)));
  }

  /** Colleagues as the node last listed them, for when there is no network. */
  async colleagues(): Promise<Place[]> {
    return ((await this.vault.get<{ places: Place[] }>('setting', 'places'))?.places ?? []).filter((one) => one.id !== this.place);
  }
  async renewColleagues(): Promise<Place[]> {
    await this.vault.put('setting', 'places', { places: await this.courier.places() });
    return this.colleagues();
  }

  /**
   * Seals a draft for a colleague and locks it away, in one step; nothing
   * needs a network. `holder` is the page that had the draft open.
   */
  async give(interview: Interview, to: Place, words: { note: string; asked: number }, holder: string): Promise<void> {
    const number = newId();
    const { returned: _, ...own } = interview;
    const at = this.now().toISOString();
    const theirs: Interview = { ...own, handovers: [...own.handovers, { at, from: this.vault.profile.label, to: to.name, ...words }] };
    const sealed = await this.vault.sealAway(this.label(number, this.place, to.id), to.public_key, theirs);
    if (sealed.length > largest) throw new TooLarge();
    const value: Handing = { number, interview: own, to: { id: to.id, name: to.name, device: to.device, public_key: to.public_key }, sealed: toBase64(sealed), startedAt: at, tried: false };
    await this.vault.moveHeld({ kind: 'draft', id: interview.id }, [{ kind: 'handing', id: interview.id, value }], holder);
  }

  /** The sender wants an interview back. What never left is a draft at once; else the node is asked. */
  async takeBack(interview: string): Promise<Said> {
    await this.exclusive(async () => {
      const one = await this.vault.hold<Handing>('handing', interview, this.holder);
      if (!one) return;
      if (one.tried) await this.vault.putHeld('handing', interview, { ...one, back: true }, this.holder);
      else await this.vault.moveHeld({ kind: 'handing', id: interview }, [{ kind: 'draft', id: interview, value: one.interview }], this.holder);
    });
    return this.run();
  }

  /** Makes this place known, and settles whatever waits for the node's word. One run at a time, in all tabs. */
  run(): Promise<Said> {
    this.running ??= this.exclusive(() => this.walk()).finally(() => (this.running = null));
    return this.running;
  }
  private exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.locks ? (this.locks.request(`lintas-handovers-${this.place}`, work) as Promise<T>) : work();
  }

  private async walk(): Promise<Said> {
    const token = await this.deviceToken();
    // Asked anew before anything leaves for the first time: what has not been tried can be taken back without a network.
    const fresh = (await this.vault.all<Handing>('handing')).some((one) => !one.tried);
    try {
      if (!(await this.signedIn(fresh))) return await this.note('sign-in');
      if (token && (fresh || Math.abs(this.now().getTime() - this.published) > publishEvery)) {
        await this.courier.publish(this.place, token, await this.vault.publicKey());
        this.published = this.now().getTime();
      }
    } catch (error) {
      const what = meaning(error);
      // A device whose access was ended still hears what became of what it gave.
      if (what !== 'no') return this.note(what);
    }
    for (const one of await this.vault.all<Handing>('handing')) {
      const said = await this.settle(one.interview.id);
      if (said !== 'ok') return this.note(said);
    }
    for (const one of await this.arriving()) {
      const said = await this.confirm(one.number);
      if (said !== 'ok') return said;
    }
    return 'ok';
  }

  /** Writes down what came of the last try, for the page that shows what waits. */
  private async note(said: Said): Promise<Said> {
    for (const { interview } of await this.vault.all<Handing>('handing')) {
      const one = await this.vault.hold<Handing>('handing', interview.id, this.holder);
      if (one) await this.vault.putHeld('handing', interview.id, { ...one, last: { at: this.now().toISOString(), said } }, this.holder).catch(() => undefined); // it has left meanwhile: nothing to note
    }
    return said;
  }

  private async settle(id: string): Promise<Said> {
    const kept = await this.vault.hold<Handing>('handing', id, this.holder);
    if (!kept) return 'ok';
    // Stored before anything leaves: after a crash nobody takes it for one that never left.
    const one = { ...kept, tried: true };
    if (!kept.tried) await this.vault.putHeld('handing', id, one, this.holder);
    let told: Handover;
    try {
      told = await this.ask(one);
    } catch (error) {
      const what = meaning(error);
      if (what !== 'no') return what;
      return this.declined(one, error);
    }
    return this.conclude(one, told);
  }

  private async ask(one: Handing): Promise<Handover> {
    if (one.back) return this.courier.withdraw(one.number, this.place);
    // Also where the node has it already: it answers what became of it, and a node set back to an older copy has it again.
    if (one.endsAt) {
      try {
        return await this.courier.state(one.number);
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== 'screening.handover-unknown') throw error;
      }
    }
    return this.courier.hand(one.number, this.place, one.to.id, fromBase64(one.sealed));
  }

  /** The node will not have it. The door is closed behind an earlier try that may still be under way, then it is a draft again. */
  private async declined(one: Handing, error: unknown): Promise<Said> {
    try {
      const told = await this.courier.withdraw(one.number, this.place);
      if (told.state === 'taken') return this.conclude(one, told);
    } catch (again) {
      const what = meaning(again);
      if (what !== 'no') return what; // not sure yet: it stays locked away and is asked again
      // Only a place that the node never knew proves that nothing of it arrived; a refusal of somebody else proves nothing.
      const unknown = again instanceof Problem && again.code === 'screening.place-not-yours' && one.endsAt === undefined;
      if (!unknown || !(await this.signedIn(true).catch(() => false))) return 'sign-in';
    }
    return this.comeBack(one, error instanceof Problem && error.status === 413 ? 'too-large' : error instanceof Problem && error.code === 'screening.handover-to' ? 'unreachable' : 'not-accepted');
  }

  private async conclude(one: Handing, told: Handover): Promise<Said> {
    const { interview } = one;
    if (told.state === 'waiting') {
      await this.vault.putHeld('handing', interview.id, { ...one, endsAt: told.ends_at, last: { at: this.now().toISOString(), said: 'ok' } }, this.holder);
      return 'ok';
    }
    if (told.state !== 'taken') return this.comeBack(one, told.state);
    const receipt: HandoverReceipt = { number: one.number, title: interview.instrument.title, to: one.to.name, device: one.to.device, at: told.settled_at ?? this.now().toISOString() };
    await this.vault.moveHeld({ kind: 'handing', id: interview.id }, [{ kind: 'handed-over', id: one.number, value: receipt }], this.holder);
    return 'ok';
  }

  private async comeBack(one: Handing, why: Why): Promise<Said> {
    const draft: Interview = { ...one.interview, ...(why === 'withdrawn' ? {} : { returned: { at: this.now().toISOString(), to: one.to.name, device: one.to.device, why } }) };
    await this.vault.moveHeld({ kind: 'handing', id: draft.id }, [{ kind: 'draft', id: draft.id, value: draft }], this.holder);
    return 'ok';
  }

  /** What waits for this place at the node. What is here already, from a run that was cut, is only confirmed again. */
  async offered(): Promise<Handover[]> {
    const waiting = await this.courier.waiting(this.place);
    const fresh: Handover[] = [];
    for (const one of waiting) {
      if (await this.vault.get('taken', one.id)) await this.courier.take(one.id);
      else if (!(await this.vault.get('arriving', one.id))) fresh.push(one);
    }
    return fresh;
  }

  /** Fetches and opens what is offered, to show the receiver what it is. Nothing is stored and nothing is taken. */
  async look(offer: Handover): Promise<Interview> {
    const interview = await this.vault.openAway<Interview>(this.label(offer.id, offer.from.id, this.place), offer.from.public_key, await this.courier.sealed(offer.id));
    // Its files are fetched from this node and from nowhere else, whatever a colleague's app wrote.
    const { xform_url, pack_url, media } = interview.instrument;
    for (const url of [xform_url, ...(pack_url ? [pack_url] : []), ...media.map((one) => one.url)]) if (!url.startsWith('/api/screening/instruments/')) throw new Error('a file from elsewhere');
    return interview;
  }

  /** Stores what was opened, then tells the node; it can be worked on once the node has said that it is taken. */
  async take(offer: Handover, interview: Interview): Promise<Handover['state'] | Exclude<Said, 'ok'>> {
    for (const kind of ['draft', 'handing']) {
      // It went round and came back before this device heard that it had left.
      if (await this.vault.get(kind, interview.id)) await this.run();
      if (await this.vault.get(kind, interview.id)) throw new Problem({ title: 'Here already', status: 409, code: 'officer.here-already', detail: 'This interview is on this device already.' });
    }
    await this.vault.put('arriving', offer.id, { number: offer.id, from: offer.from, interview } satisfies Arriving);
    const said = await this.exclusive(() => this.confirm(offer.id));
    if (said !== 'ok') return said;
    return (await this.vault.get('taken', offer.id)) ? 'taken' : (await this.courier.state(offer.id)).state;
  }

  private async confirm(number: string): Promise<Said> {
    const one = await this.vault.hold<Arriving>('arriving', number, this.holder);
    if (!one) return 'ok';
    let state: Handover['state'];
    try {
      state = (await this.courier.take(number)).state;
    } catch (error) {
      // Only an ending that the node names takes it away again: it may have been taken by a try whose answer was lost.
      const what = meaning(error);
      return what === 'no' ? 'sign-in' : what;
    }
    const receipt = { number, at: this.now().toISOString() };
    await this.vault.moveHeld(
      { kind: 'arriving', id: number },
      state === 'taken' ? [{ kind: 'draft', id: one.interview.id, value: one.interview }, { kind: 'taken', id: number, value: receipt }] : [],
      this.holder,
    );
    return 'ok';
  }

  async refuse(offer: Handover): Promise<void> {
    await this.courier.refuse(offer.id);
  }

  /** Numbers that this officer has compared with a colleague, by place; another key under a known place was never compared. */
  async compared(place: Pick<Place, 'id' | 'public_key'>): Promise<string | null> {
    const kept = await this.vault.get<{ key: string; at: string }>('compared', place.id);
    return kept?.key === place.public_key ? kept.at : null;
  }
  async setCompared(place: Pick<Place, 'id' | 'public_key'>): Promise<void> {
    await this.vault.put('compared', place.id, { key: place.public_key, at: this.now().toISOString() });
  }
}
