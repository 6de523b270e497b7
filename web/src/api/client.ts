/**
 * The one way to the node's API. Same origin only; every unsafe request
 * carries X-Lintas-Request, which a page of another origin cannot set.
 */

/** A field that the node refuses, with where it stands in the request. */
export interface FieldProblem {
  location: string;
  message: string;
  /** The message with {0}, {1}... where `values` stand; absent when it has none. */
  template?: string;
  values?: string[];
}

/** RFC 9457 problem details as the node sends them. `code` never changes; texts are translated by it. */
export interface ProblemBody {
  type?: string;
  title: string;
  status: number;
  detail?: string;
  code?: string;
  /** What stands in `detail`, for its translations. */
  values?: string[];
  fields?: FieldProblem[];
  errors?: unknown[];
  [extra: string]: unknown;
}

/** What every failed call throws: the node's problem, or code "web.unreachable" when there is no network. */
export class Problem extends Error {
  constructor(readonly body: ProblemBody) {
    super(body.detail ?? body.title);
    this.name = 'Problem';
  }
  get code(): string {
    return this.body.code ?? 'web.unknown';
  }
  get status(): number {
    return this.body.status;
  }
  /** True when the node was not reached at all, so that trying later can help. */
  get unreachable(): boolean {
    return this.body.code === 'web.unreachable';
  }
}

/** A page of a list; `next` is the cursor of the page after it. */
export interface Page<T> {
  items: T[];
  next?: string;
}

type Query = Record<string, string | number | boolean | null | undefined>;

export interface CallOptions {
  query?: Query;
  signal?: AbortSignal;
  headers?: Record<string, string>;
  /** Milliseconds before the call gives up as unreachable; 30,000 unless told. */
  timeout?: number;
}

function address(path: string, query?: Query): string {
  const pairs = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null && value !== '');
  if (pairs.length === 0) return path;
  return path + '?' + new URLSearchParams(pairs.map(([key, value]) => [key, String(value)])).toString();
}

async function problemOf(response: Response): Promise<Problem> {
  const type = response.headers.get('content-type') ?? '';
  if (type.includes('json')) {
    try {
      const body = (await response.json()) as ProblemBody;
      return new Problem({ ...body, status: response.status, title: body.title || response.statusText });
    } catch {
      // a broken body is told by its status below
    }
  }
  return new Problem({ title: response.statusText || 'Error', status: response.status, code: 'web.http' });
}

/** Sends one request and hands back the raw answer; throws Problem when it is not 2xx. */
export async function send(method: string, path: string, body?: BodyInit | object | null, options: CallOptions = {}): Promise<Response> {
  const headers = new Headers(options.headers);
  headers.set('Accept', 'application/json');
  if (method !== 'GET' && method !== 'HEAD') headers.set('X-Lintas-Request', '1');
  let payload: BodyInit | null = null;
  if (body instanceof FormData || body instanceof Blob || typeof body === 'string') payload = body;
  else if (body !== undefined && body !== null) {
    payload = JSON.stringify(body);
    headers.set('Content-Type', 'application/json');
  }
  const limit = AbortSignal.timeout(options.timeout ?? 30_000);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  let response: Response;
  try {
    response = await fetch(address(path, options.query), { method, headers, body: payload, signal, credentials: 'same-origin', redirect: 'error' });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new Problem({ title: 'The node cannot be reached', status: 0, code: 'web.unreachable' });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/**
 * Sends a file and tells how much of it has left, from 0 to 1; fetch cannot tell. The same refusals as `send`.
 * Aborted by the caller it throws an AbortError.
 */
export function upload<T>(path: string, file: Blob, options: Omit<CallOptions, 'headers'> & { sent?: (share: number) => void } = {}): Promise<T> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open('POST', address(path, options.query));
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('X-Lintas-Request', '1');
    request.timeout = options.timeout ?? 30_000;
    request.upload.onprogress = (event) => options.sent?.(event.total > 0 ? event.loaded / event.total : 1);
    request.onerror = request.ontimeout = () => fail(new Problem({ title: 'The node cannot be reached', status: 0, code: 'web.unreachable' }));
    request.onabort = () => fail(new DOMException('The caller gave up', 'AbortError'));
    request.onload = () => {
      const answer = new Response(request.status === 204 ? null : request.responseText, { status: request.status, statusText: request.statusText, headers: { 'Content-Type': request.getResponseHeader('Content-Type') ?? '' } });
      if (answer.ok) answer.json().then((body) => done(body as T), fail);
      else void problemOf(answer).then(fail);
    };
    options.signal?.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

async function json<T>(method: string, path: string, body?: BodyInit | object | null, options?: CallOptions): Promise<T> {
  const response = await send(method, path, body, options);
  if (response.status === 204) return undefined as T;
  const text = await response.text();
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

export const api = {
  get: <T>(path: string, query?: Query, options?: CallOptions): Promise<T> => json<T>('GET', path, null, { ...options, query }),
  post: <T>(path: string, body?: BodyInit | object | null, options?: CallOptions): Promise<T> => json<T>('POST', path, body, options),
  put: <T>(path: string, body?: BodyInit | object | null, options?: CallOptions): Promise<T> => json<T>('PUT', path, body, options),
  patch: <T>(path: string, body?: BodyInit | object | null, options?: CallOptions): Promise<T> => json<T>('PATCH', path, body, options),
  delete: <T>(path: string, options?: CallOptions): Promise<T> => json<T>('DELETE', path, null, options),
  list: <T>(path: string, query?: Query, options?: CallOptions): Promise<Page<T>> => json<Page<T>>('GET', path, null, { ...options, query }),
  /** A file to keep: hands back its bytes and the name the node gave it. */
  async file(path: string, query?: Query): Promise<{ blob: Blob; name: string }> {
    const response = await send('GET', path, null, { query, headers: { Accept: '*/*' } });
    const named = /filename\*?=(?:UTF-8'')?"?([^";]+)/i.exec(response.headers.get('content-disposition') ?? '');
    return { blob: await response.blob(), name: decodeURIComponent(named?.[1] ?? 'download') };
  },
};
