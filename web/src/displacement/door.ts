import { useRouter } from 'vue-router';
import { useOnward } from '@/ui';
import { useSession } from '@/session/session';

/**
 * The pages of this desk are public to the router, because they open from this
 * device without a network. This is the router's own rule, asked once the page
 * knows whether there is a node: true when the page may go on.
 */
export function useDoor(): (unreached: () => boolean) => Promise<boolean> {
  const router = useRouter();
  const session = useSession();
  const onward = useOnward();
  return async (unreached) => {
    if (session.person?.must_change_password) {
      await onward('/agency/account', 'replace');
      return false;
    }
    if (session.person || unreached()) return true;
    await onward({ path: '/sign-in', query: { to: router.currentRoute.value.fullPath } }, 'replace');
    return false;
  };
}
