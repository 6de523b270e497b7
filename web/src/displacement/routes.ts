import type { DeskPages } from '@/shell/desk';

const readers = ['planner', 'analyst', 'secretariat', 'supervisor'] as const;

export default {
  order: 50,
  menu: [{ to: '/displacement', label: 'displacement.title', roles: readers }],
  routes: [
    { path: '/displacement', component: () => import('./ScenariosPage.vue'), meta: { public: true } },
    // Public to the router only: these open from this device without a network, where nobody can be asked who is
    // there. With one they send to the sign-in, and the node answers nobody else anyway.
    { path: '/displacement/:scenario', component: () => import('./ScenarioPage.vue'), props: true, meta: { public: true } },
    { path: '/displacement/:scenario/sheet', component: () => import('./SheetPage.vue'), props: true, meta: { public: true } },
  ],
} satisfies DeskPages;
