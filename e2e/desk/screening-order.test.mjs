// Answers that come late or in another order than they were asked for: what is shown is what was chosen last, and
// nothing else is published, paged or judged than what stands on the page.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { accessible, call, fitsItsWidth, journeys, picture } from './house.mjs';

const { journey } = journeys();

/** Holds back answers to requests that `which` picks, until they are let go by their number. */
async function hold(page, pattern, which = () => true) {
  const held = [];
  await page.route(pattern, async (route) => {
    if (!which(route.request())) return route.continue();
    const answer = await route.fetch();
    await new Promise((done) => held.push(done));
    await route.fulfill({ response: answer }).catch(() => {}); // the page may have left
  });
  return {
    async waitFor(n) {
      for (let tries = 0; held.length < n; tries++) {
        assert.ok(tries < 300, `only ${held.length} of ${n} requests were made`);
        await page.waitForTimeout(50);
      }
    },
    letGo: (n) => held[n](),
  };
}

const book = (id, title) => `| survey |
|  | type | name | label |
|  | text | spring | ${title}? |

| settings |
|  | form_title | form_id | version |
|  | ${title} | ${id} | 1 |
`;
const file = (id, title) => ({ name: `${id}.md`, mimeType: 'text/markdown', buffer: Buffer.from(book(id, title)) });

test('a list narrowed twice shows what was asked last, whatever comes first', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/screenings');
    await page.getByRole('table').waitFor();
    const slow = await hold(page, '**/api/screening/screenings?*', (request) => request.url().includes('state=reviewed'));
    await page.getByLabel('State').selectOption('reviewed');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await slow.waitFor(1);
    await page.goBack(); // all again, while the reviewed ones are on their way
    await page.getByRole('table').waitFor();
    assert.equal(await page.getByRole('table').getByRole('link').count(), 12);
    slow.letGo(0);
    await page.waitForTimeout(500);
    assert.equal(await page.getByRole('table').getByRole('link').count(), 12, 'an older answer stands where another was asked for');
    assert.equal(await page.getByLabel('State').inputValue(), '');
  }));

test('a narrowed list has an address of its own, which opens it again and is there when one comes back', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/screenings?state=reviewed');
    await page.getByText('No screenings here').waitFor();
    assert.equal(await page.getByLabel('State').inputValue(), 'reviewed');
    await page.getByLabel('State').selectOption('new');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    const links = page.getByRole('table').getByRole('link');
    await links.nth(11).waitFor();
    assert.match(page.url(), /\?state=new$/);
    await links.first().click();
    await page.getByRole('tab').first().waitFor();
    await page.goBack();
    await links.nth(11).waitFor();
    assert.equal(await page.getByLabel('State').inputValue(), 'new', 'the filter is gone after coming back');
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await links.nth(11).waitFor();
    assert.ok(!page.url().includes('?'));
  }));

test('a pack chosen while the workbook is being checked is checked, too, before anything can be published', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/upload');
    const pack = page.getByLabel('Indicator pack');
    await pack.locator('option[value="palermo"]').waitFor({ state: 'attached' });
    const slow = await hold(page, '**/api/screening/workbooks/check');
    await page.getByLabel(/^Workbook/).setInputFiles(file('late-pack', 'Late pack'));
    await slow.waitFor(1);
    await pack.selectOption('palermo');
    await slow.waitFor(2);
    slow.letGo(0);
    await page.waitForTimeout(500);
    assert.equal(await page.getByRole('button', { name: /^Publish/ }).count(), 0, 'what was checked without the pack can be published with it');
    slow.letGo(1);
    await page.getByText('The workbook is good').waitFor();
  }));

test('of two workbooks dropped one after the other the second is shown and published', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto('/screening/upload');
    const slow = await hold(page, '**/api/screening/workbooks/check');
    const field = page.getByLabel(/^Workbook/);
    await field.setInputFiles(file('first-well', 'First well'));
    await slow.waitFor(1);
    await field.setInputFiles(file('second-well', 'Second well'));
    await slow.waitFor(2);
    slow.letGo(1);
    await page.getByText(/^Second well, version 1/).waitFor();
    slow.letGo(0);
    await page.waitForTimeout(500);
    await page.getByText(/^Second well, version 1/).waitFor();
    await page.getByRole('button', { name: 'Publish version 1' }).dblclick();
    await page.getByRole('heading', { level: 1, name: 'Second well' }).waitFor();
    const { body } = await call(context, 'GET', '/api/screening/instruments');
    assert.deepEqual(body.items.map((one) => one.form_id).filter((id) => id.endsWith('-well')), ['second-well']);
  }));

test('a workbook saved again after it was chosen, or too large, is said to be so and not taken for a lost network', () =>
  journey({ locale: 'ar', width: 390 }, 'supervisor@demo', async (page) => {
    const dir = mkdtempSync(join(tmpdir(), 'lintas-book-'));
    const path = join(dir, 'saved-again.md');
    try {
      writeFileSync(path, book('saved-again', 'Saved again'));
      await page.goto('/screening/upload');
      const field = page.locator('input[type="file"]').first();
      await field.setInputFiles(path);
      await page.getByRole('button', { name: /1$/ }).waitFor(); // it can be published as version 1
      writeFileSync(path, `${book('saved-again', 'Saved again, corrected')}\n`);
      const later = Date.now() / 1000 + 5;
      utimesSync(path, later, later); // Chromium compares whole seconds: saved within the same one is not noticed
      await page.locator('form.card button[type="submit"]').click();
      await page.getByText('تغيّر الملف').waitFor();
      assert.equal(await field.inputValue(), '', 'the same file chosen again would not be noticed');
      await accessible(page, 'a file that changed');
      await fitsItsWidth(page, 'a file that changed');
      await picture(page, 'screening-upload-changed-ar');
      await field.setInputFiles(path);
      await page.getByRole('button', { name: /1$/ }).waitFor();
      writeFileSync(path, `${book('saved-again', 'Put right')}\n\n`);
      await field.setInputFiles(path); // the same file: to the browser no change
      await page.getByText(/Put right/).first().waitFor();
      let asked = 0;
      page.on('request', (request) => (asked += request.url().endsWith('/workbooks/check') ? 1 : 0));
      const large = join(dir, 'large.xlsx');
      writeFileSync(large, Buffer.alloc(33 << 20));
      await field.setInputFiles(large);
      await page.getByRole('alert').getByText(/32/).waitFor();
      assert.equal(asked, 0, 'what is over the limit travels first');
    } finally {
      rmSync(dir, { recursive: true });
    }
  }));

test('the language chosen last is the one that the questions are shown in', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/instruments');
    await page.getByRole('row').filter({ hasText: 'Arrival interview' }).getByRole('link').click();
    await page.getByRole('tab').nth(1).click();
    const language = page.locator('#main').getByLabel('Language');
    await page.getByText('May I ask you these questions?').first().waitFor();
    assert.notEqual(await language.inputValue(), '', 'the field names no language');
    const slow = await hold(page, '**/preview?*', (request) => request.url().includes('language=th'));
    await language.selectOption('th');
    await slow.waitFor(1);
    await language.selectOption('id');
    await page.getByText('Bolehkah').first().waitFor();
    slow.letGo(0);
    await page.waitForTimeout(500);
    assert.ok(await page.getByText('Bolehkah').first().isVisible(), 'an older answer stands where another was asked for');
    assert.equal(await language.inputValue(), 'id');
  }));

for (const { locale, width, why } of [{ locale: 'en', width: 1280, why: 'No form of this name is published here' }, { locale: 'my', width: 390, why: 'ဤအမည်ရှိ ပုံစံကို' }, { locale: 'ar', width: 1280, why: 'لا استمارة منشورة هنا' }]) {
  test(`the quarantine says in the reader's language why something is held, and who sent it (${locale}, ${width} px)`, () =>
    journey({ locale, width }, 'supervisor@demo', async (page, context) => {
      const { body: enrolled } = await call(context, 'POST', '/api/agency/devices', { name: `phone of the pier ${locale}` });
      const sent = await context.request.post(`/key/${enrolled.token}/submission`, {
        headers: { 'X-OpenRosa-Version': '1.0' },
        multipart: { xml_submission_file: { name: 'a.xml', mimeType: 'text/xml', buffer: Buffer.from(`<data id="not-here-${locale}" version="1"><meta><instanceID>uuid:${locale}</instanceID></meta></data>`) } },
      });
      assert.equal(sent.status(), 404);
      await page.goto('/screening/quarantine');
      const row = page.getByRole('row').filter({ hasText: `phone of the pier ${locale}` });
      await row.getByText(why).waitFor();
      assert.doesNotMatch(await row.innerText(), /\bM\d\d\b/, 'a browser that does not know the language writes its dates');
      await row.getByRole('button').nth(0).click();
      await page.getByRole('dialog').getByText(`phone of the pier ${locale}`).waitFor();
      await accessible(page, `an entry of the quarantine in ${locale}`);
      await page.getByRole('dialog').getByRole('button').last().click();
      await row.getByRole('button').nth(1).dblclick(); // released in vain
      await page.getByText(why).nth(1).waitFor();
      assert.equal(await page.getByRole('row').filter({ hasText: `phone of the pier ${locale}` }).count(), 1, 'it is held twice');
      await accessible(page, `the quarantine in ${locale}`);
      await fitsItsWidth(page, `the quarantine in ${locale}`);
      await picture(page, `screening-quarantine-${locale}-${width}`);
    }));
}
