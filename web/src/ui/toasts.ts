import { readonly, ref } from 'vue';

/** A short message that passes; nothing that must be read is told only here. */
export interface Toast {
  id: number;
  text: string;
  kind: 'plain' | 'good' | 'bad';
}

const shown = ref<Toast[]>([]);
let last = 0;

export const toasts = readonly(shown);

export function toast(text: string, kind: Toast['kind'] = 'plain'): void {
  const id = ++last;
  shown.value.push({ id, text, kind });
  setTimeout(() => dismiss(id), kind === 'bad' ? 12_000 : 6_000);
}

export function dismiss(id: number): void {
  shown.value = shown.value.filter((one) => one.id !== id);
}
