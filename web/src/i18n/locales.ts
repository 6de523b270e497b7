/** A language of the interface, named in its own script. */
export interface Locale {
  code: string;
  name: string;
  dir: 'ltr' | 'rtl';
}

/** English is the source; every other locale's texts say whether a speaker has checked them. */
export const locales: readonly Locale[] = [
  { code: 'en', name: 'English', dir: 'ltr' },
  { code: 'id', name: 'Bahasa Indonesia', dir: 'ltr' },
  { code: 'th', name: 'ไทย', dir: 'ltr' },
  { code: 'vi', name: 'Tiếng Việt', dir: 'ltr' },
  { code: 'my', name: 'မြန်မာ', dir: 'ltr' },
  { code: 'ar', name: 'العربية', dir: 'rtl' },
];

const rightToLeft = new Set(['ar', 'fa', 'prs', 'ps', 'ur', 'he', 'yi', 'dv', 'ku', 'sd', 'ug', 'rhg']);

/** The direction of a language by its BCP 47 code ("ur-PK" is right to left, "rhg-Rohg" too). */
export function direction(code: string): 'ltr' | 'rtl' {
  const [language = '', ...rest] = code.toLowerCase().split('-');
  if (rest.includes('latn')) return 'ltr';
  return rightToLeft.has(language) ? 'rtl' : 'ltr';
}

/** The best interface locale for what a browser or a person asks for. */
export function matchLocale(wanted: readonly string[]): string {
  for (const tag of wanted) {
    const language = tag.toLowerCase().split('-')[0] ?? '';
    if (locales.some((locale) => locale.code === language)) return language;
  }
  return 'en';
}
