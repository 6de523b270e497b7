// Whatever stands in the menu of anybody: each page opens without a refusal, can be read on a phone, by a screen
// reader and from right to left, and shows no name of a text. A desk that is added later is walked, too.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, enter, fitsItsWidth, picture, startBrowser, startNode, visit } from './house.mjs';

let node, browser;
before(async () => {
  node = await startNode();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await node?.end();
});

/** On a narrow screen the menu is folded away. */
async function unfold(page) {
  const button = page.getByRole('button', { name: /^(Menu|القائمة)$/ });
  if (await button.isVisible()) await button.click();
}

const menuOf = (page) => page.getByRole('navigation').first().getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href')));

/** The page has come to rest: nothing is being fetched and its heading is there. */
async function settled(page) {
  await page.waitForLoadState('networkidle');
  await page.locator('#main h1').first().waitFor();
}

for (const who of ['officer', 'caseworker', 'supervisor', 'planner', 'secretariat', 'admin']) {
  test(`every page in the menu of ${who}@demo`, async (t) => {
    for (const { locale, width } of [{ locale: 'en', width: 390 }, { locale: 'ar', width: 1280 }]) {
      const visitor = await visit(browser, node, { locale, width });
      const { page, context } = visitor;
      await enter(context, `${who}@demo`);
      await page.goto('/');
      await settled(page);
      await accessible(page, 'the first page');
      await unfold(page);
      await accessible(page, 'the menu');
      const menu = await menuOf(page);
      assert.ok(menu.includes('/agency/account'), 'the menu is empty');
      for (const path of menu) {
        const where = `${path} for ${who} in ${locale} at ${width} px`;
        await page.goto(path);
        await settled(page);
        assert.equal(await page.locator('#main [role="alert"]').count(), 0, `${where} is refused: ${await page.locator('#main').innerText()}`);
        await accessible(page, where);
        await fitsItsWidth(page, where);
        await picture(page, `desks/${path.slice(1).replaceAll('/', '-')}-${who}-${locale}-${width}`);
        t.diagnostic(where);
      }
      await visitor.leave();
    }
  });
}

test('on a phone the menu is folded away; Escape folds it again and gives the keyboard back to its button', async () => {
  const visitor = await visit(browser, node, { locale: 'en', width: 390 });
  const { page, context } = visitor;
  await enter(context, 'officer@demo');
  await page.goto('/');
  await settled(page);
  const button = page.getByRole('button', { name: 'Menu' });
  assert.equal(await page.getByRole('navigation').count(), 0, 'the menu is open before anybody asked for it');
  await button.click();
  await page.getByRole('navigation').getByRole('link', { name: 'My account' }).focus();
  await page.keyboard.press('Escape');
  assert.equal(await page.getByRole('navigation').count(), 0, 'Escape left the menu open');
  assert.ok(await button.evaluate((it) => it === document.activeElement), 'the keyboard is not on the button');
  await button.click();
  await page.getByRole('navigation').getByRole('link', { name: 'My account' }).click();
  await page.waitForURL('**/agency/account');
  assert.equal(await page.getByRole('navigation').count(), 0, 'the menu covers the page that was asked for');
  await visitor.leave();
});
