// What the node refuses, met by people who read Burmese and Arabic: a login that is locked, a version that is taken,
// a procedure with mistakes, and a sentence that this version of the pages does not know.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessible, becomes, call, fitsItsWidth, journeys, password, picture, root } from './house.mjs';

const { journey } = journeys();
const data = (path) => JSON.parse(readFileSync(join(root, 'web', 'src', path), 'utf8'));
const filled = (text, values) => text.replace(/\{(\d+)\}/g, (_, n) => `\u2068${values[n]}\u2069`);
/** The sentence of a code as the page must show it. */
const sentence = (locale, code, ...values) => filled(data(`problem/${locale}.json`).codes[code], values);
const alert = (page) => page.getByRole('alert').first();
// Each locks a login of its own: the lock of another journey could end in the middle.
const readers = [
  { locale: 'my', width: 1280, login: 'planner@demo' },
  { locale: 'ar', width: 390, login: 'secretariat@demo' },
  { locale: 'my', width: 390, login: 'officer2@demo' },
  { locale: 'ar', width: 1280, login: 'caseworker@demo' },
];

/** The refusal stands there in the reader's language, all of it, and the page is fit to be read. */
async function told(page, text, name) {
  await alert(page).getByText(text, { exact: true }).waitFor();
  assert.equal(await page.locator('[role=alert] [lang=en]').count(), 0, `${name} holds English`);
  await accessible(page, name);
  await fitsItsWidth(page, name);
  await picture(page, name);
}

for (const { locale, width, login } of readers) {
  test(`a locked login is told until when, and its language is fetched only then (${locale}, ${width} px)`, () =>
    journey({ locale, width }, null, async (page, context) => {
      const fetched = [];
      page.on('request', (request) => request.url().includes('/assets/problem-') && fetched.push(request.url()));
      for (let i = 0; i < 10; i++) await call(context, 'POST', '/api/agency/sign-in', { login, password: 'wrong' });
      await page.goto('/sign-in');
      await page.locator('input[autocomplete="username"]').fill(login);
      await page.locator('input[autocomplete="current-password"]').fill(password);
      assert.deepEqual(fetched, [], 'a language of refusals is fetched before anything is refused');
      const answer = page.waitForResponse('**/api/agency/sign-in');
      await page.keyboard.press('Enter');
      const { values } = await (await answer).json();
      assert.match(values[0], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const here = await page.evaluate(([code, instant]) => new Intl.DateTimeFormat(code, { timeStyle: 'medium' }).format(new Date(instant)), [locale, values[0]]);
      await told(page, sentence(locale, 'agency.locked', here), `refusal-locked-${locale}-${width}`);
      assert.equal(fetched.length, 1);
    }));

  test(`a workbook whose version is taken names it (${locale}, ${width} px)`, () =>
    journey({ locale, width }, 'supervisor@demo', async (page) => {
      const id = `water-${locale}-${width}`;
      const workbook = (question) => ({ name: `${id}.md`, mimeType: 'text/markdown', buffer: Buffer.from(`| survey |\n|  | type | name | label |\n|  | text | spring | ${question} |\n\n| settings |\n|  | form_title | form_id | version |\n|  | Water | ${id} | 3 |\n`) });
      const publish = filled(data(`screening-desk/i18n/${locale}.json`).upload.publish.replace('{version}', '3'), []);
      const send = async (question) => {
        await page.goto('/screening/upload');
        await page.locator('input[type=file]').first().setInputFiles(workbook(question));
        await page.getByRole('button', { name: publish }).click();
      };
      await send('Which spring?');
      await page.waitForURL('**/screening/instruments/*');
      await send('Which well?');
      await told(page, sentence(locale, 'screening.version-taken', '3'), `refusal-version-${locale}-${width}`);
    }));

  test(`a procedure with mistakes says at each place what is wrong (${locale}, ${width} px)`, () =>
    journey({ locale, width }, 'supervisor@demo', async (page) => {
      const own = data(`screening-desk/i18n/${locale}.json`).procedure;
      await page.goto('/screening/procedure');
      await page.getByRole('button', { name: own.write }).click();
      await page.locator('form').getByRole('textbox').first().waitFor();
      for (const box of await page.locator('form').getByRole('textbox').all()) if ((await box.getAttribute('type')) !== 'date') await box.fill('<b>x</b>');
      await page.getByRole('button', { name: own.save }).click();
      const markup = data(`problem/${locale}.json`).messages['holds markup such as <b>; write plain text'];
      await alert(page).getByText(markup).first().waitFor();
      await becomes(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true', 'the keyboard is not where the mistake is');
      await told(page, sentence(locale, 'screening.procedure-invalid'), `refusal-procedure-${locale}-${width}`);
    }));
}

test('a refusal that these pages do not know yet is shown as the node wrote it, as English inside an Arabic page', () =>
  journey({ locale: 'ar', width: 390 }, null, async (page) => {
    // A node of tomorrow under pages of today, as while a node is renewed.
    await page.route('**/api/agency/sign-in', (route) => route.fulfill({ status: 409, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Conflict', status: 409, code: 'agency.of-tomorrow', detail: 'Something that is new. Do this.' }) }));
    await page.goto('/sign-in');
    await page.locator('input[autocomplete="username"]').fill('planner@demo');
    await page.locator('input[autocomplete="current-password"]').fill(password);
    await page.keyboard.press('Enter');
    const english = alert(page).locator('[lang=en][dir=ltr]');
    await english.getByText('Something that is new. Do this.', { exact: true }).waitFor();
    await accessible(page, 'an unknown refusal');
    await picture(page, 'refusal-unknown-ar-390');
  }));
