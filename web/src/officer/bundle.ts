import { api, Problem, send } from '@/api/client';
import type { Database } from './vault/database';

/** What a phone holds so that it needs no network: what to ask, what to say, whom to call. No person's data. */
export interface Bundle {
  etag: string;
  instruments: Instrument[];
  cards?: Card[];
  referral_procedure?: Procedure | null;
  services?: Service[];
  /** Active services that the node knows and this phone does not hold. */
  services_more?: number;
  lock?: { minutes: number; tries: number };
  pilot?: { on: boolean };
}

export interface Medium {
  name: string;
  url: string;
  size: number;
  hash: string;
  type?: string;
}

export interface Instrument {
  id: string;
  form_id: string;
  title: string;
  version: string;
  languages: Array<{ code: string; name: string }>;
  default_language: string;
  state: 'open' | 'closing' | 'closed';
  questions: number;
  hash?: string;
  pack?: { id: string; version: string; hash: string; validated: boolean } | null;
  xform_url: string;
  pack_url?: string | null;
  media: Medium[];
}

export interface Card {
  id: string;
  language: string;
  title: string;
  steps: string[];
  checks?: Array<{ ask: string; answer: string }>;
  source?: string;
  checked_at?: string;
  checked_by?: string;
  holds_until?: string;
  draft?: boolean;
}

/** The country's own way of referring, as the node holds it; texts[0] is the confirmed one. Days are YYYY-MM-DD. */
export interface Procedure extends Omit<ProcedureText, 'draft'> {
  dated?: string;
  confirmed_by?: string;
  holds_until?: string;
  source?: string;
  version?: number;
  texts: ProcedureText[];
}

export interface ProcedureText {
  language: string;
  title: string;
  steps: string[];
  draft: boolean;
}

export interface Service {
  id: string;
  name: string;
  phone: string;
  what: string;
  who: string;
  languages: string[];
  place: string;
  assured_at: string;
}

/** The files of a bundle, in the browser's cache, each under the address it came from. */
export class Shelf {
  constructor(
    private readonly database: Database,
    private readonly cacheName: string,
  ) {}

  bundle(): Promise<Bundle | undefined> {
    return this.database.device<Bundle>('bundle');
  }

  /**
   * Fetches the bundle and every file it names that is not here yet. The new
   * bundle is taken up only when all of it is here: an officer who leaves the
   * network in the middle keeps the old one whole.
   */
  async renew(progress: (done: number, all: number) => void = () => undefined): Promise<Bundle> {
    const bundle = await this.newest();
    const cache = await caches.open(this.cacheName);
    const wanted = new Map(bundle.instruments.flatMap((one) => this.filesOf(one)));
    await this.fetchAll(cache, wanted, progress);
    await this.database.setDevice('bundle', bundle);
    await this.database.setDevice('bundle-at', Date.now());
    for (const request of await cache.keys()) {
      const { pathname, search } = new URL(request.url);
      if (!wanted.has(pathname + search) && !(await this.inUse(pathname + search))) await cache.delete(request);
    }
    return bundle;
  }

  /** The node's bundle; the one that is here where the node says that it is still the same. */
  private async newest(): Promise<Bundle> {
    const here = await this.bundle();
    try {
      // A thin line needs longer than other calls for it.
      return await api.get<Bundle>('/api/screening/bundle', {}, { timeout: 120_000, headers: here?.etag ? { 'If-None-Match': `"${here.etag}"` } : {} });
    } catch (error) {
      if (here && error instanceof Problem && error.status === 304) return here;
      throw error;
    }
  }

  /** Each file of an instrument: where it is kept, and where it comes from. */
  private filesOf(one: Instrument): Array<[address: string, url: string]> {
    return [
      [this.address(one.xform_url, one.hash ?? one.version), one.xform_url],
      ...(one.pack_url ? [[this.address(one.pack_url, one.pack?.hash ?? one.version), one.pack_url] as [string, string]] : []),
      ...one.media.map((medium) => [this.address(medium.url, medium.hash), medium.url] as [string, string]),
    ];
  }
  private async fetchAll(cache: Cache, wanted: Map<string, string>, progress: (done: number, all: number) => void = () => undefined): Promise<void> {
    let done = 0;
    for (const [key, url] of wanted) {
      if (!(await cache.match(key))) {
        const response = await send('GET', url, null, { headers: { Accept: '*/*' }, timeout: 120_000 });
        await cache.put(key, new Response(await response.blob(), { headers: { 'content-type': response.headers.get('content-type') ?? 'application/octet-stream' } }));
      }
      progress(++done, wanted.size);
    }
  }
  /** What an interview from another device needs, so that it can be gone on with without a network. */
  async bring(interview: string, instrument: Instrument): Promise<void> {
    await this.hold(interview, instrument);
    await this.fetchAll(await caches.open(this.cacheName), new Map(this.filesOf(instrument)));
  }

  /** Interviews begun with an older version keep that version's files until they are done. */
  async inUse(address: string): Promise<boolean> {
    const held = (await this.database.device<Record<string, string[]>>('held')) ?? {};
    return Object.values(held).some((list) => list.includes(address));
  }
  hold(interview: string, instrument: Instrument): Promise<void> {
    const files = this.filesOf(instrument).map(([address]) => address);
    return this.database.changeDevice<Record<string, string[]>>('held', (held) => ({ ...held, [interview]: files }));
  }
  release(interview: string): Promise<void> {
    return this.database.changeDevice<Record<string, string[]>>('held', ({ [interview]: _, ...others } = {}) => others);
  }

  private address(url: string, hash: string): string {
    return `${url}${url.includes('?') ? '&' : '?'}h=${encodeURIComponent(hash)}`;
  }

  private async file(url: string, hash: string): Promise<Response | undefined> {
    return (await caches.open(this.cacheName)).match(this.address(url, hash));
  }
  async xform(instrument: Instrument): Promise<string> {
    const found = await this.file(instrument.xform_url, instrument.hash ?? instrument.version);
    if (!found) throw new Problem({ title: 'Not on this device', status: 0, code: 'officer.not-here', detail: 'This interview is not on the device yet. Go where there is a network and renew.' });
    return found.text();
  }
  /** The rules, as the node checked them; null where there are none, or where the bytes are not those that the node named. */
  async pack(instrument: Instrument): Promise<unknown> {
    if (!instrument.pack_url) return null;
    const found = await this.file(instrument.pack_url, instrument.pack?.hash ?? instrument.version);
    if (!found) return null;
    const canonical = await found.text();
    const { packHash } = await import('@/screening/indicator');
    return instrument.pack && (await packHash(canonical)) !== instrument.pack.hash ? null : (JSON.parse(canonical) as unknown);
  }
  async medium(instrument: Instrument, name: string): Promise<Blob | null> {
    const one = instrument.media.find((medium) => medium.name === name);
    if (!one) return null;
    const found = await this.file(one.url, one.hash);
    return found ? found.blob() : null;
  }
}
