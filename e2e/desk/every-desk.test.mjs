// Whatever stands in the menu of anybody: each page opens without a refusal, can be read on a phone, by a screen
// reader and from right to left, and shows no name of a text. A desk that is added later is walked, too.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, fitsItsWidth, gone, journeys, picture, settled } from './house.mjs';

const { journey } = journeys();

/** On a narrow screen the menu is folded away. */
async function unfold(page) {
  const button = page.getByRole('button', { name: /^(Menu|القائمة)$/ });
  if (await button.isVisible()) await button.click();
}

const menuOf = (page) => page.getByRole('navigation').first().getByRole('link').evaluateAll((links) => links.map((link) => link.getAttribute('href')));

for (const who of ['officer', 'caseworker', 'supervisor', 'planner', 'secretariat', 'admin']) {
  for (const { locale, width } of [{ locale: 'en', width: 390 }, { locale: 'ar', width: 1280 }]) {
    test(`every page in the menu of ${who}@demo (${locale}, ${width} px)`, (t) =>
      journey({ locale, width }, `${who}@demo`, async (page) => {
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
      }));
  }
}

test('on a phone the menu is folded away; Escape folds it again and gives the keyboard back to its button', () =>
  journey({ locale: 'en', width: 390 }, 'officer@demo', async (page) => {
    await page.goto('/');
    await settled(page);
    const button = page.getByRole('button', { name: 'Menu' });
    const menu = page.getByRole('navigation');
    assert.equal(await menu.count(), 0, 'the menu is open before anybody asked for it');
    await button.click();
    await menu.getByRole('link', { name: 'My account' }).focus();
    await page.keyboard.press('Escape');
    await gone(menu, 'Escape left the menu open');
    await button.and(page.locator(':focus')).waitFor();
    await button.click();
    await menu.getByRole('link', { name: 'My account' }).click();
    await page.waitForURL('**/agency/account');
    await gone(menu, 'the menu covers the page that was asked for');
  }));
