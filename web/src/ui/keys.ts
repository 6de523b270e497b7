import type { InjectionKey } from 'vue';
import type { TextsOfPage } from '@/i18n';

/** The page's translator, for components that change the language. */
export const textsKey: InjectionKey<TextsOfPage> = Symbol('texts');
