import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { drop, forget, keep, send, sendAll, stored, unsentCases, unsentOf } from './unsent';

/** A node that answers by the body it is sent; it stands where the network does. */
type Answer = (path: string, body: { base: number; values: Record<string, string> }) => Response | 'offline';
const sent: { path: string; body: { base: number; values: Record<string, string> } }[] = [];
function node(answer: Answer): void {
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    const body = JSON.parse(String(init.body)) as { base: number; values: Record<string, string> };
    const said = answer(path, body);
    if (said === 'offline') throw new TypeError('Failed to fetch');
    sent.push({ path, body });
    return said;
  });
}
const json = (status: number, body: object): Response => new Response(JSON.stringify(body), { status, headers: { 'content-type': status < 400 ? 'application/json' : 'application/problem+json' } });
const taken = (): Response => json(200, { revision: 9, changed: [], conflicts: [] });
const write = (id: string, part: string, values: Record<string, string>, base = 1): ReturnType<typeof keep> => keep({ case: id, code: `CODE-${id}`, class: part, base, values });

describe('what was written without a network', () => {
  let page: EventTarget;
  beforeEach(() => {
    sent.splice(0);
    page = new EventTarget(); // the window's part in it
    vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
    vi.stubGlobal('removeEventListener', page.removeEventListener.bind(page));
  });
  afterEach(() => {
    forget();
    vi.unstubAllGlobals();
  });

  it('waits, is named, and goes out when the node is there again', async () => {
    node(() => 'offline');
    await send(write('a', 'contact', { phone: '1' }));
    expect(unsentCases.value).toEqual([{ id: 'a', code: 'CODE-a' }]);
    expect(unsentOf(() => 'a').value[0]?.problem?.unreachable).toBe(true);
    node(taken);
    page.dispatchEvent(new Event('online'));
    await vi.waitFor(() => expect(unsentCases.value).toEqual([]));
    expect(sent.map((one) => one.body.values)).toEqual([{ phone: '1' }]);
  });

  it('is not held back by one part that the node refuses', async () => {
    node(() => 'offline');
    for (const id of ['a', 'b', 'c', 'd']) await send(write(id, 'medical', { medical_needs: id }));
    node((path) => (path.includes('/b/') ? json(410, { title: 'Gone', code: 'casework.erased' }) : taken()));
    await sendAll();
    expect(unsentCases.value.map((one) => one.id)).toEqual(['b']);
    expect(unsentOf(() => 'b').value[0]?.problem?.code).toBe('casework.erased');
    expect(unsentOf(() => 'b').value[0]?.values).toEqual({ medical_needs: 'b' });
  });

  it('is not sent again and again once the node has refused it', async () => {
    node(() => json(410, { title: 'Gone', code: 'casework.erased' }));
    await send(write('a', 'medical', { medical_needs: 'x' }));
    await sendAll();
    expect(sent).toHaveLength(1);
  });

  it('keeps the revision it was first written upon, so that a late edit is merged and not laid over', async () => {
    node(() => 'offline');
    await send(write('a', 'contact', { phone: '1' }, 3));
    node(taken);
    await send(write('a', 'contact', { email: 'x@y.test' }, 7));
    expect(sent[0]?.body).toEqual({ base: 3, values: { phone: '1', email: 'x@y.test' } });
  });

  it('tells when two people changed one field', async () => {
    node(() => json(200, { revision: 9, changed: [], conflicts: [{ field: 'phone' }] }));
    await send(write('a', 'contact', { phone: '1' }));
    expect(stored.value).toEqual({ case: 'a', conflicts: 1 });
  });

  it('keeps what is written while an earlier try is under way', async () => {
    let answer: (response: Response) => void = () => undefined;
    vi.stubGlobal('fetch', () => new Promise<Response>((done) => (answer = done)));
    const first = send(write('a', 'contact', { phone: '1' }));
    write('a', 'contact', { phone: '2' });
    answer(taken());
    await first;
    expect(unsentOf(() => 'a').value[0]?.values).toEqual({ phone: '2' });
  });

  it('is gone when it is thrown away, and when its writer leaves', () => {
    node(() => 'offline');
    const one = write('a', 'contact', { phone: '1' });
    write('b', 'contact', { phone: '2' });
    drop(one);
    expect(unsentCases.value.map((left) => left.id)).toEqual(['b']);
    forget();
    expect(unsentCases.value).toEqual([]);
  });
});
