import type { DeskPages } from '@/shell/desk';

const staff = ['caseworker', 'supervisor'] as const;

export default {
  order: 30,
  menu: [
    { to: '/casework', label: 'casework.work.title', roles: staff },
    { to: '/casework/cases', label: 'casework.cases.title', roles: [...staff, 'officer'] },
    { to: '/casework/directory', label: 'casework.directory.title', roles: [...staff, 'officer'] },
    { to: '/casework/inbox', label: 'casework.box.inbox', roles: staff },
    { to: '/casework/outbox', label: 'casework.box.outbox', roles: staff },
    { to: '/casework/bring', label: 'casework.bring.title', roles: staff },
    { to: '/casework/board', label: 'casework.board.title', roles: ['supervisor'] },
  ],
  routes: [
    { path: '/casework', component: () => import('./WorkPage.vue') },
    { path: '/casework/cases', component: () => import('./CasesPage.vue') },
    { path: '/casework/cases/:case', component: () => import('./CasePage.vue'), props: true },
    { path: '/casework/directory', component: () => import('./DirectoryPage.vue') },
    { path: '/casework/directory/bring', component: () => import('./BringServicesPage.vue') },
    { path: '/casework/inbox', component: () => import('./BoxPage.vue'), props: { inbox: true } },
    { path: '/casework/outbox', component: () => import('./BoxPage.vue'), props: { inbox: false } },
    { path: '/casework/inbox/:referral', component: () => import('./ReceivedPage.vue'), props: true },
    { path: '/casework/bring', component: () => import('./BringPage.vue') },
    { path: '/casework/notices', component: () => import('./NoticesPage.vue') },
    { path: '/casework/board', component: () => import('./BoardPage.vue') },
    { path: '/casework/partner', component: () => import('./PartnerPage.vue'), meta: { public: true, bare: true } },
    { path: '/casework/confirm', component: () => import('./ConfirmPage.vue'), meta: { public: true, bare: true } },
  ],
} satisfies DeskPages;
