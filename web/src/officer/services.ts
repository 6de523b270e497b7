import type { Service } from './bundle';

/** Services in which every word that was typed stands somewhere, and which speak the language, where one was chosen. */
export function servicesFor(all: readonly Service[], typed: string, language: string): Service[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter((one) => {
    const text = `${one.name} ${one.what} ${one.who} ${one.place} ${one.phone} ${one.phone.replace(/\D/g, '')}`.toLowerCase();
    return words.every((word) => text.includes(word)) && (language === '' || one.languages.some((code) => code === language));
  });
}

/** The languages that some service speaks, the most spoken first. */
export function languagesSpoken(all: readonly Service[]): string[] {
  const times = new Map<string, number>();
  for (const one of all) for (const code of new Set(one.languages)) times.set(code, (times.get(code) ?? 0) + 1);
  return [...times].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([code]) => code);
}

/** False where nobody ever confirmed the entry: the node then sends the first day of its calendar. */
export const assuredOnce = (one: Service): boolean => one.assured_at !== '' && !one.assured_at.startsWith('0001-');
