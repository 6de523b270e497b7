import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Node } from './node';
import { Phone } from './phone';
import { spoken } from './workbook';

/** What travellers of more languages see, and what an officer reads before and after. */
let node: Node;
let phone: Phone;

beforeAll(async () => {
  node = await Node.start();
  await (await node.as('supervisor@demo')).publish('spoken', spoken());
  phone = await Phone.start(node.url, { slow: 1 });
  await phone.enrol('officer@demo', '493817');
});
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await phone?.picture('failure-travellers').catch(() => undefined);
  console.error(phone?.complaints.join('\n'));
});
afterAll(async () => {
  await phone?.end();
  await node?.remove();
});

for (const [code, yes, dir] of [['km', 'បាទ/ចាស', 'ltr'], ['lo', 'ແມ່ນ', 'ltr'], ['si', 'ඔව්', 'ltr'], ['ta', 'ஆம்', 'ltr'], ['bn', 'হ্যাঁ', 'ltr'], ['ur', 'ہاں', 'rtl'], ['prs', 'بلی', 'rtl']] as const) {
  test(`a traveller who chooses ${code} is asked in it about what cannot wait, in its own direction, and the missing voice is said`, async () => {
    const { page } = phone;
    await phone.go();
    await page.locator('.choice, input').first().waitFor();
    if (await page.getByLabel('PIN or passphrase').isVisible()) await phone.unlock('493817');
    await page.locator('.choice.begin', { hasText: 'Spoken interview' }).click();
    await page.locator(`[data-language="${code}"]`).click();
    await page.locator('[data-screen="private"] [data-value="none"]').click();
    const hurt = page.locator('[data-screen="hurt"]');
    await hurt.waitFor();
    const side = hurt.locator(`[lang="${code}"]`).first();
    expect(await side.getAttribute('dir')).toBe(dir);
    expect(await hurt.locator('[data-value="yes"]').innerText()).toContain(yes);
    await hurt.locator('[data-sound="none"]').waitFor();
    await phone.picture(`40-urgent-${code}`);
    expect(await phone.axe()).toEqual([]);
    for (const need of ['hurt', 'danger', 'food', 'child']) await page.locator(`[data-screen="${need}"] [data-value="no"]`).click();
    await page.locator('[data-screen="consent"]').waitFor();
    await phone.picture(`41-consent-${code}`);
    await page.locator('[data-screen="consent"] [data-value="yes"]').click();
    await page.locator('.question').waitFor();
    await phone.picture(`42-question-${code}`);
    expect(phone.complaints).toEqual([]);
  });
}

test('without a network the officer reads how the country refers, with who confirmed it and when', async () => {
  const { page } = phone;
  await phone.go();
  await phone.unlock('493817');
  await page.getByRole('heading', { name: /^Hello/ }).waitFor();
  await node.stop();
  await page.locator('a.choice[href$="/help"]').click();
  const procedure = page.locator('[data-test="procedure"]');
  await procedure.locator('ol li').first().waitFor();
  expect(await procedure.innerText()).toMatch(/confirmed by \S/);
  expect(await procedure.locator('[data-sound="none"]').innerText()).toContain('No voice');
  await phone.picture('43-help');
  expect(await phone.axe()).toEqual([]);
  const open = (): Promise<number> => page.locator('.help-page details[open]').count();
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  expect(await open(), 'on paper every service stands open').toBe(await page.locator('.help-page details').count());
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  expect(await open(), 'and as it was after').toBe(0);
});

test('each learning card is there once without a network, with its checks, and what is known by heart stays known', async () => {
  const { page } = phone;
  await page.goBack();
  await page.locator('a.choice[href$="/cards"]').click();
  await page.locator('[data-card]').first().waitFor();
  const ids = await page.locator('[data-card]').evaluateAll((all) => all.map((one) => one.getAttribute('data-card')));
  expect(ids).toEqual([...new Set(ids)]);
  expect(ids).toEqual(expect.arrayContaining(['frightened', 'interpreter', 'interview', 'children', 'referral']));
  const card = page.locator('[data-card="frightened"]');
  await card.locator('summary').first().click();
  await card.locator('.check summary').first().click();
  await card.getByRole('button', { name: 'I know this' }).click();
  await card.getByText('known since').waitFor();
  await phone.picture('44-cards');
  expect(await phone.axe()).toEqual([]);
  await page.goBack();
  await page.locator('a.choice[href$="/cards"]').click();
  await page.locator('[data-card="frightened"]').getByText('known since').waitFor();
  expect(phone.strangers).toEqual([]);
  expect(phone.complaints).toEqual([]);
});

test('the page of the app forbids evaluated scripts and every other origin', async () => {
  await node.run();
  const policy = (await fetch(`${node.url}/app/`)).headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("'wasm-unsafe-eval'");
  expect(policy.replaceAll("'wasm-unsafe-eval'", '')).not.toContain('unsafe-eval');
  expect(policy).toContain('require-trusted-types-for');
  expect(policy).not.toMatch(/https?:/);
});
