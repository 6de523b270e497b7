/** The nouns of the agency's API, and how its pages ask for lists. */
import { onMounted, ref, type Ref } from 'vue';
import { api } from '@/api/client';
import type { Role } from '@/session/session';
import { useNewest } from '@/ui/tasks';

/** In the order of the node's own list (kernel/actor). */
export const roles: readonly Role[] = ['officer', 'caseworker', 'supervisor', 'analyst', 'planner', 'secretariat', 'trainer', 'administrator'];

export const kinds = ['state', 'international', 'civil-society', 'business'] as const;

export interface Organisation {
  id: string;
  name: string;
  country: string;
  kind: (typeof kinds)[number];
}

export interface Member {
  id: string;
  login: string;
  name: string;
  roles: Role[];
  organisation: Organisation;
  locale: string;
  state: 'active' | 'left';
  must_change_password: boolean;
  one_time_code_on: boolean;
  made_at: string;
}

export interface Device {
  id: string;
  name: string;
  enrolled_by: string;
  made_at: string;
  ends_at?: string;
  revoked_at?: string;
  wipe_ordered_at?: string;
  wiped_at?: string;
  seen_at?: string;
}

export interface Enrolment {
  device: Device;
  token: string;
  server_url: string;
  qr_text: string;
  qr_svg: string;
}

export type DeviceState = 'active' | 'ended' | 'wipe' | 'wiped' | 'revoked';

/** The one word for a device's state; the strongest wins. `now` is milliseconds since 1970. */
export function stateOf(device: Device, now: number): DeviceState {
  if (device.wiped_at) return 'wiped';
  if (device.wipe_ordered_at) return 'wipe';
  if (device.revoked_at) return 'revoked';
  if (device.ends_at && new Date(device.ends_at).getTime() < now) return 'ended';
  return 'active';
}

/** A list of the node, fetched when the page opens. */
export function useList<T>(path: string): { items: Ref<T[] | null>; problem: Ref<unknown>; load: () => Promise<void> } {
  const items = ref<T[] | null>(null) as Ref<T[] | null>;
  const { problem, run } = useNewest();
  const load = async (): Promise<void> => void (await run(() => api.list<T>(path), (page) => (items.value = page.items ?? [])));
  onMounted(load);
  return { items, problem, load };
}

/** A drawing of the node as the source of an <img>: what stands inside can run nothing there. */
export function drawing(svg: string): string {
  return 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(svg);
}
