import type { DeskPages } from '@/shell/desk';

export default {
  order: 90,
  menu: [
    { to: '/agency/people', label: 'agency.people.title', roles: ['administrator', 'supervisor'] },
    { to: '/agency/organisations', label: 'agency.organisations.title', roles: ['administrator'] },
    { to: '/agency/devices', label: 'agency.devices.title', roles: ['administrator', 'supervisor'] },
    { to: '/agency/account', label: 'agency.account.title' },
  ],
  routes: [
    { path: '/agency', redirect: '/agency/account' },
    { path: '/agency/people', component: () => import('./PeoplePage.vue') },
    { path: '/agency/organisations', component: () => import('./OrganisationsPage.vue') },
    { path: '/agency/devices', component: () => import('./DevicesPage.vue') },
    { path: '/agency/account', component: () => import('./AccountPage.vue') },
  ],
} satisfies DeskPages;
