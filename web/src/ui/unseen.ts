import type { App } from 'vue';
import type { Router } from 'vue-router';
import { Problem } from '@/api/client';
import type { createTexts } from '@/i18n';
import { toast } from './toasts';

/** A page or a part of one that was not on this device and could not be fetched, in the words of the browsers. */
const notFetched = /dynamically imported module|importing a module script failed|error loading dynamically/i;

/** The sentence for a failure that no page showed; empty where the person did it: closed a browser's own window, or left. */
export function sentenceKey(error: unknown): string {
  if (error instanceof DOMException && (error.name === 'AbortError' || error.name === 'NotAllowedError')) return '';
  if (error instanceof Problem && error.unreachable) return 'ui.problems.web.unreachable';
  if (error instanceof Error && notFetched.test(error.message)) return 'ui.problems.web.unreachable';
  return error instanceof Problem && error.code === 'web.http' ? 'ui.problems.web.http' : 'ui.problems.web.unknown';
}

/**
 * The last net of both apps. A page shows what goes wrong where it goes wrong (UiProblem); what slips through - an
 * event handler, a hook, a promise that nobody waited for, a page that could not be fetched - is told here, so that
 * nobody presses a button and sees nothing. The sentence holds nothing of the failure itself, which may name somebody;
 * that stays in the browser's console.
 */
export function tellOfUnseen(app: App, router: Router, texts: ReturnType<typeof createTexts>): void {
  let last = { key: '', at: 0 };
  const tell = (error: unknown): void => {
    console.error(error);
    const key = sentenceKey(error);
    if (key === '' || (key === last.key && Date.now() - last.at < 12_000)) return; // one failure often comes as several
    last = { key, at: Date.now() };
    toast(texts.i18n.global.t(key), 'bad');
  };
  app.config.errorHandler = tell;
  router.onError(tell);
  addEventListener('unhandledrejection', (event) => {
    event.preventDefault(); // told, and in the console by tell
    tell(event.reason);
  });
}
