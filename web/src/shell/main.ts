import { createPinia } from 'pinia';
import { createApp } from 'vue';
import { createTexts, type Texts } from '@/i18n';
import { textsKey } from '@/ui/keys';
import { tellOfUnseen } from '@/ui/unseen';
import '@/ui/base.css';
import '@/fonts/fonts.css';
import App from './App.vue';
import { router } from './router';

// Every desk's texts; the officer's app has its own page and its own texts.
const texts = createTexts(import.meta.glob<{ default: Texts }>(['/src/*/i18n/*.json', '!/src/officer/**']), 'lintas.locale');

const app = createApp(App);
tellOfUnseen(app, router, texts);
void texts.choose(texts.preferred(), false).finally(() => {
  app.use(createPinia()).use(texts.i18n).use(router).provide(textsKey, texts).mount('#app');
});
