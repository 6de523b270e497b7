import { afterAll, beforeAll, expect, test } from 'vitest';
import { Node } from './node';
import { Phone } from './phone';

/** Whoever cannot see well, cannot point, or is made ill by movement uses the same app. */
let node: Node;
let phone: Phone;
const pages = ['/app/', '/app/queue', '/app/cards', '/app/help', '/app/settings', '/app/pilot'];

beforeAll(async () => {
  node = await Node.start();
  phone = await Phone.start(node.url, { slow: 1 });
  await phone.enrol('officer@demo', '493817');
});
afterAll(async () => {
  await phone?.end();
  await node?.remove();
});

/** Opens a page of the app within the app, so that it stays unlocked. */
async function visit(path: string): Promise<void> {
  const { page } = phone;
  const heading = page.locator('h1').first();
  const former = await heading.elementHandle();
  const moves = await page.evaluate((to) => {
    if (location.pathname === to) return false;
    history.pushState({}, '', to);
    dispatchEvent(new PopStateEvent('popstate', { state: {} }));
    return true;
  }, path);
  if (moves) await page.waitForFunction((one) => !one?.isConnected, former);
  await heading.waitFor();
}
const over = (): Promise<number> => phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

test('every page fits at 200 %, keeps its contrast in the dark and in forced colours, and is accessible', async () => {
  await phone.page.setViewportSize({ width: 320, height: 640 }); // WCAG 1.4.10: 640 px at 200 %, 1280 px at 400 %
  const headings = new Set<string>();
  for (const path of pages) {
    await visit(path);
    headings.add(await phone.page.locator('h1').first().innerText());
    expect(await over(), `${path} at 200 %`).toBeLessThanOrEqual(0);
    expect(await phone.axe(), path).toEqual([]);
  }
  expect(headings.size, 'the pages are one and the same').toBe(pages.length);
  await phone.page.emulateMedia({ colorScheme: 'dark' });
  for (const path of pages) {
    await visit(path);
    expect(await phone.axe(), `${path} in the dark`).toEqual([]);
  }
  await phone.page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
  await visit('/app/');
  await phone.picture('30-forced-colours');
  expect(await phone.page.locator('.choice.begin').first().evaluate((one) => getComputedStyle(one).borderStyle), 'a choice has no border to be seen by').not.toBe('none');
  await phone.page.emulateMedia({ forcedColors: 'none' });
  await phone.page.setViewportSize({ width: 390, height: 844 });
});

test('nothing moves for who has asked for less motion', async () => {
  await phone.page.emulateMedia({ reducedMotion: 'reduce' });
  await visit('/app/');
  const moving = await phone.page.evaluate(() => document.getAnimations().filter((one) => one.playState === 'running').length);
  expect(moving).toBe(0);
  await phone.page.emulateMedia({ reducedMotion: 'no-preference' });
});

test('an interview is begun and its first question answered with the keyboard alone', async () => {
  await visit('/app/');
  const { page } = phone;
  /** Tabs on until the wanted thing has the focus, then presses Enter. */
  async function press(wanted: string): Promise<void> {
    await page.locator(wanted).first().waitFor();
    for (let step = 0; step < 60; step++) {
      if (await page.evaluate((selector) => document.activeElement?.matches(selector) ?? false, wanted)) {
        await page.keyboard.press('Enter');
        return;
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`the keyboard does not reach ${wanted}`);
  }
  await press('.choice.begin');
  await press('[data-language="th"]');
  const first = page.locator('.question');
  await first.waitFor();
  const path = await first.getAttribute('data-path');
  await press('.question [data-value="declined"], .question [data-test="skip"]');
  await expect.poll(() => page.locator('.question').getAttribute('data-path')).not.toBe(path);
});
