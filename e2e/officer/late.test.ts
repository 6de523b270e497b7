import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Node } from './node';
import { Phone } from './phone';

/** A slow phone and a slow network: what comes late, and what is pressed twice meanwhile. */
const title = 'Late interview';
let node: Node;
let phone: Phone;

const workbook = [
  '| survey |',
  '|  | type | name | label::English (en) | label::မြန်မာ (my) |',
  '|  | geopoint | left_from | Where did you leave from? | ဘယ်ကနေ ထွက်လာတာလဲ။ |',
  '|  | text | given_name | What may I call you? | သင့်ကို ဘယ်လိုခေါ်ရမလဲ။ |',
  '|  | select_one yn | owes_money | Do you owe money? | အကြွေးတင်နေသလား။ |',
  '|  | select_one yn | papers_kept | Does somebody keep your papers? | စာရွက်စာတမ်းတွေ သိမ်းထားသလား။ |',
  '| choices |',
  '|  | list_name | name | label::English (en) | label::မြန်မာ (my) |',
  '|  | yn | yes | Yes | ဟုတ်ကဲ့ |',
  '|  | yn | no | No | မဟုတ်ပါ |',
  '| settings |',
  '|  | form_title | form_id | version | default_language |',
  `|  | ${title} | late | 1 | English (en) |`,
].join('\n');

beforeAll(async () => {
  node = await Node.start();
  await (await node.as('supervisor@demo')).publish('late', workbook);
  phone = await Phone.start(node.url, { slow: 1 });
  await phone.enrol('officer@demo', '493817');
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await phone?.picture('failure-late').catch(() => undefined);
  console.error(phone?.complaints.join('\n'));
});
afterAll(async () => {
  await phone?.end();
  await node?.remove();
});

/** The home screen of an app that was just opened. */
async function home(): Promise<void> {
  await phone.go();
  await phone.unlock('493817');
  await phone.page.getByText('Works without a network').waitFor();
}
/** What the page was told has been worked upon. */
const settles = (): Promise<void> => phone.page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));
/** From now on nothing that is sealed on the phone can be read, until the function that is handed back is called: a slow processor. */
async function slowToRead(): Promise<() => Promise<void>> {
  await phone.page.evaluate(() => {
    const own = SubtleCrypto.prototype.decrypt;
    let go!: () => void;
    const may = new Promise<void>((done) => (go = done));
    SubtleCrypto.prototype.decrypt = async function decrypt(...given) {
      await may;
      return own.apply(this, given);
    };
    Object.assign(globalThis, { lintasGo: () => ((SubtleCrypto.prototype.decrypt = own), go()) });
  });
  return async () => {
    await phone.page.evaluate(() => (globalThis as unknown as { lintasGo: () => void }).lintasGo());
    await settles();
  };
}

test('who signs in while the app still asks who is there is signed in', async () => {
  const fresh = await Phone.start(node.url, { slow: 1 });
  const { page } = fresh;
  let come!: () => void;
  let came!: () => void;
  const mayCome = new Promise<void>((done) => (come = done));
  const hasCome = new Promise<void>((done) => (came = done));
  await page.route(
    '**/api/agency/me',
    async (route) => {
      const answer = await route.fetch();
      await mayCome;
      await route.fulfill({ response: answer });
      came();
    },
    { times: 1 },
  );
  await fresh.go();
  await fresh.signIn('officer2@demo');
  await page.getByLabel('New PIN or passphrase').fill('493817');
  come();
  await hasCome;
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.getByLabel('The same again').fill('493817');
  await page.getByRole('button', { name: 'Make my place' }).click();
  await page.getByText('Works without a network').waitFor();
  expect(fresh.complaints).toEqual([]);
  await fresh.end();
});

test('a form that is pressed twice begins one interview, and a question that is pressed twice is answered alone', async () => {
  const { page } = phone;
  await home();
  const before = (await phone.stored('draft')).length;
  await page.locator('.choice.begin', { hasText: title }).dblclick();
  await page.locator('[data-language="my"]').click();
  await page.locator('[data-screen="private"] [data-value="none"]').click();
  await page.locator('[data-screen="hurt"] [data-value="no"]').dblclick();
  await page.locator('[data-screen]:not([data-screen="hurt"])').waitFor();
  expect(await page.locator('[data-screen]').getAttribute('data-screen'), 'danger was answered unread').toBe('danger');
  for (const need of ['danger', 'food', 'child']) await page.locator(`[data-screen="${need}"] [data-value="no"]`).click();
  await page.locator('[data-screen="consent"] [data-value="yes"]').click();
  await phone.question('left_from').waitFor();
  expect((await phone.stored('draft')).length).toBe(before + 1);
});

test('a position that is found when the next question stands there is not the answer to it', async () => {
  const { page } = phone;
  await home();
  await phone.begin(title, 'my');
  await page.evaluate(() => Object.defineProperty(navigator.geolocation, 'getCurrentPosition', { value: (found: unknown) => Object.assign(globalThis, { lintasFound: found }) }));
  await phone.question('left_from').getByRole('button', { name: 'This place' }).click();
  await phone.question('left_from').locator('[data-test="skip"]').click();
  await phone.question('given_name').waitFor();
  await page.evaluate(() => (globalThis as unknown as { lintasFound: (at: object) => void }).lintasFound({ coords: { latitude: 6.4, longitude: 149.9, altitude: 0, accuracy: 5 } }));
  await phone.question('given_name').locator('[data-test="skip"]').click();
  await phone.question('owes_money').locator('[data-test="back"]').click();
  await phone.question('given_name').waitFor();
  expect(await phone.question('given_name').locator('.entry').inputValue()).toBe('');
});

test('nothing is read aloud after a quick exit, though the voices of the phone come late', async () => {
  const { page } = phone;
  await home();
  await phone.begin(title, 'my');
  await page.locator('[data-test="menu"]').click();
  await page.locator('[data-test="alone"]').click();
  await page.locator('[data-test="alone-start"]').waitFor();
  await page.evaluate(() => {
    const own = speechSynthesis.getVoices;
    speechSynthesis.getVoices = () => [];
    Object.assign(globalThis, { lintasVoices: () => ((speechSynthesis.getVoices = own), speechSynthesis.dispatchEvent(new Event('voiceschanged'))) });
  });
  await phone.heard();
  await page.evaluate(() => {
    document.querySelector<HTMLButtonElement>('[data-test="alone-start"]')!.click();
    requestAnimationFrame(() => {
      document.querySelector<HTMLButtonElement>('[data-test="quick-exit"]')!.click();
      requestAnimationFrame(() => (globalThis as unknown as { lintasVoices: () => void }).lintasVoices());
    });
  });
  await page.locator('[data-test="neutral"]').waitFor();
  await settles();
  expect(await phone.heard()).toEqual([]);
});

test('what is typed at the lock while a PIN is being tried is the next try', async () => {
  const { page } = phone;
  await phone.go();
  await page.getByLabel('PIN or passphrase').fill('000001');
  await page.evaluate(() => {
    document.querySelector<HTMLFormElement>('.lock-page form')!.requestSubmit();
    requestAnimationFrame(() => {
      const field = document.querySelector<HTMLInputElement>('.lock-page input[type=password]')!;
      field.value = '4938';
      field.dispatchEvent(new Event('input'));
    });
  });
  await page.getByText('After 9 more wrong tries').waitFor();
  expect(await page.getByLabel('PIN or passphrase').inputValue()).toBe('4938');
  await phone.unlock('493817');
  await page.getByRole('heading', { name: /^Hello/ }).waitFor();
});

test('what is known by heart stays known when another card is marked before the first were read', async () => {
  const { page } = phone;
  const know = async (card: string): Promise<void> => {
    await page.locator(`[data-card="${card}"] summary`).first().click();
    await page.locator(`[data-card="${card}"]`).getByRole('button', { name: 'I know this' }).click();
  };
  await home();
  await page.locator('a.choice[href$="/cards"]').click();
  await know('frightened');
  await page.locator('[data-card="frightened"]').getByText('known since').waitFor();
  await page.locator('a.name').click();
  const canRead = await slowToRead();
  await page.locator('a.choice[href$="/cards"]').click();
  await know('interpreter');
  await canRead();
  for (const card of ['interpreter', 'frightened']) await page.locator(`[data-card="${card}"]`).getByText('known since').waitFor();
});

test('a box that is ticked as soon as it is there stays ticked', async () => {
  const { page } = phone;
  const box = page.getByRole('checkbox', { name: 'I take part' });
  const settings = async (): Promise<void> => {
    await page.locator('a.name').click();
    await page.locator('a[href$="/settings"]').click();
  };
  await home();
  await settings();
  await box.check();
  await box.uncheck();
  await page.locator('a.name').click();
  await page.getByRole('heading', { name: /^Hello/ }).waitFor();
  const canRead = await slowToRead();
  await settings();
  await page.getByRole('heading', { name: 'Settings' }).waitFor();
  const ticked = box.check();
  await Promise.race([ticked, page.waitForTimeout(1_000)]); // at once where the box is there before it is known
  await canRead();
  await ticked;
  expect(await box.isChecked()).toBe(true);
  await settings();
  await box.waitFor();
  expect(await box.isChecked()).toBe(true);
});

test('an interview that could not be stored when it was finished is finished by the next press', async () => {
  const { page } = phone;
  await home();
  await phone.begin(title, 'my');
  await page.locator('[data-test="menu"]').click();
  await page.locator('[data-test="to-end"]').click();
  await page.locator('[data-referral="none"]').click();
  await page.evaluate(() => {
    const own = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = function put(...given: Parameters<typeof own>) {
      if ((given[0] as { kind?: string }).kind !== 'queued') return own.apply(this, given);
      IDBObjectStore.prototype.put = own;
      throw new DOMException('full', 'QuotaExceededError');
    };
  });
  await page.locator('[data-test="finish"]').click();
  await page.getByText('This could not be stored on the device', { exact: false }).waitFor();
  await page.locator('[data-test="finish"]').click();
  await page.locator('[data-test="queue-state"]').waitFor();
  expect(phone.complaints.splice(0), 'the failure itself is told to who looks for it').toEqual(['QuotaExceededError: full']);
});
