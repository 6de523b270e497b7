// A directory of services from a file: looked at, brought in, taken back; what is wrong named by file, row and column;
// the network gone in the middle; another directory with the same ids; what is confidential stays so.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { accessible, call, fitsItsWidth, journeys, picture } from './house.mjs';

const { journey } = journeys();
const address = '/casework/directory/bring';
const json = (name, tables) => ({ name, mimeType: 'application/json', buffer: Buffer.from(JSON.stringify(tables)) });
const chosen = (page, file) => page.getByLabel('File of the directory').setInputFiles(file);
const look = (page) => page.getByRole('button', { name: 'Look at it first' }).click();
const bringIn = (page) => page.getByRole('button', { name: 'Bring it in', exact: true });
const heading = (page, name) => page.getByRole('heading', { name, exact: true });
const past = (page) => page.getByRole('region', { name: 'What was brought in' });

const services = (mark, count = 2) => ({
  'organizations.csv': [{ id: `${mark}-o`, name: `Rumah ${mark}`, description: 'd' }],
  'services.csv': Array.from({ length: count }, (_, i) => ({ id: `${mark}-${i}`, organization_id: `${mark}-o`, name: `Legal help ${mark} ${i}`, status: 'active' })),
  'attributes.csv': Array.from({ length: count }, (_, i) => ({ id: `${mark}-${i}`, link_id: `${mark}-${i}`, link_entity: 'service', link_type: 'lintas:need', value: 'legal_aid' })),
});

/** A zip of files that are not packed, written by hand: the names may be whatever a hostile one has. */
function zip(files) {
  const parts = [];
  const list = [];
  let at = 0;
  for (const [name, text] of Object.entries(files)) {
    const data = Buffer.from(text);
    let crc = ~0;
    for (const byte of data) {
      crc ^= byte;
      for (let i = 0; i < 8; i++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
    const about = Buffer.alloc(26);
    about.writeUInt16LE(20, 0);
    about.writeUInt32LE(~crc >>> 0, 10);
    about.writeUInt32LE(data.length, 14);
    about.writeUInt32LE(data.length, 18);
    about.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), about, Buffer.from(name), data]);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    list.push(Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), Buffer.from([20, 0]), about, entry, Buffer.from(name)]));
    parts.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(list);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(list.length, 8);
  end.writeUInt16LE(list.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, directory, end]);
}

test('a file is looked at, brought in by the keyboard, found in the directory, changes nothing again, and is taken back', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto('/casework/directory');
    await page.getByRole('link', { name: 'Bring services in' }).click();
    await page.getByText('A file may have up to 64 MiB, 256 MiB unpacked, 1,000 files in a zip and 500,000 rows.').waitFor();
    await past(page).getByText('By command at the node').waitFor();
    await accessible(page, 'the page before a file');
    await chosen(page, json('a.json', services('a')));
    await page.getByRole('button', { name: 'Look at it first' }).focus();
    await page.keyboard.press('Enter');
    await heading(page, 'What it would do').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'What it would do', 'the keyboard is not where the answer is');
    await page.getByText('New: 5').first().waitFor();
    await page.getByText('None were found.').waitFor();
    assert.equal((await call(context, 'GET', '/hsds/services/a-0')).status, 404, 'a look stores');
    await accessible(page, 'a look');
    await picture(page, 'casework-services-look-1280');
    await bringIn(page).focus();
    await page.keyboard.press('Enter');
    await heading(page, 'It was brought in').waitFor();
    assert.equal((await call(context, 'GET', '/hsds/services/a-0')).body.name, 'Legal help a 0');
    await chosen(page, json('a.json', services('a')));
    await look(page);
    await page.getByText('There is nothing to bring in.').waitFor();
    assert.equal(await bringIn(page).count(), 0);
    const row = past(page).getByRole('row').filter({ hasText: 'New: 5' });
    await row.getByRole('button', { name: 'Take it back' }).click();
    await accessible(page, 'taking back');
    await page.getByRole('dialog').getByRole('button', { name: 'Take it back' }).click();
    await row.getByText('Taken back').waitFor();
    assert.equal((await call(context, 'GET', '/hsds/services/a-0')).status, 404, 'it is still there');
  }));

test('what something was built on is not taken back, and each row says why', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto(address);
    await past(page).getByRole('row').filter({ hasText: 'By command' }).getByRole('button', { name: 'Take it back' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Take it back' }).click();
    await dialog.getByText('Something was built on this import since').waitFor();
    await dialog.getByText('an organisation answers for it here').first().waitFor();
    await accessible(page, 'an import that stays');
    await picture(page, 'casework-services-built-on-1280');
    assert.equal((await call(context, 'GET', '/api/casework/directory/imports')).body.items.filter((one) => one.undone_at.startsWith('0001') === false && !one.by.name).length, 0);
  }));

test('mistakes are named by file, row and column, filtered, and kept as a table; no address is among them', () =>
  journey({ width: 390 }, 'supervisor@demo', async (page) => {
    await page.goto(address);
    await chosen(page, {
      name: 'bad.zip',
      mimeType: 'application/zip',
      buffer: zip({
        'services.csv': 'id,name,status\nb1,A,active\n,B,active\nb1,C,active\nb2,D,open\n',
        'addresses.csv': 'id,location_id,address_1,address_1\nb1,b1,Hidden Street 7,Hidden Street 8\n',
        'notes.csv': 'x\n',
      }),
    });
    await look(page);
    await page.getByText('Nothing can be brought in while a row cannot be read.').waitFor();
    assert.equal(await bringIn(page).count(), 0, 'it can be brought in all the same');
    await page.getByText('HSDS has no such table: notes.csv').waitFor();
    const table = page.getByRole('region', { name: 'Mistakes and notes' });
    await table.getByRole('row').filter({ hasText: 'services.csv' }).filter({ hasText: '3' }).getByText('every row needs an id').waitFor();
    await table.getByText('"open" is not one of').waitFor();
    await table.getByText('two columns have this name and hold … and …; keep one').waitFor();
    assert.doesNotMatch(await page.locator('body').innerText(), /Hidden/, 'an address of the file is shown');
    await accessible(page, 'mistakes');
    await fitsItsWidth(page, 'mistakes');
    await picture(page, 'casework-services-mistakes-390');
    await page.getByLabel('Kind', { exact: true }).selectOption('wrong');
    await page.getByLabel('File', { exact: true }).selectOption('services.csv');
    assert.equal(await table.getByRole('row').count(), 3, 'the filter keeps more than the two rows of services that cannot be read');
    const saved = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download as CSV' }).click();
    const text = readFileSync(await (await saved).path(), 'utf8');
    assert.equal(text.split('\r\n')[1], '"services.csv","3","id","Cannot be read","every row needs an id"');
    assert.doesNotMatch(text, /Hidden/);
    await page.getByLabel('Words in it').fill('nothing like this');
    await page.getByText('None of them fits.').waitFor();
  }));

test('an answer that is lost on the way is found; a file that did not arrive is brought once', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto(address);
    const file = json('l.json', services('l'));
    await chosen(page, file);
    await look(page);
    await bringIn(page).waitFor();
    // The file does not arrive.
    let stores = 0;
    const gone = (route) => (++stores, route.abort());
    await context.route(/directory\?import=/, gone);
    await bringIn(page).click();
    await page.getByText('Nothing has been brought in. Bring it in again').waitFor();
    assert.equal((await call(context, 'GET', '/hsds/services/l-0')).status, 404);
    await accessible(page, 'a file that did not arrive');
    await context.unroute(/directory\?import=/, gone);
    // It arrives and is stored; the answer is lost, and then the network is gone for a while.
    let hidden = true;
    await context.route('**/directory/imports', (route) => (hidden ? route.abort() : route.continue()));
    await context.route(/directory\?import=/, async (route) => {
      const answer = await context.request.post(route.request().url(), { data: file.buffer, headers: { 'X-Lintas-Request': '1' } });
      assert.equal(answer.status(), 200, await answer.text());
      await route.abort();
    });
    await bringIn(page).click();
    await page.getByText('Everything was brought in, or nothing.').waitFor();
    await picture(page, 'casework-services-lost-1280');
    hidden = false;
    await heading(page, 'It was brought in').waitFor();
    const list = (await call(context, 'GET', '/api/casework/directory/imports')).body.items;
    assert.equal(list.filter((one) => one.added === 5 && one.undone_at.startsWith('0001')).length, 1, JSON.stringify(list));
    assert.equal(stores, 1);
  }));

test('another directory with the same ids stands beside the first by its mark', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    assert.equal((await call(context, 'POST', '/api/casework/directory', services('c'))).status, 200);
    const other = services('c');
    other['services.csv'][0].name = 'Dentist';
    other['organizations.csv'][0].name = 'Klinik';
    await page.goto(address);
    await chosen(page, json('other.json', other));
    await look(page);
    await page.getByText('Rows with a known id that would say something else: 2. Which is it?').waitFor();
    await page.getByText('(was Legal help c 0)').waitFor();
    assert.ok(await bringIn(page).isDisabled(), 'one directory is laid over another without a word');
    await page.getByLabel('Another directory: keep both').check();
    await page.getByText('Give its ids a mark above').waitFor();
    await accessible(page, 'two directories with the same ids');
    await picture(page, 'casework-services-others-1280');
    await page.getByLabel('Mark for its ids').fill('KL');
    await look(page);
    await page.getByText('New: 5').first().waitFor();
    await bringIn(page).click();
    await heading(page, 'It was brought in').waitFor();
    assert.equal((await call(context, 'GET', '/hsds/services/kl-c-0')).body.organization.name, 'Klinik');
    assert.equal((await call(context, 'GET', '/hsds/services/c-0')).body.name, 'Legal help c 0');
    await look(page);
    await page.getByText('There is nothing to bring in.').waitFor();
    await past(page).getByText('kl-').waitFor();
  }));

test('a file that would publish what is confidential is refused, and hostile files are', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    const secret = { ...services('s', 1), 'locations.csv': [{ id: 's-l', location_type: 'physical' }], 'service_at_location.csv': [{ id: 's-p', service_id: 's-0', location_id: 's-l' }], 'addresses.csv': [{ id: 's-a', location_id: 's-l', address_1: 'Hidden Street 7', city: 'T', state_province: 'P', postal_code: '1', country: 'ID', address_type: 'physical' }] };
    secret['attributes.csv'][0].value = 'shelter';
    assert.equal((await call(context, 'POST', '/api/casework/directory', secret)).status, 200);
    await page.goto(address);
    await chosen(page, json('open.json', { 'attributes.csv': [{ ...secret['attributes.csv'][0], value: 'legal_aid' }] }));
    await look(page);
    await page.getByText('Rows that are confidential here would be published').waitFor();
    await page.getByText('addresses.csv s-a').waitFor();
    assert.equal(await bringIn(page).count(), 0);
    assert.doesNotMatch(await page.locator('body').innerText(), /Hidden/);
    await accessible(page, 'what would be published');
    for (const [file, says] of [
      [zip({ 'services.csv': 'id\n', '../../services.csv': 'id\n' }), 'a path that leads out of its folder'],
      [zip(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`${i}.csv`, '']))), 'holds more than 1000 files'],
      [zip({ 'readme.txt': 'x' }), 'there is no table of the specification'],
      [Buffer.from('PK\x03\x04 cut', 'latin1'), 'The zip file is damaged'],
    ]) {
      await chosen(page, { name: 'x.zip', mimeType: 'application/zip', buffer: file });
      await look(page);
      await page.getByRole('alert').filter({ hasText: says }).waitFor();
    }
  }));

test('who may not change the directory is offered nothing and refused', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    await page.goto('/casework/directory');
    await page.getByRole('button', { name: 'Find services' }).waitFor();
    assert.equal(await page.getByRole('link', { name: 'Bring services in' }).count(), 0);
    await page.goto(address);
    await page.getByRole('alert').first().waitFor();
    assert.equal(await page.getByLabel('File of the directory').count(), 0);
    for (const [method, path] of [['POST', ''], ['POST', '?dry_run=true'], ['GET', '/imports'], ['POST', '/imports/x/undo']]) {
      assert.equal((await call(context, method, '/api/casework/directory' + path, method === 'POST' ? {} : undefined)).status, 403, method + path);
    }
  }));

for (const [locale, width] of [['my', 390], ['ar', 1280], ['th', 390]]) {
  test(`a look in ${locale} can be read at ${width} px and printed`, () =>
    journey({ locale, width }, 'supervisor@demo', async (page) => {
      await page.goto(address);
      await page.locator('input[type=file]').setInputFiles(json('m.json', services(`m${locale}`, 60)));
      await page.locator('form button[type=submit]').click();
      await page.locator('#services-looked').waitFor();
      await accessible(page, `a look in ${locale}`);
      await fitsItsWidth(page, `a look in ${locale}`);
      await picture(page, `casework-services-${locale}-${width}`);
      await page.emulateMedia({ media: 'print' });
      assert.ok(await page.locator('form').isHidden(), 'the form is printed');
      assert.ok(await page.locator('#services-looked').isVisible());
      await picture(page, `casework-services-print-${locale}`);
    }));
}
