import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Node, password } from './node';
import { Phone } from './phone';
import { arrival, recording } from './workbook';

const title = 'Journey interview';
let node: Node;
let phone: Phone;

interface Listed {
  items: Array<{ id: string; instance_id: string; language?: string }>;
}
const own = async (login = 'supervisor@demo'): Promise<Listed['items']> => (await (await node.as(login)).json<Listed>('GET', '/api/screening/screenings?limit=200')).items;
let before = 0;

beforeAll(async () => {
  node = await Node.start();
  const supervisor = await node.as('supervisor@demo');
  await supervisor.publish('arrival', arrival(), { 'name-th.wav': recording(440), 'age-th.wav': recording(550), 'debt-th.wav': recording(660) });
  before = (await own()).length;
  phone = await Phone.start(node.url);
});
// A failure is easier to read with the screen it happened on.
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await phone?.picture('failure').catch(() => undefined);
  console.error(phone?.complaints.join('\n'));
});
afterAll(async () => {
  await phone?.end();
  await node?.remove();
});

test('three interviews in three languages without a network, through a reload and a killed browser, arrive once each and byte for byte', async () => {
  const { page } = phone;
  await phone.go();
  await page.getByLabel('Name for sign-in').waitFor();
  await phone.picture('01-sign-in');
  expect(await phone.axe()).toEqual([]);
  await phone.enrol('officer@demo', '493817');
  await phone.picture('02-home');
  expect(await phone.axe()).toEqual([]);

  await node.stop();
  await phone.go();
  await page.getByRole('heading', { name: 'Locked' }).waitFor();
  await phone.picture('03-locked');
  expect(await phone.axe()).toEqual([]);
  await phone.unlock('493817');

  // Thai: the workbook's own recordings.
  await phone.begin(title, 'th');
  await page.locator('[data-sound="media"]').click();
  await expect.poll(() => phone.heard()).toContainEqual({ how: 'media', language: '', text: 'blob:' });
  await phone.picture('10-question-thai');
  expect(await phone.axe()).toEqual([]);
  await phone.type('given_name', 'Somchai (invented)');
  await phone.question('age').locator('.entry').fill('300');
  await phone.question('age').locator('[data-test="next"]').click();
  await page.getByText('An age lies between 0 and 120.').waitFor();
  await phone.type('age', '31');
  await phone.question('owes_money').waitFor();
  await phone.picture('11-yes-no-thai');

  // The page is loaded anew in the middle.
  await page.reload();
  await phone.unlock('493817');
  await page.locator('.choice', { hasText: 'Last changed' }).or(phone.question('owes_money')).first().waitFor();
  if (!(await phone.question('owes_money').isVisible())) await page.locator('.choice', { hasText: 'Last changed' }).click();
  await phone.press('owes_money', 'yes');
  await phone.press('papers_kept', 'declined');
  // The browser is killed in the middle, as by an empty battery, once the last press is stored.
  await phone.question('wanted_help').waitFor();
  for (const help of ['doctor', 'phone']) await phone.storing(() => phone.question('wanted_help').locator(`[data-value="${help}"]`).click());
  await phone.crash();
  await phone.go();
  await phone.unlock('493817');
  await phone.page.locator('.choice', { hasText: 'Last changed' }).click();
  await phone.question('wanted_help').waitFor();
  expect(await phone.question('wanted_help').locator('[data-value="phone"]').getAttribute('aria-pressed')).toBe('true');
  await phone.question('wanted_help').locator('[data-test="next"]').click();
  await phone.type('left_home', '2026-03-02');
  await phone.page.locator('[data-test="end-page"]').waitFor();
  await phone.picture('12-end');
  expect(await phone.axe()).toEqual([]);
  await phone.finish('accepted');
  await phone.page.getByText('no network').waitFor();
  await phone.picture('13-queue-waiting');
  expect(await phone.axe()).toEqual([]);

  // Burmese: a voice of the device.
  await phone.page.getByRole('link', { name: 'Lintas' }).click();
  await phone.begin(title, 'my');
  await phone.page.locator('[data-sound="voice"]').click();
  await expect.poll(() => phone.heard()).toContainEqual({ how: 'voice', language: 'my-MM', text: 'သင့်ကို ဘယ်လိုခေါ်ရမလဲ။' });
  await phone.picture('14-question-burmese');
  await phone.question('given_name').locator('[data-value="declined"]').click();
  await phone.question('age').locator('[data-test="skip"]').click();
  await phone.press('owes_money', 'no');
  await phone.press('papers_kept', 'not_known');
  await phone.question('wanted_help').locator('[data-value="shelter"]').click();
  await phone.question('wanted_help').locator('[data-test="next"]').click();
  await phone.finish('declined');

  // Arabic: no recording, and the only voice would send the words away, so there is none.
  await phone.page.getByRole('link', { name: 'Lintas' }).click();
  await phone.begin(title, 'ar');
  await phone.page.locator('.question [data-sound="none"]').waitFor();
  expect(await phone.page.locator('.traveller-side').getAttribute('dir')).toBe('rtl');
  await phone.picture('15-question-arabic');
  expect(await phone.axe()).toEqual([]);
  await phone.type('given_name', 'Nour (invented)');
  await phone.type('age', '19');
  await phone.press('owes_money', 'no');
  await phone.press('papers_kept', 'yes');
  await phone.question('wanted_help').locator('[data-test="skip"]').click();
  await phone.finish('none');
  await phone.page.getByText('3 waiting').first().waitFor();
  expect(await phone.heard()).toEqual([]);

  // Back where there is a network.
  await node.run();
  expect((await own()).length).toBe(before);
  await phone.page.getByRole('button', { name: 'Send now' }).click();
  // The sign-in may have gone with the browser, whose cookies were not on the disk yet; the page then asks for it.
  const none = phone.page.getByText('0 waiting');
  await none.or(phone.page.getByLabel('Name for sign-in')).first().waitFor();
  if (!(await none.isVisible())) {
    await phone.picture('16-queue-sign-in');
    await phone.page.getByLabel('Name for sign-in').fill('officer@demo');
    await phone.page.locator('input[autocomplete="current-password"]').fill(password);
    await phone.page.locator('.sign-in button[type="submit"]').click();
  }
  await none.waitFor();
  await phone.picture('16-queue-sent');

  const arrived = await own();
  expect(arrived.length).toBe(before + 3);
  const held = await phone.page.locator('[data-sha256]').evaluateAll((all) => all.map((one) => one.getAttribute('data-sha256')));
  const sent = [...new Set(await phone.sent())];
  expect(sent.map((xml) => createHash('sha256').update(xml).digest('hex')).sort()).toEqual([...held].sort());
  // The node takes the same bytes again as the same record, and refuses others under the same id.
  const officer = await node.as('officer@demo');
  for (const xml of sent) {
    expect(await officer.submit(xml)).toBe(201);
    expect(await officer.submit(xml.replace('</data>', ' </data>'))).toBe(409);
  }
  expect((await own()).length).toBe(before + 3);
  expect(phone.strangers).toEqual([]);
  expect(phone.complaints).toEqual([]);
});
