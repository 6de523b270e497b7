import type { ProblemBody } from '@/api/client';

/** What is sent: fixed bytes, the same at every try, so that the node can tell a repeat from a new record. */
export interface Parcel {
  instanceId: string;
  xml: Uint8Array<ArrayBuffer>;
  attachments: ReadonlyArray<{ name: string; type: string; bytes: Uint8Array<ArrayBuffer> }>;
}

/** What came of a try. `again` may help later by itself; `sign-in` needs the officer; `refused` needs a person at the node. */
export type Outcome =
  | { kind: 'taken'; status: number }
  | { kind: 'again'; reason: 'offline' | 'busy' | 'not-the-node'; status: number }
  | { kind: 'sign-in'; status: number }
  | { kind: 'refused'; status: number; message: string; problem?: ProblemBody };

export interface Transport {
  send(parcel: Parcel): Promise<Outcome>;
}
