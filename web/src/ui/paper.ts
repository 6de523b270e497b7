import { onBeforeUnmount, onMounted } from 'vue';

/** Before the page is printed, and after: what paper needs and the screen does not. */
export function usePaper(toPaper: () => void, back: () => void): void {
  onMounted(() => {
    addEventListener('beforeprint', toPaper);
    addEventListener('afterprint', back);
  });
  onBeforeUnmount(() => {
    removeEventListener('beforeprint', toPaper);
    removeEventListener('afterprint', back);
  });
}

/** Opens what is folded below an element, for on paper nothing can be; the answer folds it again. */
export function unfold(root: HTMLElement | null | undefined): () => void {
  const closed = [...(root?.querySelectorAll<HTMLDetailsElement>('details:not([open])') ?? [])];
  for (const one of closed) one.open = true;
  return () => {
    for (const one of closed) one.open = false;
  };
}
