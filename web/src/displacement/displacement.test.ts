// @vitest-environment happy-dom
import { describe, expect, it } from 'vitest';
import { createApp, nextTick } from 'vue';
import BandChart from './BandChart.vue';
import RouteMap from './RouteMap.vue';
import { dateAfter, frameOf, needs, polygon, type MapPlace } from './displacement';

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
  it('name every place and break the lines of sea crossings', async () => {
    const host = document.createElement('div');
    createApp(RouteMap, { places: [{ ...place(1, 1), name: 'Harbour' }, { ...place(2, 2), name: 'Isle' }], routes: [{ a: 0, b: 1, km: 5, sea: true }], people: [4, 0], flows: [3], label: 'map' }).mount(host);
    await nextTick();
    expect(host.textContent).toContain('Harbour');
    expect(host.querySelectorAll('line.sea.busy')).toHaveLength(1);
    const radii = [...host.querySelectorAll('circle')].map((c) => Number(c.getAttribute('r')));
    expect(radii[0]).toBeGreaterThan(radii[1] ?? Infinity);
  });
  it('show reports as dots on the band', async () => {
    const host = document.createElement('div');
    createApp(BandChart, { run: { place: 'Harbour', capacity: 0, low: [1, 2], mid: [2, 3], high: [3, 5], reported: [2, 4] }, dates: ['2031-01-01', '2031-01-02'], label: 'chart' }).mount(host);
    await nextTick();
    expect(host.querySelectorAll('circle.report')).toHaveLength(1);
    expect(host.querySelectorAll('polygon')).toHaveLength(1);
  });
});
