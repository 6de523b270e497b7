import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Node } from './node';
import { patience, Phone } from './phone';
import { arrival, recording } from './workbook';

/** An unfinished interview goes from one officer's phone to another's, through a node that cannot read it. */
const title = 'Journey interview';
let node: Node;
let melati: Phone;
let bayu: Phone;
const arrived = async (): Promise<number> => (await (await node.as('supervisor@demo')).json<{ items: unknown[] }>('GET', '/api/screening/screenings?limit=200')).items.length;

beforeAll(async () => {
  node = await Node.start();
  await (await node.as('supervisor@demo')).publish('arrival', arrival(), { 'name-th.wav': recording(440), 'age-th.wav': recording(550), 'debt-th.wav': recording(660) });
  melati = await Phone.start(node.url, { slow: 1 });
  bayu = await Phone.start(node.url, { slow: 1 });
  await melati.enrol('officer@demo', '493817', { device: 'jetty phone 1' });
  await bayu.enrol('officer2@demo', '771204', { device: 'jetty phone 2' });
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await melati?.picture('failure-melati').catch(() => undefined);
  await bayu?.picture('failure-bayu').catch(() => undefined);
  console.error([...(melati?.complaints ?? []), ...(bayu?.complaints ?? [])].join('\n'));
});
afterAll(async () => {
  await melati?.end();
  await bayu?.end();
  await node?.remove();
});

/** As when the network comes back: what waits is tried. */
const networkBack = (phone: Phone): Promise<unknown> => phone.page.evaluate(() => dispatchEvent(new Event('online')));
const looksRight = async (phone: Phone, name: string): Promise<void> => {
  await phone.picture(name);
  expect(await phone.axe(), name).toEqual([]);
  expect(await phone.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth), `${name} scrolls sideways`).toBeLessThanOrEqual(0);
};
/** The same page in scripts that are tall, and from right to left. */
async function inBurmeseAndArabic(phone: Phone, name: string): Promise<void> {
  for (const code of ['my', 'ar']) {
    await phone.page.locator('.locale-choice select').selectOption(code);
    await phone.page.locator(`html[lang="${code}"]`).waitFor({ state: 'attached' });
    await phone.page.evaluate(() => document.fonts.ready);
    await looksRight(phone, `${name}-${code}`);
  }
  await phone.page.locator('.locale-choice select').selectOption('en');
  await phone.page.locator('html[lang="en"]').waitFor({ state: 'attached' });
}
async function openDialog(phone: Phone): Promise<void> {
  await phone.page.locator('[data-test="menu"]').click();
  await phone.page.locator('[data-test="hand-over"]').click();
}
async function handToBayu(phone: Phone, note: string): Promise<void> {
  await openDialog(phone);
  await phone.page.getByLabel('What should they know first?').fill(note);
  await phone.page.locator('dialog [data-place]', { hasText: 'Officer Bayu' }).click();
  await phone.page.locator('[data-test="hand-away"]').click();
  await phone.page.locator('[data-test="handing"]').waitFor();
}
/** What lies in a phone's store, by kind; nothing of it can be read without the PIN. */
const kinds = (phone: Phone): Promise<string[]> =>
  phone.page.evaluate(
    () =>
      new Promise<string[]>((resolve) => {
        const open = indexedDB.open('lintas-officer');
        open.onsuccess = () => {
          const all = open.result.transaction('records').objectStore('records').getAll();
          all.onsuccess = () => {
            resolve((all.result as Array<{ kind: string }>).map((one) => one.kind).filter((kind) => ['draft', 'handing', 'arriving', 'queued'].includes(kind)));
            open.result.close();
          };
        };
      }),
  );

test('handed over without a network, with the connection cut in the middle, it is taken exactly once and finished on the other phone', async () => {
  const before = await arrived();
  await melati.begin(title, 'my');
  await melati.type('given_name', 'Aye (invented)');
  await melati.question('age').locator('[data-value="not_known"]').click();
  await melati.question('owes_money').waitFor();

  await openDialog(melati);
  await melati.page.getByLabel('What should they know first?').fill('Wants a woman to ask; tired.');
  await melati.page.locator('dialog [data-place]', { hasText: 'jetty phone 2' }).waitFor();
  await looksRight(melati, '40-hand-over');
  await melati.page.locator('dialog [data-place]', { hasText: 'jetty phone 2' }).click();
  const number = melati.page.locator('[data-test="number"]');
  await expect.poll(() => number.innerText()).toMatch(/^\d{4}( \d{4}){4}$/);
  await looksRight(melati, '41-compare');

  // Bayu reads the number from their own settings: it is the same.
  await bayu.page.locator('a[href$="/settings"]').click();
  await expect.poll(() => bayu.page.locator('[data-test="number"]').innerText()).toBe(await number.innerText());
  await looksRight(bayu, '42-own-number');
  await inBurmeseAndArabic(bayu, '42-own-number');
  await bayu.page.locator('a.name').click();
  await melati.page.locator('[data-test="compare"]').click();
  await melati.page.locator('[data-test="compared"]').waitFor();

  // The node is gone when it is handed over: it waits here and says so, also after the phone has died.
  await node.stop();
  await melati.page.locator('[data-test="hand-away"]').click();
  await melati.page.locator('[data-state="here"]').waitFor();
  await melati.page.getByText('no network').waitFor();
  await looksRight(melati, '43-waits-here');
  await inBurmeseAndArabic(melati, '43-waits-here');
  await expect.poll(() => kinds(melati)).toEqual(['handing']);
  await melati.crash();
  await melati.go();
  // The browser writes down the language seconds after it is chosen: what it knows now may be the one before.
  await melati.page.locator('.locale-choice select').selectOption('en');
  await melati.unlock('493817');
  await melati.page.getByText('1 being handed over').waitFor();
  expect(await melati.page.getByText('Saved interviews').count(), 'nobody goes on with it meanwhile').toBe(0);
  expect(await kinds(melati)).toEqual(['handing']);

  await node.run();
  await melati.page.locator('a[href$="/queue"]').click();
  await melati.page.getByRole('button', { name: 'Send now' }).click();
  // The crash may have cost the session: then the page asks for it.
  const asked = melati.page.getByLabel('Name for sign-in');
  await melati.page.locator('[data-state="at-node"]').or(asked).first().waitFor();
  if (await asked.isVisible()) {
    await melati.signIn('officer@demo');
    await melati.page.locator('[data-state="at-node"]').waitFor();
  }
  await looksRight(melati, '44-at-the-node');

  await networkBack(bayu);
  await bayu.page.locator('[data-test="offered"]').click();
  await bayu.page.locator('[data-test="take"]').waitFor();
  await bayu.page.getByText('Wants a woman to ask; tired.').waitFor();
  await bayu.page.getByText('Agreed to be asked').waitFor();
  await bayu.page.getByText('2 questions have been asked already').waitFor();
  await looksRight(bayu, '45-handed');
  await inBurmeseAndArabic(bayu, '45-handed');
  expect(await kinds(bayu), 'looking takes nothing').toEqual([]);

  // The connection is cut after the node has noted that it is taken and before the phone hears it.
  await bayu.cutAfter('/take');
  await bayu.page.locator('[data-test="take"]').click();
  await bayu.page.locator('[data-test="arriving"]').waitFor();
  await looksRight(bayu, '46-arriving');
  expect(await kinds(bayu)).toEqual(['arriving']);

  await melati.page.getByRole('button', { name: 'Send now' }).click();
  await melati.page.locator('[data-test="handed-over"]').waitFor();
  expect(await kinds(melati), "the sender's copy goes once the node has said that it is taken").toEqual([]);
  await looksRight(melati, '47-handed-over');

  await networkBack(bayu);
  await bayu.page.locator('.choice', { hasText: /from .?Officer Melati/ }).click();
  await bayu.page.locator('[data-test="handed-note"]').getByText('Wants a woman to ask; tired.').waitFor();
  await bayu.page.getByText('What was asked').click();
  await looksRight(bayu, '48-goes-on');
  await bayu.question('owes_money').waitFor();
  expect(await kinds(bayu)).toEqual(['draft']);
  await bayu.press('owes_money', 'no');
  await bayu.question('papers_kept').waitFor();
  await bayu.page.locator('[data-test="menu"]').click();
  await bayu.page.locator('[data-test="to-end"]').click();
  await bayu.finish('none');
  await bayu.page.getByText('0 waiting').waitFor();
  await expect.poll(arrived).toBe(before + 1);
  expect((await bayu.sent()).at(-1)).toContain('Aye (invented)');
  expect([...melati.complaints, ...bayu.complaints]).toEqual([]);
});

test('given back by the colleague it is the sender\'s draft again, with the reason', async () => {
  await melati.page.locator('a.name').click();
  await melati.begin(title, 'en');
  await melati.type('given_name', 'Nur (invented)');
  await melati.question('age').waitFor();
  await handToBayu(melati, '');
  await melati.page.locator('[data-state="at-node"]').waitFor();
  await bayu.page.locator('a.name').click();
  await networkBack(bayu);
  await bayu.page.locator('[data-test="offered"]').click();
  await bayu.page.locator('[data-test="refuse"]').click();
  await bayu.page.getByRole('heading', { name: /^Hello/ }).waitFor();
  await melati.page.locator('a.name').click();
  await networkBack(melati);
  await melati.page.locator('[data-test="returned"]').getByText('They gave it back.').waitFor();
  await looksRight(melati, '49-given-back');
  await inBurmeseAndArabic(melati, '49-given-back');
  await melati.page.locator('.choice', { hasText: 'They gave it back.' }).click();
  await melati.question('age').waitFor();
});

test('a second tab says that the interview is open in another, and continuing there loses nothing', async () => {
  const first = melati.page;
  const second = await melati.context.newPage();
  second.setDefaultTimeout(patience);
  await second.goto(first.url());
  await second.getByLabel('PIN or passphrase').fill('493817');
  await second.getByRole('button', { name: 'Unlock' }).click();
  await second.locator('[data-test="elsewhere"]').waitFor();
  expect(await second.locator('.question').count()).toBe(0);
  // Typed in the first tab and not left yet with Next: what was stored is what the second tab shows.
  await melati.type('age', '34');
  await melati.question('owes_money').waitFor();
  melati.page = second;
  await looksRight(melati, '50-open-elsewhere');
  await second.locator('[data-test="continue-here"]').click();
  await melati.question('owes_money').waitFor();
  await first.locator('[data-test="elsewhere"]').waitFor();
  expect(await first.locator('.question').count(), 'the first tab cannot be typed into any more').toBe(0);
  await melati.question('owes_money').locator('[data-test="back"]').click();
  expect(await melati.question('age').locator('.entry').inputValue()).toBe('34');

  // While the person answers alone in one tab, another does not take the interview from them.
  await second.locator('[data-test="menu"]').click();
  await second.locator('[data-test="alone"]').click();
  await second.locator('[data-test="alone-start"]').click();
  await first.locator('[data-test="continue-here"]').click();
  await first.getByText('the person is answering alone').waitFor();
  await second.locator('.question').waitFor();
  await second.locator('[data-test="quick-exit"]').click();

  // A tab that is simply gone holds nothing back.
  await second.close();
  melati.page = first;
  await first.locator('[data-test="continue-here"]').click();
  await first.locator('.question').waitFor();
});

test('a hand-over to a device whose access is ended comes back, and one that was taken back is not offered', async () => {
  await handToBayu(melati, '');
  await melati.page.locator('[data-state="at-node"]').waitFor();
  await melati.page.locator('[data-test="take-back"]').click();
  await expect.poll(() => kinds(melati)).toEqual(['draft']);
  const asked = bayu.page.waitForResponse(/\/api\/screening\/handovers\?/);
  await networkBack(bayu);
  await (await asked).finished();
  expect(await bayu.page.locator('[data-test="offered"]').count()).toBe(0);

  await melati.page.locator('a.name').click();
  await melati.page.locator('.choice', { hasText: 'Last changed' }).click();
  await melati.page.locator('.question').waitFor();
  await handToBayu(melati, '');
  await melati.page.locator('[data-state="at-node"]').waitFor();
  const supervisor = await node.as('supervisor@demo');
  const { items } = await supervisor.json<{ items: Array<{ id: string; name: string }> }>('GET', '/api/agency/devices');
  await supervisor.call('POST', `/api/agency/devices/${items.find((one) => one.name === 'jetty phone 2')!.id}/revoke`, {});
  await melati.page.getByRole('button', { name: 'Send now' }).click();
  await expect.poll(() => kinds(melati)).toEqual(['draft']);
  await melati.page.locator('a.name').click();
  await melati.page.locator('[data-test="returned"]').getByText('not in use any more').waitFor();
});

test('an exercise hands over on the same device only, and asks the node for nobody', async () => {
  const { page } = melati;
  const asked: string[] = [];
  page.on('request', (request) => void (/\/api\/screening\/(handovers|places)/.test(request.url()) && asked.push(request.url())));
  await melati.go('/exercise/');
  await page.getByLabel('New PIN or passphrase').fill('604152');
  await page.getByLabel('The same again').fill('604152');
  await page.getByRole('button', { name: 'Make my place' }).click();
  await page.getByText('Works without a network').waitFor();
  await melati.begin(title, 'en');
  await page.locator('[data-test="menu"]').click();
  await melati.picture('51-exercise-menu');
  if (await page.locator('[data-test="hand-over"]').count()) {
    await page.locator('[data-test="hand-over"]').click();
    await page.getByText('on the same device only').waitFor();
  }
  expect(asked).toEqual([]);
});

test('leaving a device asks the PIN, and a wrong one counts as at the lock', async () => {
  const { page } = bayu;
  await page.locator('a.name').click();
  await page.locator('a[href$="/settings"]').click();
  await page.getByRole('button', { name: 'Leave this device' }).click();
  const dialog = page.locator('dialog');
  await dialog.getByLabel('PIN or passphrase').fill('000001');
  await dialog.locator('[data-test="leave"]').click();
  await dialog.getByText('After 9 more wrong tries').waitFor();
  await looksRight(bayu, '52-leave');
  await dialog.getByLabel('PIN or passphrase').fill('771204');
  await dialog.locator('[data-test="leave"]').click();
  await page.getByLabel('Name for sign-in').or(page.getByLabel('New PIN or passphrase')).first().waitFor();
});
