import { createRouter, createWebHistory } from 'vue-router';
import { useSession } from '@/session/session';
import { desks } from './desks';

declare module 'vue-router' {
  interface RouteMeta {
    public?: boolean;
    /** A page that draws its own frame, for print or for people without an account. */
    bare?: boolean;
  }
}

export const router = createRouter({
  history: createWebHistory('/'),
  routes: [
    { path: '/', component: () => import('./HomePage.vue') },
    { path: '/sign-in', component: () => import('./SignInPage.vue'), meta: { public: true } },
    ...desks.flatMap((desk) => desk.routes),
    { path: '/:rest(.*)*', component: () => import('./NotFoundPage.vue'), meta: { public: true } },
  ],
  scrollBehavior: (_to, _from, kept) => kept ?? { top: 0 },
});

router.beforeEach(async (to) => {
  if (to.meta.public) return true;
  const session = useSession();
  if (!session.person) await session.load().catch(() => undefined); // then nobody is signed in, and the sign-in says what the node says
  // A password that somebody else has seen opens only the page that changes it: the node gives such a session no roles.
  if (session.person?.must_change_password && to.path !== '/agency/account') return '/agency/account';
  return session.person ? true : { path: '/sign-in', query: to.fullPath === '/' ? {} : { to: to.fullPath } };
});
