import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Node } from './node';
import { Phone } from './phone';
import { long } from './workbook';

let node: Node;
let phone: Phone;

beforeAll(async () => {
  node = await Node.start();
  await (await node.as('supervisor@demo')).publish('long300', long(300));
  phone = await Phone.start(node.url, { slow: 1 });
  await phone.enrol('officer@demo', '493817');
  await node.stop();
});
afterEach(async ({ task }) => {
  if (task.result?.state === 'fail') await phone?.picture('failure-begin').catch(() => undefined);
});
afterAll(async () => {
  await phone?.end();
  await node?.remove();
});

const begin = (): Promise<void> => phone.page.locator('.choice.begin', { hasText: 'Long interview 300' }).click();

test('a language chosen while a large form is still read is kept, also when the app ends right after', async () => {
  await begin();
  await phone.page.locator('[data-language="th"]').click();
  await phone.page.locator('[data-screen="private"]').waitFor();
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('[data-test="save-leave"]').click();
  await phone.page.locator('.choice', { hasText: 'Last changed' }).waitFor();
  await phone.kill();
  await phone.go();
  await phone.unlock('493817');
  await phone.page.locator('.choice', { hasText: 'Last changed' }).click();
  await phone.page.locator('[data-screen="private"] [data-value="none"]').click();
  expect(await phone.page.locator('[data-screen="hurt"] [lang="th"]').count()).toBe(1);
  expect(phone.complaints).toEqual([]);
});

test('rules that are not those the node named make no result', async () => {
  const toEnd = async (form: string): Promise<void> => {
    await phone.page.locator('[data-test="menu"]').click();
    await phone.page.locator('[data-test="save-leave"]').click();
    await phone.page.locator('.choice.begin', { hasText: form }).click();
    await phone.page.locator('[data-language="en"]').click();
    await phone.page.locator('.question').waitFor();
    await phone.page.locator('[data-test="menu"]').click();
    await phone.page.locator('[data-test="to-end"]').click();
  };
  await toEnd('Arrival interview (fictional');
  await phone.page.locator('.result').getByText('never a finding').first().waitFor();
  await phone.page.evaluate(async () => {
    const cache = await caches.open('lintas-officer-forms');
    for (const request of await cache.keys()) {
      if (!new URL(request.url).pathname.endsWith('/pack')) continue;
      const rules = await (await cache.match(request))!.text();
      await cache.put(request, new Response(rules.replace('"version"', ' "version"')));
    }
  });
  await toEnd('Arrival interview (fictional');
  await phone.page.getByText('so there is no result here').waitFor();
  expect(await phone.page.locator('.result').count()).toBe(0);
  // The next journey begins inside an interview, too.
});

test('a form that the browser threw away is told, and nothing is asked without it', async () => {
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('[data-test="save-leave"]').click();
  await phone.page.locator('.choice.begin').first().waitFor();
  await phone.kill();
  await phone.go();
  await phone.page.evaluate(() => caches.delete('lintas-officer-forms'));
  await phone.unlock('493817');
  await begin();
  await phone.page.getByText('This interview is not on the device yet').waitFor();
  expect(await phone.page.locator('[data-language], .question, [data-screen]').count()).toBe(0);
  expect(phone.complaints).toEqual([]);
});
