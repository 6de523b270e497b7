// What belongs to the country and to the pilot: the referral procedure written, confirmed, changed and taken away, and
// what phones are given of it; the evaluator's page on one sheet of paper; corrected rules without a new program.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, becomes, call, fitsItsWidth, journeys, picture } from './house.mjs';

const { journey } = journeys();
const bundle = async (context) => (await call(context, 'GET', '/api/screening/bundle')).body;

test('a supervisor writes the procedure in two languages; phones get it with who confirmed it', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto('/screening/procedure');
    await page.getByText('No procedure yet').waitFor();
    await accessible(page, 'no procedure');
    await page.getByRole('button', { name: 'Write it' }).click();
    await page.getByLabel('Add a language').selectOption('my');
    await page.getByRole('button', { name: 'Add', exact: true }).click();
    await page.getByLabel('Title — English').fill('Referral on the islands');
    await page.getByLabel('Title — မြန်မာ').fill('လွှဲပြောင်းရေး');
    await page.getByRole('button', { name: 'Add a step' }).click();
    const step = (n) => page.getByRole('group', { name: `Step ${n}` }).getByRole('textbox');
    await step(1).first().fill('Danger now: call 110.');
    await step(2).first().fill('<b>A child alone</b>: child protection within the hour.');
    await step(1).last().fill('အန္တရာယ် - ၁၁၀');
    await page.getByLabel('Confirmed by').fill('Head of the anti-trafficking unit');
    await page.getByRole('button', { name: 'Put in force' }).click();
    await page.getByText('The procedure was not saved.').waitFor();
    await page.getByText(/holds markup/).first().waitFor();
    await becomes(() => page.evaluate(() => document.activeElement?.getAttribute('aria-invalid')), 'true', 'the keyboard is not where the mistake is');
    await accessible(page, 'a procedure with mistakes');
    await fitsItsWidth(page, 'a procedure with mistakes');
    await step(2).first().fill('A child alone: child protection within the hour.');
    await step(2).last().fill('ကလေးတစ်ဦးတည်း - တစ်နာရီအတွင်း');
    await page.getByRole('button', { name: 'Put in force' }).click();
    await page.getByRole('heading', { name: 'Referral on the islands' }).waitFor();
    const sent = (await bundle(context)).referral_procedure;
    assert.equal(sent.confirmed_by, 'Head of the anti-trafficking unit');
    assert.deepEqual(sent.texts.map((one) => [one.language, one.steps.length]), [['en', 2], ['my', 2]]);
    await picture(page, 'screening-procedure');
  }));

for (const { locale, width } of [{ locale: 'my', width: 390 }, { locale: 'ar', width: 390 }, { locale: 'th', width: 1280 }]) {
  test(`an officer reads it, and may not write it (${locale}, ${width} px)`, () =>
    journey({ locale, width }, 'officer@demo', async (page) => {
      await page.goto('/screening/procedure');
      await page.locator('article ol li').first().waitFor();
      if (locale === 'my') await page.getByText('လွှဲပြောင်းရေး', { exact: true }).waitFor();
      assert.equal(await page.locator('.procedure button.primary').count(), 0);
      await accessible(page, `the procedure in ${locale}`);
      await fitsItsWidth(page, `the procedure in ${locale}`);
      await picture(page, `screening-procedure-${locale}-${width}`);
    }));
}

test('two who change it at once: the second is told, nothing is written over', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto('/screening/procedure');
    await page.getByRole('button', { name: 'Change or confirm again' }).click();
    const step = page.getByRole('group', { name: 'Step 1' }).getByRole('textbox').first();
    await step.fill('Danger now: call 191.');
    const before = (await call(context, 'GET', '/api/screening/procedure')).body.items[0];
    const { version, state, made_at, made_by, expired, ...words } = before;
    assert.equal((await call(context, 'POST', '/api/screening/procedure', { ...words, after: version })).status, 201);
    await page.getByRole('button', { name: 'Put in force' }).click();
    await page.getByText('Somebody saved another version meanwhile.').waitFor();
    assert.equal(await step.inputValue(), 'Danger now: call 191.', 'what was written is gone');
    assert.match((await bundle(context)).referral_procedure.steps[0], /110/);
  }));

test('it is taken from the phones, and what was written stays among the versions', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto('/screening/procedure');
    await page.getByRole('button', { name: 'Take it from the phones' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it from the phones' }).click();
    await page.getByText('No procedure yet').waitFor();
    assert.notEqual((await bundle(context)).referral_procedure?.confirmed_by, 'Head of the anti-trafficking unit');
    await page.getByRole('button', { name: /^Open: Version 1/ }).click();
    await page.getByRole('heading', { name: 'Referral on the islands' }).waitFor();
    await accessible(page, 'a version of before');
  }));

for (const { locale, width } of [{ locale: 'en', width: 390 }, { locale: 'th', width: 390 }, { locale: 'ar', width: 1280 }]) {
  test(`the evaluator's page tells counts with intervals (${locale}, ${width} px)`, () =>
    journey({ locale, width }, 'supervisor@demo', async (page) => {
      await page.goto('/screening/pilot');
      await page.locator('article table').first().waitFor();
      await accessible(page, `the pilot in ${locale}`);
      await fitsItsWidth(page, `the pilot in ${locale}`);
      await picture(page, `screening-pilot-${locale}-${width}`);
    }));
}

test("the evaluator's page is one sheet of paper", () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/pilot');
    await page.locator('article table').first().waitFor();
    const paper = await page.pdf({ format: 'A4' });
    assert.equal(paper.toString('latin1').match(/\/Type\s*\/Page[^s]/g)?.length, 1);
    assert.doesNotMatch(await page.locator('#main').innerText(), /Tiếng Việt/, 'a language met once is named');
  }));

test('a pilot is ended and begun; phones hear of it', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto('/screening/pilot');
    await page.getByRole('button', { name: 'End the pilot' }).click();
    await page.getByText('The pilot is off').waitFor();
    assert.equal((await bundle(context)).pilot.on, false);
    await page.getByRole('button', { name: 'Begin the pilot' }).click();
    await page.getByText('The pilot is on').waitFor();
    assert.equal((await bundle(context)).pilot.on, true);
  }));

test('corrected rules are put under an interview without a new program', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    const [arrival] = (await call(context, 'GET', '/api/screening/instruments')).body.items;
    const old = (await call(context, 'GET', `/api/screening/instruments/${arrival.id}/versions/${arrival.revision}/pack`)).body;
    await page.goto(`/screening/instruments/${arrival.id}`);
    await page.getByRole('tab', { name: 'Rules' }).click();
    await accessible(page, 'the rules');
    const send = async (pack) => {
      await page.locator('input[type=file]').setInputFiles({ name: 'rules.json', mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(pack)) });
      await page.getByLabel('New version of the instrument').fill('2026112902');
      await page.getByRole('button', { name: 'Publish with these rules' }).click();
    };
    await send({ ...old, version: '1.0.1', points: 5 });
    await page.locator('.mistake').first().waitFor();
    await accessible(page, 'rules with a mistake');
    await send({ ...old, version: '1.0.1' });
    await page.getByText('Published as version 2026112902 with arrival-interview 1.0.1.').waitFor();
    assert.equal((await bundle(context)).instruments[0].pack.version, '1.0.1');
  }));

test('the list is narrowed by post and put back', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/screening/screenings');
    const rows = page.getByRole('table').getByRole('link');
    await rows.first().waitFor();
    await becomes(() => rows.count(), 12);
    await page.locator('#main').getByLabel('Place').selectOption({ index: 1 });
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await page.getByText('4 interviews').waitFor();
    await becomes(() => rows.count(), 4);
    await page.getByRole('button', { name: 'Clear the filters' }).click();
    await page.getByText('12 interviews').waitFor();
  }));
