import type { DeskPages } from '@/shell/desk';

const readers = ['planner', 'analyst', 'secretariat', 'supervisor'] as const;

export default {
  order: 50,
  menu: [{ to: '/displacement', label: 'displacement.title', roles: readers }],
  routes: [
    { path: '/displacement', component: () => import('./ScenariosPage.vue') },
    { path: '/displacement/:scenario', component: () => import('./ScenarioPage.vue'), props: true },
  ],
} satisfies DeskPages;
