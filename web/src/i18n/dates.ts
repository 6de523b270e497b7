import { computed, type ComputedRef } from 'vue';
import { useI18n } from 'vue-i18n';

/**
 * The reader's language as their part of the world writes it: the first of the browser's languages that is the
 * same language, e.g. en-AU for en. English without a country is written day first, as most of the
 * Asia-Pacific does. A language whose dates the browser cannot write (Burmese in Chromium) has them in English:
 * left alone the browser takes its own language, and a Burmese page would show the years of the Thai calendar.
 */
export function regional(code: string, browser: readonly string[] = navigator.languages, writes = (one: string): boolean => Intl.DateTimeFormat.supportedLocalesOf([one]).length > 0): string {
  const same = browser.find((one) => one.toLowerCase().startsWith(`${code.toLowerCase()}-`)) ?? code;
  return same !== 'en' && writes(same) ? same : 'en-GB';
}

/** Made when it is first asked for, and kept. */
function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

/**
 * Dates, numbers and lists as the reader's language writes them. The node
 * sends instants in UTC; they are shown in the zone of the device.
 */
export function useDates(): ComputedRef<{
  date: (value: string | number | Date) => string;
  time: (value: string | number | Date) => string;
  moment: (value: string | number | Date) => string;
  number: (value: number, options?: Intl.NumberFormatOptions) => string;
  percent: (value: number) => string;
  list: (items: string[]) => string;
  ago: (value: string | number | Date, now?: number) => string;
}> {
  const { locale } = useI18n();
  return computed(() => {
    const code = regional(locale.value);
    // Each takes a slow phone some milliseconds to make, and a page writes with one or two of them.
    const day = once(() => new Intl.DateTimeFormat(code, { dateStyle: 'medium' }));
    const clock = once(() => new Intl.DateTimeFormat(code, { timeStyle: 'short' }));
    const both = once(() => new Intl.DateTimeFormat(code, { dateStyle: 'medium', timeStyle: 'short' }));
    const relative = once(() => new Intl.RelativeTimeFormat(code, { numeric: 'auto' }));
    const listed = once(() => new Intl.ListFormat(code, { type: 'conjunction' }));
    return {
      date: (value) => day().format(new Date(value)),
      time: (value) => clock().format(new Date(value)),
      moment: (value) => both().format(new Date(value)),
      number: (value, options) => new Intl.NumberFormat(code, options).format(value),
      percent: (value) => new Intl.NumberFormat(code, { style: 'percent', maximumFractionDigits: 0 }).format(value),
      list: (items) => listed().format(items),
      ago: (value, now = Date.now()) => {
        const seconds = (new Date(value).getTime() - now) / 1000;
        for (const [unit, size] of [['day', 86_400], ['hour', 3600], ['minute', 60]] as const) {
          if (Math.abs(seconds) >= size) return relative().format(Math.trunc(seconds / size), unit);
        }
        return relative().format(Math.trunc(seconds), 'second');
      },
    };
  });
}
