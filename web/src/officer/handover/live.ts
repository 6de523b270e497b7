import { api, Problem } from '@/api/client';
import { fromBase64, toBase64 } from '../interview';
import type { Courier, Handover, Place } from './transport';

const at = '/api/screening/handovers/';

/** A Wi-Fi sign-in page answers 200 to anything: only an answer about this very hand-over counts. */
async function about(id: string, answer: Promise<Handover>): Promise<Handover> {
  const told = await answer.catch((error: unknown) => {
    throw error instanceof SyntaxError ? stranger() : error;
  });
  if (told?.id !== id) throw stranger();
  return told;
}
const stranger = (): Problem => new Problem({ title: 'Not the node', status: 0, code: 'officer.not-the-node' });

/** To the node, with the officer's own session. The exercise is built without this. */
export const liveCourier: Courier = {
  publish: (place, deviceToken, publicKey) => api.put(`/api/screening/places/${place}`, { device_token: deviceToken, public_key: publicKey }),
  leave: (place) => api.delete(`/api/screening/places/${place}`),
  places: async () => (await api.list<Place>('/api/screening/places')).items,
  waiting: async (place) => (await api.list<Handover>('/api/screening/handovers', { place })).items,
  hand: (id, from, to, sealed) => about(id, api.put(at + id, { from, to, sealed: toBase64(sealed) }, { timeout: 120_000 })),
  state: (id) => about(id, api.get(at + id)),
  sealed: async (id) => fromBase64((await api.get<{ sealed: string }>(`${at}${id}/sealed`, undefined, { timeout: 120_000 })).sealed),
  take: (id) => about(id, api.post(`${at}${id}/take`, {})),
  refuse: (id) => about(id, api.post(`${at}${id}/refuse`, {})),
  withdraw: (id, from) => about(id, api.post(`${at}${id}/withdraw`, { from })),
};
