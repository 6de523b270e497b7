import type { ProblemBody } from '@/api/client';
import type { Outcome, Parcel, Transport } from './transport';

/**
 * Sends to the node the way ODK Collect does (OpenRosa 1.0), with the
 * officer's own session. Only 201 and 202 count as taken: a captive portal
 * answers 200 to anything.
 */
export const liveTransport: Transport = {
  async send(parcel: Parcel): Promise<Outcome> {
    const form = new FormData();
    form.append('xml_submission_file', new File([parcel.xml], 'submission.xml', { type: 'text/xml' }));
    for (const one of parcel.attachments) form.append(one.name, new File([one.bytes], one.name, { type: one.type }));
    let response: Response;
    try {
      response = await fetch('/openrosa/submission', {
        method: 'POST',
        body: form,
        headers: { 'X-OpenRosa-Version': '1.0', 'X-Lintas-Request': '1', Accept: 'application/problem+json' },
        credentials: 'same-origin',
        redirect: 'error',
        signal: AbortSignal.timeout(60_000),
      });
    } catch {
      return { kind: 'again', reason: 'offline', status: 0 };
    }
    const { status } = response;
    if (status === 201 || status === 202) {
      return response.headers.has('X-OpenRosa-Version') ? { kind: 'taken', status } : { kind: 'again', reason: 'not-the-node', status };
    }
    if (status === 401) return { kind: 'sign-in', status };
    if (status === 408 || status === 425 || status === 429 || status >= 500) return { kind: 'again', reason: 'busy', status };
    if (status < 400) return { kind: 'again', reason: 'not-the-node', status };
    return { kind: 'refused', status, ...refusalOf(await response.text()) };
  },
};

/** A refusal with its code, as the app asks for; else the sentence that the node writes for other clients. */
export function refusalOf(body: string): { message: string; problem?: ProblemBody } {
  try {
    const problem = JSON.parse(body) as ProblemBody;
    if (typeof problem.code === 'string') return { message: String(problem.detail ?? '').slice(0, 400), problem };
  } catch {
    // not a problem: an OpenRosaResponse, or somebody else's page
  }
  return { message: messageOf(body) };
}

/** The sentence inside an OpenRosaResponse, which the node writes for enumerators. */
export function messageOf(body: string): string {
  const inside = /<message[^>]*>([\s\S]*?)<\/message>/.exec(body)?.[1] ?? '';
  return inside.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&quot;/g, '"').replace(/&#39;|&apos;/g, "'").replace(/&amp;/g, '&').trim().slice(0, 400);
}
