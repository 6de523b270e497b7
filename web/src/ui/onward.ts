import { onBeforeUnmount } from 'vue';
import { useRouter, type RouteLocationRaw } from 'vue-router';

/** Leads on to another page when something is done, unless somebody has left this one meanwhile: then they stay where they went. */
export function useOnward(): (to: RouteLocationRaw, how?: 'push' | 'replace') => Promise<void> {
  const router = useRouter();
  let here = true;
  onBeforeUnmount(() => (here = false));
  return async (to, how = 'push') => {
    if (here) await router[how](to);
  };
}
