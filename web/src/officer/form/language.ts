import { direction } from '@/i18n/locales';

/** A language the traveller can choose, named in its own script. */
export interface TravellerLanguage {
  code: string;
  name: string;
  dir: 'ltr' | 'rtl';
}

// Names where browsers know none, or only the English one.
const ownNames: Record<string, string> = {
  rhg: '𐴌𐴗𐴥𐴝𐴙𐴚𐴒𐴙𐴝 (Ruáingga)',
  prs: 'دری',
  ps: 'پښتو',
  ur: 'اردو',
  fa: 'فارسی',
  ar: 'العربية',
  my: 'မြန်မာ',
  km: 'ខ្មែរ',
  lo: 'ລາວ',
  th: 'ไทย',
  vi: 'Tiếng Việt',
  id: 'Bahasa Indonesia',
  ms: 'Bahasa Melayu',
  si: 'සිංහල',
  ta: 'தமிழ்',
  bn: 'বাংলা',
  en: 'English',
  zh: '中文',
  tl: 'Tagalog',
  hi: 'हिन्दी',
  ne: 'नेपाली',
};
// Names that workbooks write in English without a code.
const englishNames: Record<string, string> = {
  english: 'en', indonesian: 'id', bahasa: 'id', thai: 'th', vietnamese: 'vi', burmese: 'my', myanmar: 'my', khmer: 'km', lao: 'lo', sinhala: 'si', tamil: 'ta', bengali: 'bn', bangla: 'bn', arabic: 'ar', urdu: 'ur', dari: 'prs', rohingya: 'rhg', malay: 'ms', chinese: 'zh', persian: 'fa', hindi: 'hi', nepali: 'ne', tagalog: 'tl',
};

/** The BCP 47 code of a form language: "Bahasa Indonesia (id)" is id, "Thai" is th, "" is "". */
export function languageCode(language: { language: string; isSyntheticDefault?: true }): string {
  const inBrackets = /\(([A-Za-z]{2,3}(?:-[A-Za-z0-9]+)*)\)\s*$/.exec(language.language)?.[1];
  if (inBrackets) return inBrackets.toLowerCase();
  const plain = language.language.trim().toLowerCase();
  if (englishNames[plain]) return englishNames[plain];
  return /^[a-z]{2,3}(-[a-z0-9]+)*$/.test(plain) ? plain : '';
}

/** How a language calls itself. */
export function ownName(code: string, written: string): string {
  const base = code.split('-')[0] ?? code;
  const known = ownNames[code] ?? ownNames[base];
  if (known) return known;
  if (base !== '') {
    try {
      const name = new Intl.DisplayNames([code], { type: 'language', fallback: 'none' }).of(code);
      if (name) return name;
    } catch {
      // not a code that the browser knows
    }
  }
  return written.replace(/\s*\([^)]*\)\s*$/, '') || written || '—';
}

export function travellerLanguage(written: string, code: string): TravellerLanguage {
  return { code, name: ownName(code, written), dir: direction(code) };
}

/** A name inside a sentence of the other direction: without this the words and numbers beside it change places. */
export const isolated = (name: string): string => `\u2068${name}\u2069`;
