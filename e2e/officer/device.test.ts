import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Node } from './node';
import { Phone } from './phone';
import { arrival, recording } from './workbook';

const title = 'Journey interview';
let node: Node;
let phone: Phone;

beforeAll(async () => {
  node = await Node.start();
  await (await node.as('supervisor@demo')).publish('arrival', arrival(), { 'name-th.wav': recording(440), 'age-th.wav': recording(550), 'debt-th.wav': recording(660) });
  phone = await Phone.start(node.url, { slow: 1 });
  await phone.enrol('officer@demo', '493817');
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await phone?.picture('failure-device').catch(() => undefined);
  console.error(phone?.complaints.join('\n'));
});
afterAll(async () => {
  await phone?.end();
  await node?.remove();
});

test('a person answers alone and shares nothing: their answers are on no screen and in no store', async () => {
  await phone.begin(title, 'my');
  await phone.page.locator('[data-test="menu"]').click();
  await phone.picture('20-menu');
  await phone.page.locator('[data-test="alone"]').click();
  await phone.picture('21-alone-intro');
  await phone.page.locator('[data-test="alone-start"]').click();
  // The first question was read aloud without being asked to.
  await expect.poll(() => phone.heard()).toContainEqual({ how: 'voice', language: 'my-MM', text: 'သင့်ကို ဘယ်လိုခေါ်ရမလဲ။' });
  await phone.type('given_name', 'Aye (invented)');
  await phone.type('age', '22');
  await phone.picture('22-alone-question');
  await phone.press('owes_money', 'yes');
  await phone.press('papers_kept', 'yes');
  await phone.question('wanted_help').locator('[data-value="shelter"]').click();
  await phone.question('wanted_help').locator('[data-test="next"]').click();
  await phone.type('left_home', '2026-03-02');
  await phone.picture('23-alone-share');
  await phone.page.locator('[data-test="share-nothing"]').click();
  await phone.page.locator('[data-test="given-back"]').click();
  await phone.question('given_name').waitFor();
  expect(await phone.question('given_name').locator('.entry').inputValue()).toBe('');
  expect(phone.complaints).toEqual([]);
});

test('what a person would rather not say alone stays that when they share everything', async () => {
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('[data-test="alone"]').click();
  await phone.page.locator('[data-test="alone-start"]').click();
  await phone.question('given_name').locator('[data-value="declined"]').click();
  await phone.question('age').locator('[data-value="not_known"]').click();
  await phone.question('owes_money').waitFor();
  while ((await phone.page.locator('[data-test="share-all"]').count()) === 0) {
    await phone.page.locator('.question [data-test="skip"], .question [data-test="next"], [data-test="share-all"]').first().waitFor();
    const skip = phone.page.locator('.question [data-test="skip"]');
    if (await skip.count()) await skip.click();
  }
  await phone.page.locator('[data-test="share-all"]').click();
  await phone.page.locator('[data-test="given-back"]').click();
  // Back where the person began, or at the end of the questions: walk back to the first.
  while ((await phone.question('given_name').count()) === 0) await phone.page.locator('[data-test="back"]').click();
  expect(await phone.question('given_name').locator('[data-value="declined"]').getAttribute('aria-pressed')).toBe('true');
  expect(phone.complaints).toEqual([]);
});

test('quick exit leaves a clock, and only the PIN leads back', async () => {
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('[data-test="alone"]').click();
  await phone.page.locator('[data-test="alone-start"]').click();
  await phone.page.locator('[data-test="quick-exit"]').click();
  await phone.page.locator('[data-test="neutral"]').waitFor();
  await phone.picture('24-neutral');
  expect(await phone.page.locator('body').innerText()).not.toContain('Lintas');
  await phone.page.locator('[data-test="neutral"]').dblclick();
  await phone.page.getByLabel('PIN or passphrase').waitFor();
});

test("two officers on one device do not see each other's interviews, and one hands over to the other", async () => {
  await phone.enrol('officer2@demo', '771204', { adding: true });
  expect(await phone.page.getByText('Saved interviews').count()).toBe(0);
  await phone.page.getByRole('button', { name: 'Lock' }).click();
  await phone.picture('25-two-officers');
  expect(await phone.axe()).toEqual([]);
  await phone.unlock('493817', 'Officer Melati');
  await phone.page.locator('.choice', { hasText: 'Last changed' }).click();
  await phone.type('given_name', 'Aye (invented)');
  await phone.question('age').waitFor();
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('[data-test="hand-over"]').click();
  await phone.page.locator('dialog .choice', { hasText: 'Officer Bayu' }).click();
  await phone.unlock('771204', 'Officer Bayu');
  await phone.page.locator('.choice', { hasText: /from .?Officer Melati/ }).click();
  await phone.question('age').waitFor();
  await phone.question('age').locator('[data-test="back"]').click();
  expect(await phone.question('given_name').locator('.entry').inputValue()).toBe('Aye (invented)');
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('dialog').getByText('Lock', { exact: true }).click();
  await phone.unlock('493817', 'Officer Melati');
  await phone.page.getByRole('heading', { name: /^Hello/ }).waitFor();
  expect(await phone.page.getByText('Saved interviews').count()).toBe(0);
  await phone.page.getByRole('button', { name: 'Lock' }).click();
});

test('a wrong PIN ten times wipes that officer and nobody else', async () => {
  const { page } = phone;
  await page.getByRole('button', { name: 'Officer Bayu' }).click();
  for (let left = 9; left > 0; left--) {
    await page.getByLabel('PIN or passphrase').fill('000001');
    await page.getByRole('button', { name: 'Unlock' }).click();
    await page.getByText(new RegExp(`After ${left} more wrong tr`)).waitFor();
  }
  await page.getByLabel('PIN or passphrase').fill('000001');
  await page.getByRole('button', { name: 'Unlock' }).click();
  await page.getByText('wrong ten times').waitFor();
  await phone.picture('26-wiped');
  const left = await page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const open = indexedDB.open('lintas-officer');
        open.onsuccess = () => {
          const all = open.result.transaction('profiles').objectStore('profiles').getAll();
          all.onsuccess = () => resolve((all.result as Array<{ label: string }>).map((one) => one.label));
        };
      }),
  );
  expect(left).toEqual(['Officer Melati']);
});

test('the demo interview shows what its indicators make of the answers, as an offer, and ends with an explained result', async () => {
  await phone.go();
  await phone.unlock('493817');
  // The workbook asks itself about privacy, urgent needs and consent, so the app does not.
  await phone.page.locator('.choice.begin', { hasText: 'Arrival interview (fictional' }).click();
  await phone.page.locator('[data-language="my"]').click();
  await phone.page.locator('.question').waitFor();
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('[data-test="to-end"]').click();
  await phone.page.locator('.result').getByText('never a finding').first().waitFor();
  await phone.page.locator('.result [data-test="rules"] summary').click();
  expect(await phone.page.locator('.result [data-test="rules"]').innerText()).toMatch(/hash [0-9a-f]{64}|[0-9a-f]{64}/);
  await phone.picture('29-result');
  expect(await phone.axe()).toEqual([]);
  await phone.finish('none');
});

test('an interview is sent in the name of the officer who is unlocked, not of the colleague who signed in last', async () => {
  await phone.page.getByText('Needs your sign-in').waitFor(); // officer2 is signed in on this browser
  const melati = await node.as('officer@demo');
  const mine = async () => (await melati.json<{ items: Array<{ officer: string }> }>('GET', '/api/screening/screenings')).items.length;
  const before = await mine();
  await phone.signIn('officer@demo');
  await phone.page.getByText('0 waiting').waitFor();
  expect(await mine()).toBe(before + 1);
  expect(phone.complaints).toEqual([]);
});

test('the exercise has its own storage and worker, a watermark, and sends nothing', async () => {
  const { page } = phone;
  await phone.go('/exercise/');
  await page.getByText('EXERCISE').waitFor();
  const reached: string[] = [];
  page.on('request', (request) => {
    if (request.url().includes('/openrosa')) reached.push(request.url());
  });
  await page.evaluate(() => navigator.serviceWorker.ready.then((one) => one.scope)).then((scope) => expect(scope).toMatch(/\/exercise\/$/));
  // Signed in already at this node: the place is made at once.
  await page.getByLabel('New PIN or passphrase').fill('604152');
  await page.getByLabel('The same again').fill('604152');
  await page.getByRole('button', { name: 'Make my place' }).click();
  await page.getByText('Works without a network').waitFor();
  await phone.begin(title, 'en');
  await phone.picture('27-exercise');
  await phone.question('given_name').locator('[data-test="next"]').click();
  await page.locator('[data-test="menu"]').click();
  await page.locator('[data-test="to-end"]').click();
  await phone.finish('none');
  await page.getByText('0 waiting').waitFor();
  expect(reached).toEqual([]);
  const sent = await page.evaluate(() => fetch('/openrosa/submission', { method: 'POST', body: new FormData() }).then((response) => response.status));
  expect(sent).toBe(403);
});

test('a device that is ordered to erase itself does so, also while it is locked', async () => {
  const { page } = phone;
  const admin = await node.as('supervisor@demo');
  const { items } = await admin.json<{ items: Array<{ id: string }> }>('GET', '/api/agency/devices');
  for (const device of items) await admin.call('POST', `/api/agency/devices/${device.id}/wipe`, {});
  await phone.go();
  await page.getByText('ordered this device to erase').waitFor();
  await phone.picture('28-ordered');
});
