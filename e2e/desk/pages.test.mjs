// Every page of the agency in wide and narrow, in left-to-right, right-to-left and tall scripts: readable without
// moving sideways, accessible, and not a letter of English left where there is a translation.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessible, call, fitsItsWidth, journeys, picture, root } from './house.mjs';

const { journey } = journeys((journey) =>
  journey({}, 'admin@demo', async (_page, context) => {
    for (const name of ['jetty phone 2', 'โทรศัพท์ท่าเรือ', 'هاتف الرصيف']) assert.equal((await call(context, 'POST', '/api/agency/devices', { name })).status, 201);
  }),
);

const pages = ['people', 'organisations', 'devices', 'account'];

const textsIn = (locale) => JSON.parse(readFileSync(join(root, `web/src/agency/i18n/${locale}.json`), 'utf8'));
const english = textsIn('en');
/** Opens a page of the agency and waits for what it is opened for. */
async function open(page, name, texts = english) {
  await page.goto(`/agency/${name}`);
  await page.getByRole('heading', { level: 1, name: texts[name].title }).waitFor();
  if (name === 'account') await page.getByText(texts.account.passkeysNone).waitFor();
  else await page.getByRole('table').waitFor();
}

for (const [locale, dir] of [['en', 'ltr'], ['th', 'ltr'], ['my', 'ltr'], ['ar', 'rtl'], ['vi', 'ltr'], ['id', 'ltr']]) {
  for (const width of [390, 1280]) {
    test(`the pages of the agency in ${locale} on a screen of ${width} px`, () =>
      journey({ locale, width }, 'admin@demo', async (page) => {
        const texts = textsIn(locale);
        for (const name of pages) {
          await open(page, name, texts);
          assert.equal(await page.locator('html').getAttribute('dir'), dir);
          await fitsItsWidth(page, `${name} in ${locale} at ${width}`);
          await accessible(page, `${name} in ${locale} at ${width}`);
          if (locale !== 'en') assert.equal(await page.locator('#main').getByText(english[name].text ?? english[name].codesText, { exact: true }).count(), 0, 'an English text stands on the page');
          await picture(page, `agency-${name}-${locale}-${width}`);
        }
      }));
  }
}

test('the pages can be read at twice the size of letters', () =>
  // 1280 px at 200 %
  journey({ width: 640 }, 'admin@demo', async (page) => {
    for (const name of pages) {
      await open(page, name);
      await fitsItsWidth(page, `${name} at 200 %`);
    }
  }));

test('the pages keep their contrast in the dark', () =>
  journey({ colorScheme: 'dark' }, 'admin@demo', async (page) => {
    for (const name of pages) {
      await open(page, name);
      await accessible(page, `${name} in the dark`);
    }
    await open(page, 'people');
    await picture(page, 'agency-people-dark');
  }));
