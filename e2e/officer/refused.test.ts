import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Node } from './node';
import { Phone } from './phone';
import { long } from './workbook';

/** An interview that the node does not take: the officer reads why in their own language, also later without a network. */
let node: Node;
let phone: Phone;
const sentences = (locale: string): Record<string, string> => (JSON.parse(readFileSync(new URL(`../../web/src/problem/${locale}.json`, import.meta.url), 'utf8')) as { codes: Record<string, string> }).codes;

beforeAll(async () => {
  node = await Node.start();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') {
    await phone?.picture('failure-refused').catch(() => undefined);
    console.error(phone?.complaints.join('\n'));
  }
  await phone?.end();
});
afterAll(async () => {
  await node?.remove();
});

for (const [locale, count] of [['my', 1], ['ar', 2]] as const) {
  test(`a form closed meanwhile is told in the officer's language, also without a network (${locale})`, async () => {
    const supervisor = await node.as('supervisor@demo');
    const { id } = await supervisor.publish('closing', long(count));
    phone = await Phone.start(node.url, { slow: 1 });
    const { page } = phone;
    await phone.enrol('officer@demo', '493817');
    await page.locator('.locale-choice select').selectOption(locale);
    await phone.begin(`Long interview ${count}`, 'en');
    for (let at = 1; at <= count; at++) await phone.press(`q${at}`, 'no');
    await supervisor.call('POST', `/api/screening/instruments/${id}/state`, { state: 'closed' });
    await phone.finish('none');
    const refused = page.locator('.ui-problem').filter({ hasText: sentences(locale)['screening.refused-closed']! });
    await refused.first().waitFor();
    expect(await page.locator('main').innerText()).not.toContain('A copy is safe');
    await phone.picture(`50-refused-${locale}`);
    expect(await phone.axe()).toEqual([]);

    await node.stop();
    await page.reload();
    await page.locator('input[type="password"]').fill('493817');
    await page.keyboard.press('Enter');
    await refused.first().waitFor();
    await node.run();
    expect(phone.complaints).toEqual([]);
  });
}
