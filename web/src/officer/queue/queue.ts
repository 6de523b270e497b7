import { fromBase64, type Queued, type Sent } from '../interview';
import type { Vault } from '../vault/vault';
import type { Outcome, Transport } from './transport';

/** What the queue tells after a run; `said` is a text key. */
export interface Report {
  at: string;
  sent: number;
  waiting: number;
  reason: 'ok' | 'offline' | 'busy' | 'not-the-node' | 'sign-in' | 'refused';
}

/**
 * Sends what is finished, oldest first, each with the same bytes at every
 * try: the node recognises a repeat by them, so that a connection cut after
 * the node has stored a record makes no second one. An interview leaves the
 * device only after the node has said that it is stored.
 */
export class Queue {
  private running: Promise<Report> | null = null;

  constructor(
    private readonly vault: Vault,
    private readonly transport: Transport,
    /** Why nothing can be sent in this officer's name now; null when it can. Two officers share the sign-in of a device's browser. */
    private readonly hindrance: () => Promise<Outcome | null> = () => Promise.resolve(null),
    private readonly locks: LockManager | undefined = globalThis.navigator?.locks,
    private readonly now: () => Date = () => new Date(),
  ) {}

  waiting(): Promise<Queued[]> {
    return this.vault.all<Queued>('queued').then((all) => all.sort((a, b) => a.finishedAt.localeCompare(b.finishedAt)));
  }
  sent(): Promise<Sent[]> {
    return this.vault.all<Sent>('sent').then((all) => all.sort((a, b) => b.sentAt.localeCompare(a.sentAt)));
  }

  /** One run at a time, in this tab and in any other of this browser. `refused` ones are tried only when asked for. */
  run(again: 'waiting' | 'all' = 'waiting'): Promise<Report> {
    this.running ??= this.exclusive(() => this.walk(again)).finally(() => (this.running = null));
    return this.running;
  }

  private exclusive(work: () => Promise<Report>): Promise<Report> {
    return this.locks ? this.locks.request(`lintas-queue-${this.vault.profile.id}`, () => work()).then((report) => report) : work();
  }

  private async walk(again: 'waiting' | 'all'): Promise<Report> {
    let sent = 0;
    let reason: Report['reason'] = 'ok';
    let hindrance: Outcome | null | undefined;
    for (const item of await this.waiting()) {
      if (item.state === 'refused' && again === 'waiting') {
        reason = 'refused';
        continue;
      }
      if (hindrance === undefined) hindrance = await this.hindrance();
      const outcome = hindrance ?? (await this.send(item));
      await this.settle(item, outcome);
      if (outcome.kind === 'taken') sent++;
      else if (outcome.kind === 'again') reason = outcome.reason;
      else reason = outcome.kind;
      // Without a network or a session the next would fail the same way.
      if (outcome.kind === 'again' || outcome.kind === 'sign-in') break;
    }
    return { at: this.now().toISOString(), sent, waiting: await this.vault.count('queued'), reason };
  }

  private send(item: Queued): Promise<Outcome> {
    return this.transport.send({
      instanceId: item.instanceId,
      xml: new TextEncoder().encode(item.xml) as Uint8Array<ArrayBuffer>,
      attachments: item.files.map(({ name, type, base64 }) => ({ name, type, bytes: fromBase64(base64) })),
    });
  }

  private async settle(item: Queued, outcome: Outcome): Promise<void> {
    const at = this.now().toISOString();
    if (outcome.kind === 'taken') {
      const { id, instanceId, title, finishedAt, sha256 } = item;
      const receipt: Sent = { id, instanceId, title, finishedAt, sha256, sentAt: at, status: outcome.status };
      await this.vault.move({ kind: 'queued', id }, { kind: 'sent', id, value: receipt });
      return;
    }
    const said = outcome.kind === 'again' ? outcome.reason : outcome.kind === 'refused' ? outcome.message : 'sign-in';
    const state: Queued['state'] = outcome.kind === 'refused' ? 'refused' : outcome.kind === 'sign-in' ? 'sign-in' : 'waiting';
    const problem = outcome.kind === 'refused' ? outcome.problem : undefined;
    await this.vault.put('queued', item.id, { ...item, state, tries: [...item.tries, { at, said, status: outcome.status, ...(problem ? { problem } : {}) }].slice(-20) });
  }
}
