import { useI18n } from 'vue-i18n';
import { useDates } from '@/i18n/dates';
import { dateAfter, type Change } from './displacement';

/** A what-if as one sentence. */
export function useSentence(): (c: Change, start: string) => string {
  const { t } = useI18n();
  const dates = useDates();
  return (c, start) => {
    const where = c.new?.name ?? c.place ?? '';
    const values = {
      place: where || t('displacement.change.everywhere'),
      place2: c.place2 ?? '',
      country: c.country ?? '',
      country2: c.country2 ?? '',
      capacity: dates.value.number(c.capacity ?? 0),
      factor: c.factor ?? 1,
      level: c.intensity ?? 1,
    };
    const key = c.kind === 'stop_boats' && !where ? 'stop_all_boats' : c.kind === 'set_capacity' && !c.capacity ? 'no_capacity' : c.kind;
    const from = dateAfter(start, c.from);
    const when = c.until && c.until > 0 ? t('displacement.change.fromUntil', { from, until: dateAfter(start, c.until) }) : t('displacement.change.fromOn', { from });
    return `${t(`displacement.change.sentences.${key}`, values)} ${when}`;
  };
}
