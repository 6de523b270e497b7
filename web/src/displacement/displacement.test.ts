// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { createApp, nextTick } from 'vue';
import { createI18n } from 'vue-i18n';
import BandChart from './BandChart.vue';
import { boats, dateAfter, dayIndex, diff, groupBand, joined, kinds, needs, roundUp, runsOf, weekBand, type MapPlace, type Run, type View } from './displacement';

const place = (lat: number, lon: number): MapPlace => ({ name: '', country: '', kind: 'town', lat, lon, capacity: 0 });

it('counts days over the end of a year', () => {
  expect(dateAfter('2031-12-30', 3)).toBe('2032-01-02');
});

it('asks for two countries where a border is shut and for a road where one is cut', () => {
  expect(needs('shut_border')).toEqual({ countries: true });
  expect(needs('cut_road')).toEqual({ place: 'any', other: 'road' });
});

it('knows for every kind of change what it asks for', () => {
  for (const kind of kinds) expect(Object.keys(needs(kind)).length).toBeGreaterThan(0);
});

describe('ends of ways', () => {
  const view = { places: [{ ...place(0, 0), name: 'Town' }, { ...place(0, 1), name: 'Bay' }, { ...place(0, 2), name: 'Isle' }], routes: [{ a: 0, b: 1, km: 9, sea: false }, { a: 1, b: 2, km: 90, sea: true }] };
  it('are found from both sides of a road', () => {
    expect(joined(view, 'Town', false)).toEqual(['Bay']);
    expect(joined(view, 'Bay', false)).toEqual(['Isle', 'Town']);
  });
  it('are found only where boats go for a sea route', () => {
    expect(joined(view, 'Bay', true)).toEqual(['Isle']);
    expect(joined(view, 'Isle', true)).toEqual([]);
  });
});

describe('what a version changed', () => {
  const shut = { kind: 'shut_border', from: 3, country: 'A', country2: 'B' };
  const open = { kind: 'open_camp', from: 5, place: 'X', capacity: 10 };
  it('is what it adds and what it takes out', () => {
    expect(diff([shut], [open])).toEqual({ added: [open], removed: [shut] });
  });
  it('is nothing when the same is said in another order', () => {
    expect(diff([shut], [{ country2: 'B', country: 'A', from: 3, kind: 'shut_border' }])).toEqual({ added: [], removed: [] });
  });
});

describe('the runs of a version', () => {
  const run = (id: string, version: number, state: Run['state'], done = 0): Run => ({ id, version, state, done, settings: { members: 9 }, asked_at: '', asked_by: '', program: '' });
  it('are the newest with an answer and the newest under way', () => {
    const runs = [run('d', 1, 'running'), run('c', 1, 'stopped', 0), run('b', 1, 'stopped', 4), run('a', 1, 'done', 9), run('z', 2, 'done', 9)];
    expect(runsOf(runs, 1)).toMatchObject({ answered: { id: 'b' }, waiting: { id: 'd' } });
    expect(runsOf(runs, 3)).toEqual({});
  });
});

describe('the band of a week', () => {
  const view = { dates: ['2031-01-01', '2031-01-04', '2031-01-09'], places: [{ place: 'X', capacity: 5, low: [1, 2, 3], mid: [4, 5, 6], high: [7, 8, 9] }] } as unknown as View;
  it('is its highest day', () => {
    expect(weekBand(view, 'X', '2031-01-01', 5)).toEqual({ low: 2, high: 8, missing: 3 });
  });
  it('misses nothing where room is without limit', () => {
    expect(weekBand(view, 'X', '2031-01-08', -1)).toEqual({ low: 3, high: 9, missing: 0 });
  });
  it('is not there after the run or at another place', () => {
    expect(weekBand(view, 'X', '2031-02-01', 5)).toBeNull();
    expect(weekBand(view, 'Y', '2031-01-01', 5)).toBeNull();
  });
});

it('rounds the top of an axis up to a number that reads well', () => {
  expect([1, 3, 4700, 6100, 10_813, 99_000].map(roundUp)).toEqual([1, 3, 5000, 8000, 12_000, 100_000]);
});

it('looks up the kept day at or before a date, and none outside the run', () => {
  const dates = ['2031-01-02', '2031-01-04'];
  expect([...['2031-01-01', '2031-01-02', '2031-01-03', '2031-01-04', '2031-01-05']].map((d) => dayIndex(dates, d))).toEqual([-1, 0, 0, 1, -1]);
});

it('draws bands, reports as dots and later counts as rings', async () => {
  const host = document.createElement('div');
  const texts = createI18n({ legacy: false, locale: 'en', messages: { en: {} } });
  createApp(BandChart, { title: 'Harbour', label: 'chart', capacity: 4, start: '2031-01-01', days: 3, top: 6, day: 1, bands: [{ kind: 'left', dates: ['2031-01-01', '2031-01-03'], low: [1, 2], mid: [2, 3], high: [3, 5] }], dots: [{ date: '2031-01-01', people: 2, kind: 'report' }, { date: '2031-01-03', people: 4, kind: 'count' }, { date: '2032-01-01', people: 4, kind: 'count' }] }).use(texts).mount(host);
  await nextTick();
  expect(host.querySelectorAll('circle.report')).toHaveLength(1);
  expect(host.querySelectorAll('circle.count')).toHaveLength(1);
  expect(host.querySelectorAll('polygon.left')).toHaveLength(1);
  expect(host.querySelectorAll('line.capacity')).toHaveLength(1);
});

describe('boats', () => {
  const ends = [place(0, 0), place(0, 10)];
  it('sail only where people set out over sea', () => {
    expect(boats(ends, [{ a: 0, b: 1, km: 5, sea: true }], [0], 3)).toEqual([]);
    expect(boats(ends, [{ a: 0, b: 1, km: 5, sea: false }], [70], 3)).toEqual([]);
    expect(boats(ends, [{ a: 0, b: 1, km: 5, sea: true }], [70], 3)).toHaveLength(1);
  });
  it('lie between the two shores and move with the days', () => {
    const [one] = boats(ends, [{ a: 0, b: 1, km: 5, sea: true }], [70], 1);
    const [two] = boats(ends, [{ a: 0, b: 1, km: 5, sea: true }], [70], 2);
    expect(one!.lon).toBeGreaterThan(0);
    expect(two!.lon).toBeGreaterThan(one!.lon);
    expect(two!.lon).toBeLessThan(10);
  });
});

describe('who the people are', () => {
  const bands = (n: number) => ({ low: [n, n + 1], mid: [n + 2, n + 3], high: [n + 4, n + 5] });
  const view = { dates: [], days: [], who_dates: ['2031-03-01', '2031-03-08'], places: [{ place: 'Harbour', capacity: 0, ...bands(0), who: { children: bands(100) } }] } as unknown as View;
  it('is read from the told day of the week, and from no other', () => {
    expect(groupBand(view, 'Harbour', '2031-03-03', 'children')).toEqual({ low: 101, mid: 103, high: 105 });
    expect(groupBand(view, 'Harbour', '2031-03-09', 'children')).toBeNull();
    expect(groupBand(view, 'Harbour', '2031-03-03', 'women')).toBeNull();
    expect(groupBand(view, 'Atlantis', '2031-03-03', 'children')).toBeNull();
    expect(groupBand(undefined, 'Harbour', '2031-03-03', 'children')).toBeNull();
  });
});
