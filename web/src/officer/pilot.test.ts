import { expect, test } from 'vitest';
import type { Instrument } from './bundle';
import { addCounts, emptyCounts, openPilot, wilson, type Counts } from './pilot';
import type { Interview } from './interview';
import type { Vault } from './vault/vault';

const instrument = { form_id: 'arrival', version: '1' } as Instrument;

function memory(on: boolean): { vault: Vault; kept: Map<string, unknown> } {
  const kept = new Map<string, unknown>([['setting/pilot', { on }]]);
  const vault = { get: (kind: string, id: string) => Promise.resolve(kept.get(`${kind}/${id}`)), put: (kind: string, id: string, value: unknown) => (kept.set(`${kind}/${id}`, value), Promise.resolve()) };
  return { vault: vault as unknown as Vault, kept };
}

test('nothing is measured until the officer has agreed', async () => {
  expect(await openPilot(memory(false).vault, instrument)).toBeNull();
});

test('a finished interview is added to the sums, with no answer and no time of day in them', async () => {
  const { vault, kept } = memory(true);
  let clock = 0;
  for (let round = 0; round < 2; round++) {
    const pilot = (await openPilot(vault, instrument, () => clock))!;
    pilot.language('my');
    pilot.shown('/data/child[1]/age');
    clock += 4000;
    pilot.left('/data/child[1]/age');
    pilot.shown('/data/work');
    pilot.skipped('/data/work');
    clock += 9_000_000;
    pilot.left('/data/work');
    pilot.heard('none', 'my');
    await pilot.finished(null, { next: { referral: 'accepted' } } as Interview);
  }
  const sums = kept.get('pilot/arrival|1') as Counts;
  expect(sums.interviews).toBe(2);
  expect(sums.questions['/data/child/age']).toEqual({ seen: 2, seconds: 8, skipped: 0, back: 0 });
  expect(sums.questions['/data/work']).toEqual({ seen: 2, seconds: 600, skipped: 2, back: 0 });
  expect(sums.languages).toEqual({ my: 2 });
  expect(sums.sound).toEqual({ my: { media: 0, voice: 0, none: 2 } });
  expect(sums.referral).toEqual({ offered: 2, accepted: 2, declined: 0, none: 0 });
  expect(JSON.stringify(sums)).not.toMatch(/20\d\d-/);
});

test('sums do not depend on the order', () => {
  const a = { ...emptyCounts(instrument), interviews: 1, languages: { my: 1 } };
  const b = { ...emptyCounts(instrument), interviews: 2, languages: { th: 2 } };
  expect(addCounts(a, b)).toEqual(addCounts(b, a));
});

test("Wilson's interval: half of ten is 24 to 76 per cent, none of ten is 0 to 28", () => {
  const half = wilson(5, 10)!;
  expect([half.low, half.high].map((x) => Math.round(x * 100))).toEqual([24, 76]);
  const none = wilson(0, 10)!;
  expect([none.low, none.high].map((x) => Math.round(x * 100))).toEqual([0, 28]);
  expect(wilson(0, 0)).toBeNull();
});
