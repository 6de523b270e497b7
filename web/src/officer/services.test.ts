import { expect, test } from 'vitest';
import type { Service } from './bundle';
import { assuredOnce, languagesSpoken, servicesFor } from './services';

const service = (id: string, more: Partial<Service> = {}): Service => ({ id, name: id, phone: '', what: '', who: '', languages: [], place: '', assured_at: '2026-02-01T00:00:00Z', ...more });
const all = [
  service('Rumah Mercusuar', { what: 'Safe house', who: 'Women and children', languages: ['my', 'id'], place: 'Harbour' }),
  service('ศูนย์กฎหมาย', { what: 'ที่ปรึกษากฎหมาย', phone: '+999 555 0101', languages: ['th', 'my'] }),
  service('Clinic', { languages: ['en'] }),
];
const ids = (list: Service[]): string[] => list.map((one) => one.id);

test('a service is found by every word that was typed, in any of its texts, and by its number', () => {
  expect(ids(servicesFor(all, '  SAFE harbour ', ''))).toEqual(['Rumah Mercusuar']);
  expect(ids(servicesFor(all, 'safe bangkok', ''))).toEqual([]);
  expect(ids(servicesFor(all, 'กฎหมาย', ''))).toEqual(['ศูนย์กฎหมาย']);
  expect(ids(servicesFor(all, '5550101', ''))).toEqual(['ศูนย์กฎหมาย']);
  expect(servicesFor(all, '', '')).toHaveLength(3);
});
test('a language narrows to who speaks it', () => {
  expect(ids(servicesFor(all, '', 'my'))).toEqual(['Rumah Mercusuar', 'ศูนย์กฎหมาย']);
  expect(ids(servicesFor(all, 'house', 'th'))).toEqual([]);
});
test('languages come by how many services speak them', () => {
  expect(languagesSpoken(all)).toEqual(['my', 'en', 'id', 'th']);
});
test('what nobody confirmed has no day', () => {
  expect(assuredOnce(service('a', { assured_at: '0001-01-01T00:00:00Z' }))).toBe(false);
  expect(assuredOnce(all[0]!)).toBe(true);
});
