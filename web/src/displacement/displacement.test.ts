// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { createApp, nextTick } from 'vue';
import BandChart from './BandChart.vue';
import { boats, dateAfter, frameOf, needs, polygon, type MapPlace } from './displacement';

const place = (lat: number, lon: number): MapPlace => ({ name: '', country: '', kind: 'town', lat, lon, capacity: 0 });

describe('the map', () => {
  it('puts north above south and west left of east', () => {
    const frame = frameOf([place(2, 10), place(1, 12)], 800);
    const a = frame.at(place(2, 10));
    const b = frame.at(place(1, 12));
    expect(a.y).toBeLessThan(b.y);
    expect(a.x).toBeLessThan(b.x);
    expect(b.x).toBeLessThanOrEqual(800);
    expect(b.y).toBeLessThanOrEqual(frame.height);
  });
  it('survives a single place', () => {
    const { x, y } = frameOf([place(5, 5)], 100).at(place(5, 5));
    expect(Number.isFinite(x) && Number.isFinite(y)).toBe(true);
  });
});

it('counts days over the end of a year', () => {
  expect(dateAfter('2031-12-30', 3)).toBe('2032-01-02');
});

it('draws a band along its top and back along its bottom', () => {
  expect(polygon({ low: [1, 2], mid: [3, 3], high: [5, 6] }, (k) => k, (n) => n)).toBe('0.0,5.0 1.0,6.0 1.0,2.0 0.0,1.0');
});

it('asks for two countries where a border is shut and for a place elsewhere', () => {
  expect(needs('shut_border')).toMatchObject({ countries: true, place: false });
  expect(needs('cut_road')).toMatchObject({ countries: false, place: true, place2: true });
});

describe('the drawings', () => {
  it('show reports as dots on the band', async () => {
    const host = document.createElement('div');
    createApp(BandChart, { run: { place: 'Harbour', capacity: 0, low: [1, 2], mid: [2, 3], high: [3, 5], reported: [2, 4] }, dates: ['2031-01-01', '2031-01-02'], label: 'chart' }).mount(host);
    await nextTick();
    expect(host.querySelectorAll('circle.report')).toHaveLength(1);
    expect(host.querySelectorAll('polygon')).toHaveLength(1);
  });
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
