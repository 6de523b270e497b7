import { useRouter } from 'vue-router';
import { useSession } from '@/session/session';

/**
 * The pages of this desk are public to the router, because they open from this
 * device without a network. This is the router's own rule, asked once the page
 * knows whether there is a node: true when the page may go on.
 */
export function useDoor(): (unreached: () => boolean) => Promise<boolean> {
  const router = useRouter();
  const session = useSession();
  return async (unreached) => {
    if (session.person?.must_change_password) {
      await router.replace('/agency/account');
      return false;
    }
    if (session.person || unreached()) return true;
    await router.replace({ path: '/sign-in', query: { to: router.currentRoute.value.fullPath } });
    return false;
  };
}
