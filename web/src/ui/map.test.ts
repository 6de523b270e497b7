import { describe, expect, it } from 'vitest';
import { boxOf, placeLabels } from './map';

const frame = { x: 0, y: 0, w: 200, h: 100 };

describe('labels on the map', () => {
  it('stand right of their mark where there is room', () => {
    const [at] = placeLabels([{ x: 50, y: 50, r: 5, w: 40, h: 18 }], frame);
    expect(at).toEqual({ x: 58, y: 41, w: 40, h: 18 });
  });
  it('move to the left of a mark at the right edge', () => {
    const [at] = placeLabels([{ x: 190, y: 50, r: 5, w: 40, h: 18 }], frame);
    expect(at!.x + at!.w).toBeLessThan(190);
  });
  it('never cover another label or mark', () => {
    const marks = Array.from({ length: 12 }, (_, i) => ({ x: 20 + (i % 4) * 45, y: 20 + Math.floor(i / 4) * 28, r: 6, w: 30, h: 14 }));
    const placed = placeLabels(marks, frame);
    const rects = [...placed.filter((r) => r !== null), ...marks.map(({ x, y, r }) => ({ x: x - r, y: y - r, w: 2 * r, h: 2 * r }))];
    for (const [i, a] of rects.entries())
      for (const b of rects.slice(i + 1)) expect(a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y).toBe(true);
  });
  it('are left out where there is no room at all', () => {
    expect(placeLabels([{ x: 50, y: 50, r: 5, w: 500, h: 18 }], frame)).toEqual([null]);
  });
});

it('there is no box around nothing', () => {
  expect(boxOf([])).toBeNull();
  expect(boxOf([{ lat: 1, lon: 2 }, { lat: -3, lon: 4 }])).toEqual([2, -3, 4, 1]);
});
