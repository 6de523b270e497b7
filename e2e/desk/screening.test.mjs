// The screening desk as a supervisor meets it: the list of interviews, a workbook that is wrong in one cell, the same
// put right and published, the list of screenings, and one screening with its result and the reasons.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, becomes, fitsItsWidth, journeys, picture, says } from './house.mjs';

const { journey } = journeys();

const workbook = (type) => ({
  name: 'water-point.md',
  mimeType: 'text/markdown',
  buffer: Buffer.from(`| survey |
|  | type | name | label::English (en) | label::ไทย (th) |
|  | text | spring | Which spring? | น้ำพุไหน |
|  | ${type} | people | How many people come here? | มีกี่คนมาที่นี่ |

| settings |
|  | form_title | form_id | version | default_language |
|  | Water point | water-point | 1 | English (en) |
`),
});

test('the interviews stand with version, languages and the list of indicators behind them', () =>
  journey({}, 'officer@demo', async (page) => {
    await page.goto('/screening/instruments');
    const row = page.getByRole('row').filter({ hasText: 'Arrival interview' });
    await row.waitFor();
    for (const name of ['English', 'Bahasa Indonesia', 'ไทย', 'Tiếng Việt', 'မြန်မာ']) assert.match(await row.innerText(), new RegExp(name));
    await row.getByText('arrival-interview 1.0.0').waitFor();
    assert.equal(await page.getByRole('button', { name: 'Upload a workbook' }).count(), 0, 'an officer may not publish');
    await accessible(page, 'the interviews');
    await row.getByRole('link').click();
    await page.getByRole('heading', { level: 1, name: /Arrival interview/ }).waitFor();
    await page.getByRole('tab').nth(1).click();
    await page.getByText('May I ask you these questions?').first().waitFor();
    await accessible(page, 'an interview');
    await picture(page, 'screening-instrument');
  }));

test('what is wrong in a workbook is said in its cell; put right, it is published', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/upload');
    const file = page.getByLabel(/^Workbook/);
    await file.setInputFiles(workbook('integr'));
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('1 mistake keeps it from being published').waitFor();
    await page.locator('.mistakes code').getByText(/^survey!/).waitFor();
    await page.getByRole('button', { name: /^Show survey!/ }).click();
    await becomes(() => page.evaluate(() => document.activeElement?.textContent ?? ''), /integr/, 'the mistake does not lead to its cell');
    const cell = page.getByRole('cell').filter({ hasText: 'integr' });
    await says(cell, /integr\s+\S+/, 'the cell says nothing about its mistake');
    assert.match((await cell.getAttribute('class')) ?? '', /wrong/);
    assert.equal(await page.getByRole('button', { name: /^Publish/ }).count(), 0);
    await accessible(page, 'a workbook with a mistake');
    await picture(page, 'screening-upload-wrong');

    await file.setInputFiles(workbook('integer'));
    await page.getByRole('button', { name: 'Check' }).click();
    await page.getByText('The workbook is good').waitFor();
    await page.locator('.preview').getByText('Which spring?').waitFor();
    await page.locator('#main').getByLabel('Language').selectOption('th');
    await page.locator('.preview').getByText('น้ำพุไหน').waitFor();
    await accessible(page, 'a good workbook');
    await page.getByRole('button', { name: 'Publish version 1' }).click();
    await page.getByRole('heading', { level: 1, name: 'Water point' }).waitFor();
    await page.goto('/screening/instruments');
    await page.getByRole('row').filter({ hasText: 'Water point' }).waitFor();
  }));

for (const { locale, width } of [{ locale: 'en', width: 390 }, { locale: 'en', width: 1280 }, { locale: 'th', width: 390 }, { locale: 'my', width: 1280 }, { locale: 'ar', width: 390 }]) {
  test(`one screening explains itself and is called an offer, never a finding (${locale}, ${width} px)`, () =>
    journey({ locale, width }, 'supervisor@demo', async (page) => {
      await page.goto('/screening/screenings');
      await page.getByRole('table').waitFor();
      const links = page.getByRole('table').getByRole('link');
      await becomes(() => links.count(), 12);
      await accessible(page, 'the screenings');
      await fitsItsWidth(page, 'the screenings');
      await links.nth(10).click(); // the second of the twelve: the fishing boat
      await page.getByRole('tab').first().waitFor();
      await page.locator('.result .fired').first().waitFor();
      await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
      assert.equal(await page.locator('.result').first().locator('details:not([open])').count(), 0, 'on paper something is folded');
      await page.evaluate(() => dispatchEvent(new Event('afterprint')));
      assert.notEqual(await page.locator('.result').first().locator('details:not([open])').count(), 0, 'after printing all stays open');
      await page.locator('.result details.group').evaluateAll((all) => all.forEach((one) => (one.open = true)));
      const text = await page.locator('#main').innerText();
      if (locale === 'en') {
        for (const said of ['An offer of help, never a finding', 'What to do', 'Possible victim of trafficking', 'Why: the answers behind it', 'An employer, agent or smuggler']) assert.ok(text.includes(said), `lacks "${said}"`);
        assert.doesNotMatch(text, /score of|risk level|rank(ed)? \d/i);
      }
      await accessible(page, `a screening in ${locale}`);
      await fitsItsWidth(page, `a screening in ${locale}`);
      await picture(page, `screening-result-${locale}-${width}`);
      await page.getByRole('tab').nth(1).click();
      await page.locator('dl.answers').first().waitFor();
      await accessible(page, `the answers in ${locale}`);
      await fitsItsWidth(page, `the answers in ${locale}`);
    }));
}

test('a screening is scored again, marked as reviewed, and erased for good', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/screenings');
    await page.getByRole('table').getByRole('link').nth(10).click();
    await page.locator('.result').first().waitFor();
    await page.getByRole('button', { name: 'Score again with the present pack' }).click();
    await page.locator('.result').nth(1).waitFor(); // the result of before stays
    await page.getByRole('button', { name: 'Mark as reviewed' }).click();
    await page.locator('#main').getByText('Reviewed', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Erase for good' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/nobody can bring it back/).waitFor();
    await accessible(page, 'erasing a screening');
    await dialog.getByRole('button', { name: 'Erase for good' }).click();
    await page.getByText('This screening was erased.').waitFor();
    assert.ok(!(await page.content()).includes('Fourteen months on the boat'), 'what was said is still on the page');
  }));
