import { nextTick, watch } from 'vue';
import { createI18n } from 'vue-i18n';
import { locales, matchLocale } from './locales';
import { pluralRule } from './plural';

export { locales, direction } from './locales';

/**
 * Texts are data: src/<desk>/i18n/<locale>.json, each file one object of
 * texts whose keys stand under the desk's own name ("screening.title").
 * `_meta.draft` marks texts that no speaker has checked yet.
 */
export interface Texts {
  _meta?: { draft?: boolean; note?: string };
  [key: string]: unknown;
}

/** Loads the texts of one folder in one locale. */
export type TextLoaders = Record<string, () => Promise<{ default: Texts }>>;

const folderAndLocale = /\/([^/]+)\/i18n\/([A-Za-z-]+)\.json$/;

/**
 * The translator of one page. `loaders` comes from import.meta.glob over the
 * folders that the page shows, so that a phone never loads the desks' texts.
 */
export function createTexts(loaders: TextLoaders, stored: string) {
  const byLocale = new Map<string, Array<[string, () => Promise<{ default: Texts }>]>>();
  for (const [path, load] of Object.entries(loaders)) {
    const match = folderAndLocale.exec(path);
    if (!match) continue;
    const [, folder = '', code = ''] = match;
    byLocale.set(code, [...(byLocale.get(code) ?? []), [folder, load]]);
  }

  const i18n = createI18n({
    legacy: false,
    locale: 'en',
    fallbackLocale: 'en',
    messages: {} as Record<string, Record<string, never>>,
    pluralRules: Object.fromEntries(locales.map(({ code }) => [code, pluralRule(code)])),
    missingWarn: false,
    fallbackWarn: false,
    warnHtmlMessage: false,
  });
  const drafts = new Map<string, boolean>();
  const loaded = new Set<string>();

  async function load(code: string): Promise<void> {
    if (loaded.has(code)) return;
    const all: Record<string, unknown> = {};
    const parts = await Promise.all((byLocale.get(code) ?? []).map(async ([folder, get]) => [folder, (await get()).default] as const));
    let draft = false;
    for (const [folder, texts] of parts) {
      const { _meta, ...rest } = texts;
      draft ||= _meta?.draft === true;
      all[folder] = { ...(all[folder] as object | undefined), ...rest };
    }
    i18n.global.setLocaleMessage(code, all as Record<string, never>);
    drafts.set(code, draft);
    loaded.add(code);
  }

  let newest = 0;
  async function choose(code: string, remember = true): Promise<void> {
    const mine = ++newest;
    await Promise.all([load('en'), load(code)]);
    if (mine !== newest) return; // another was chosen while these texts were still on their way
    i18n.global.locale.value = code;
    if (remember) {
      try {
        localStorage.setItem(stored, code);
      } catch {
        // storage may be refused: the choice then lasts for this visit
      }
    }
    await nextTick();
  }

  function preferred(): string {
    let kept: string | null = null;
    try {
      kept = localStorage.getItem(stored);
    } catch {
      // as above
    }
    return matchLocale([...(kept ? [kept] : []), ...navigator.languages]);
  }

  watch(
    i18n.global.locale,
    (code) => {
      document.documentElement.lang = code;
      document.documentElement.dir = locales.find((locale) => locale.code === code)?.dir ?? 'ltr';
    },
    { immediate: true },
  );

  return { i18n, choose, preferred, isDraft: (code: string): boolean => drafts.get(code) ?? false };
}

export type TextsOfPage = ReturnType<typeof createTexts>;
