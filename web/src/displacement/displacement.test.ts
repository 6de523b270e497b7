import { describe, expect, it } from 'vitest';
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
