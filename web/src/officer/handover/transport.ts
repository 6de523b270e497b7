import type { Bytes } from '../vault/bytes';

/** An officer on one device, as the node lists them. */
export interface Place {
  id: string;
  person: string;
  name: string;
  device: string;
  public_key: string;
  seen_at: string;
}

/** A hand-over as the node sees it: who, to whom, until when, and what became of it; never what is in it. */
export interface Handover {
  id: string;
  from: Place;
  to: Place;
  state: 'waiting' | 'taken' | 'refused' | 'withdrawn' | 'expired' | 'unreachable';
  made_at: string;
  ends_at: string;
  settled_at?: string;
  size: number;
}

/** The way to the node. Every call may be repeated: the node knows a repeat by its number. */
export interface Courier {
  publish(place: string, deviceToken: string, publicKey: string): Promise<void>;
  leave(place: string): Promise<void>;
  places(): Promise<Place[]>;
  waiting(place: string): Promise<Handover[]>;
  hand(id: string, from: string, to: string, sealed: Bytes): Promise<Handover>;
  state(id: string): Promise<Handover>;
  sealed(id: string): Promise<Bytes>;
  take(id: string): Promise<Handover>;
  refuse(id: string): Promise<Handover>;
  withdraw(id: string, from: string): Promise<Handover>;
}
