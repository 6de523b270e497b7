import { defineAsyncComponent } from 'vue';
import type { RouteLocationRaw } from 'vue-router';

/**
 * A map for any desk: import { UiMap } from '@/ui/map', never UiMap.vue itself
 * and never from '@/ui', so that only the pages that show a map load it (and
 * the officer's app on a phone never does).
 */
export const UiMap = defineAsyncComponent(() => import('./UiMap.vue'));

/** Which colour of tokens.css a mark has. Colour is never the only sign: give a shape, a dash or a text too. */
export type Tone = 'accent' | 'good' | 'warn' | 'bad' | 'quiet';

export interface MapPoint {
  id: string;
  label: string;
  lat: number;
  lon: number;
  /** Radius in px; 6 unless told. */
  size?: number;
  tone?: Tone;
  shape?: 'circle' | 'square' | 'triangle' | 'boat';
  /** What the table beside the map says of it, and a reader of the map cannot see: "1,200 people". */
  text?: string;
  /** The page that opens when it is chosen. */
  to?: RouteLocationRaw;
  /** Not listed in the table (a moving mark, say). */
  silent?: boolean;
}

export interface MapLine {
  id: string;
  /** Longitude first, as GeoJSON has it. */
  path: Array<[number, number]>;
  width?: number;
  tone?: Tone;
  dashed?: boolean;
  label?: string;
  text?: string;
}

/** Longitude and latitude: west, south, east, north. */
export type Box = [number, number, number, number];

/** Land of one's own as GeoJSON polygons, for a region that no atlas has. */
export interface Land {
  type: 'FeatureCollection';
  features: Array<{ type: 'Feature'; properties: Record<string, unknown> | null; geometry: { type: 'Polygon' | 'MultiPolygon'; coordinates: unknown } }>;
}

export interface Rect {
  x: number;
  y: number;
  w: number;
  h: number;
}

const apart = (a: Rect, b: Rect): boolean => a.x + a.w <= b.x || b.x + b.w <= a.x || a.y + a.h <= b.y || b.y + b.h <= a.y;

/**
 * Where the labels go: right of the mark, else left, above, below; a label
 * with no free place is left out (the table has it). First come, first served.
 */
export function placeLabels(marks: ReadonlyArray<{ x: number; y: number; r: number; w: number; h: number }>, frame: Rect): Array<Rect | null> {
  const taken: Rect[] = marks.map(({ x, y, r }) => ({ x: x - r, y: y - r, w: 2 * r, h: 2 * r }));
  return marks.map(({ x, y, r, w, h }, own) => {
    const gap = 3;
    const tries: Rect[] = [
      { x: x + r + gap, y: y - h / 2, w, h },
      { x: x - r - gap - w, y: y - h / 2, w, h },
      { x: x - w / 2, y: y - r - gap - h, w, h },
      { x: x - w / 2, y: y + r + gap, w, h },
    ];
    const free = tries.find((t) => t.x >= frame.x && t.y >= frame.y && t.x + w <= frame.x + frame.w && t.y + h <= frame.y + frame.h && taken.every((other, i) => i === own || apart(t, other)));
    if (free) taken.push(free);
    return free ?? null;
  });
}

/** The smallest box around points, or null when there is none. */
export function boxOf(points: ReadonlyArray<{ lat: number; lon: number }>): Box | null {
  if (points.length === 0) return null;
  const lats = points.map((p) => p.lat);
  const lons = points.map((p) => p.lon);
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}
