// Every page of the agency in wide and narrow, in left-to-right, right-to-left and tall scripts: readable without
// moving sideways, accessible, and not a letter of English left where there is a translation.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { accessible, call, enter, fitsItsWidth, picture, root, startBrowser, startNode, visit } from './house.mjs';

let node, browser;
before(async () => {
  node = await startNode();
  browser = await startBrowser();
  const setup = await browser.newContext({ baseURL: node.url });
  await enter(setup, 'admin@demo');
  for (const name of ['jetty phone 2', 'โทรศัพท์ท่าเรือ', 'هاتف الرصيف']) assert.equal((await call(setup, 'POST', '/api/agency/devices', { name })).status, 201);
  await setup.close();
});
after(async () => {
  await browser?.close();
  await node?.end();
});

const pages = ['people', 'organisations', 'devices', 'account'];
const english = JSON.parse(readFileSync(join(root, 'web/src/agency/i18n/en.json'), 'utf8'));

for (const [locale, dir] of [['en', 'ltr'], ['th', 'ltr'], ['my', 'ltr'], ['ar', 'rtl'], ['vi', 'ltr'], ['id', 'ltr']]) {
  for (const width of [390, 1280]) {
    test(`the pages of the agency in ${locale} on a screen of ${width} px`, async () => {
      const visitor = await visit(browser, node, { locale, width });
      const { page, context } = visitor;
      await enter(context, 'admin@demo');
      const texts = JSON.parse(readFileSync(join(root, `web/src/agency/i18n/${locale}.json`), 'utf8'));
      for (const name of pages) {
        await page.goto(`/agency/${name}`);
        await page.getByRole('heading', { level: 1, name: texts[name].title }).waitFor();
        if (name === 'account') await page.getByText(texts.account.passkeysNone).waitFor();
        else await page.getByRole('table').waitFor();
        assert.equal(await page.locator('html').getAttribute('dir'), dir);
        await fitsItsWidth(page, `${name} in ${locale} at ${width}`);
        await accessible(page, `${name} in ${locale} at ${width}`);
        if (locale !== 'en') assert.equal(await page.locator('#main').getByText(english[name].text ?? english[name].codesText, { exact: true }).count(), 0, 'an English text stands on the page');
        await picture(page, `agency-${name}-${locale}-${width}`);
      }
      await visitor.leave();
    });
  }
}

test('the pages can be read at twice the size of letters', async () => {
  const visitor = await visit(browser, node, { width: 640 }); // 1280 px at 200 %
  await enter(visitor.context, 'admin@demo');
  for (const name of pages) {
    await visitor.page.goto(`/agency/${name}`);
    await visitor.page.getByRole('heading', { level: 1 }).waitFor();
    await fitsItsWidth(visitor.page, `${name} at 200 %`);
  }
  await visitor.leave();
});

test('the pages keep their contrast in the dark', async () => {
  const visitor = await visit(browser, node, { colorScheme: 'dark' });
  await enter(visitor.context, 'admin@demo');
  for (const name of pages) {
    await visitor.page.goto(`/agency/${name}`);
    await visitor.page.getByRole('heading', { level: 1 }).waitFor();
    await accessible(visitor.page, `${name} in the dark`);
  }
  await visitor.page.goto('/agency/people');
  await visitor.page.getByRole('table').waitFor();
  await picture(visitor.page, 'agency-people-dark');
  await visitor.leave();
});
