import { ref } from 'vue';
import { workerAddress } from '@/trusted';
import type { Mode } from './mode';

/** The browser did not keep the app: without a network it will not open. The first page says so. */
export const notKept = ref(false);

/** The app's own service worker, in the mode's own scope. Without one (an old browser, no TLS) the app works online only. */
export async function register(mode: Mode): Promise<void> {
  if (import.meta.env.DEV) return;
  if (!('serviceWorker' in navigator)) {
    notKept.value = true;
    return;
  }
  const own = `${mode.base}sw.js`;
  let registration: ServiceWorkerRegistration;
  try {
    registration = await navigator.serviceWorker.register(workerAddress(own), { scope: mode.base, updateViaCache: 'none' });
  } catch {
    notKept.value = !(await offlineReady()); // one that is here already goes on working, also where the node is not reached now
    return;
  }
  registration.addEventListener('updatefound', () => {
    const next = registration.installing;
    next?.addEventListener('statechange', () => {
      if (next.state === 'installed' && navigator.serviceWorker.controller) dispatchEvent(new Event('lintas-renewed'));
    });
  });
}

/** Takes up the version that waits. Only asked for between interviews. */
export async function takeNewVersion(): Promise<void> {
  const registration = await navigator.serviceWorker.getRegistration();
  if (!registration?.waiting) return;
  navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true });
  registration.waiting.postMessage('take over');
}

/** True once everything the app needs without a network is here. */
export async function offlineReady(): Promise<boolean> {
  if (!('serviceWorker' in navigator)) return false;
  const registration = await navigator.serviceWorker.getRegistration();
  return registration?.active != null;
}

const samples: Record<string, [string, string]> = {
  ar: ['Noto Sans Arabic', 'ب'], ur: ['Noto Sans Arabic', 'ب'], fa: ['Noto Sans Arabic', 'ب'], prs: ['Noto Sans Arabic', 'ب'], ps: ['Noto Sans Arabic', 'ب'], rhg: ['Noto Sans Arabic', 'ب'],
  my: ['Noto Sans Myanmar', 'က'], th: ['Noto Sans Thai', 'ก'], km: ['Noto Sans Khmer', 'ក'], lo: ['Noto Sans Lao', 'ກ'], si: ['Noto Sans Sinhala', 'ක'], ta: ['Noto Sans Tamil', 'க'], bn: ['Noto Sans Bengali', 'ক'],
};

/** Fetches the fonts of these languages through the service worker, which keeps them. */
export async function keepFonts(codes: readonly string[]): Promise<void> {
  await navigator.serviceWorker?.ready.catch(() => undefined); // never fails in browsers of today; fonts are fetched all the same
  const wanted = new Map(codes.flatMap((code) => (samples[code.split('-')[0] ?? ''] ? [samples[code.split('-')[0]!]!] : [])));
  await Promise.all([...wanted].flatMap(([family, sample]) => [400, 700].map((weight) => document.fonts.load(`${weight} 1em '${family}'`, sample).catch(() => [])))); // a font that is missing leaves readable letters of the device
}
