import { expect, test } from 'vitest';
import { drawing, stateOf, type Device } from './agency';

const device: Device = { id: '1', name: 'jetty phone', enrolled_by: 'p', made_at: '2026-03-01T08:00:00Z' };
const now = Date.parse('2026-03-02T08:00:00Z');

test('a device has one state, and the strongest is shown', () => {
  expect(stateOf(device, now)).toBe('active');
  expect(stateOf({ ...device, ends_at: '2026-03-02T07:59:59Z' }, now)).toBe('ended');
  expect(stateOf({ ...device, ends_at: '2026-03-02T08:00:01Z' }, now)).toBe('active');
  expect(stateOf({ ...device, wipe_ordered_at: '2026-03-02T07:00:00Z', ends_at: '2026-03-01T09:00:00Z' }, now)).toBe('wipe');
  expect(stateOf({ ...device, revoked_at: '2026-03-02T07:00:00Z', ends_at: '2026-03-01T09:00:00Z' }, now)).toBe('revoked');
  expect(stateOf({ ...device, revoked_at: '2026-03-02T07:00:00Z', wipe_ordered_at: '2026-03-02T07:00:00Z' }, now)).toBe('wipe');
  expect(stateOf({ ...device, wiped_at: '2026-03-02T07:30:00Z', revoked_at: '2026-03-02T07:00:00Z' }, now)).toBe('wiped');
});

test('a drawing becomes an address that keeps every character of it', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg"><path fill="#fff" d="M0 0h1"/></svg>';
  const address = drawing(svg);
  expect(address).not.toMatch(/[#<>" ]/);
  expect(decodeURIComponent(address.slice(address.indexOf(',') + 1))).toBe(svg);
});
