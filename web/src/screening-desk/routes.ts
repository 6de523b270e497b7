import type { DeskPages } from '@/shell/desk';

export default {
  order: 20,
  menu: [
    { to: '/screening/screenings', label: 'screening-desk.screenings.title', roles: ['officer', 'caseworker', 'supervisor'] },
    { to: '/screening/instruments', label: 'screening-desk.instruments.title', roles: ['officer', 'caseworker', 'supervisor', 'administrator', 'trainer'] },
    { to: '/screening/procedure', label: 'screening-desk.procedure.title', roles: ['officer', 'caseworker', 'supervisor', 'administrator', 'trainer'] },
    { to: '/screening/pilot', label: 'screening-desk.pilot.title', roles: ['supervisor', 'analyst', 'administrator'] },
    { to: '/screening/quarantine', label: 'screening-desk.quarantine.title', roles: ['supervisor', 'administrator'] },
  ],
  routes: [
    { path: '/screening', redirect: '/screening/screenings' },
    { path: '/screening/screenings', component: () => import('./ScreeningsPage.vue') },
    { path: '/screening/screenings/:id', component: () => import('./ScreeningPage.vue'), props: true },
    { path: '/screening/instruments', component: () => import('./InstrumentsPage.vue') },
    { path: '/screening/instruments/:id', component: () => import('./InstrumentPage.vue'), props: true },
    { path: '/screening/upload', component: () => import('./UploadPage.vue') },
    { path: '/screening/procedure', component: () => import('./ProcedurePage.vue') },
    { path: '/screening/pilot', component: () => import('./PilotPage.vue') },
    { path: '/screening/quarantine', component: () => import('./QuarantinePage.vue') },
  ],
} satisfies DeskPages;
