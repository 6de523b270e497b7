import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { createRouter, createWebHistory } from 'vue-router';
import { createTexts, type Texts } from '@/i18n';
import { textsKey } from '@/ui/keys';
import { tellOfUnseen } from '@/ui/unseen';
import '@/ui/base.css';
import '@/fonts/fonts.css';
import './officer.css';
import OfficerApp from './OfficerApp.vue';
import { modeKey, type Mode } from './mode';
import { useOfficer } from './officer';
import { register } from './serviceworker';

/** Starts the officer's app. The mode is given by the page's own entry and cannot be changed afterwards. */
export function start(mode: Mode): void {
  const texts = createTexts(import.meta.glob<{ default: Texts }>(['/src/officer/i18n/*.json', '/src/ui/i18n/*.json', '/src/session/i18n/*.json']), `${mode.storage}.locale`);
  const router = createRouter({
    history: createWebHistory(mode.base),
    routes: [
      { path: '/', component: () => import('./pages/HomePage.vue') },
      { path: '/interview/:id', component: () => import('./pages/InterviewPage.vue') },
      { path: '/handed/:id', component: () => import('./pages/HandedPage.vue') },
      { path: '/queue', component: () => import('./pages/QueuePage.vue') },
      { path: '/cards', component: () => import('./pages/CardsPage.vue') },
      { path: '/help', component: () => import('./pages/HelpPage.vue') },
      { path: '/settings', component: () => import('./pages/SettingsPage.vue') },
      { path: '/pilot', component: () => import('./pages/PilotPage.vue') },
      { path: '/:rest(.*)*', redirect: '/' },
    ],
    scrollBehavior: () => ({ top: 0 }),
  });
  const app = createApp(OfficerApp);
  tellOfUnseen(app, router, texts);
  app.use(createPinia()).use(texts.i18n).use(router).provide(textsKey, texts).provide(modeKey, mode);
  // What the device holds is looked up while the texts are fetched; it says itself what goes wrong.
  void useOfficer().start();
  void texts.choose(texts.preferred(), false).finally(() => app.mount('#app'));
  void register(mode);
}
