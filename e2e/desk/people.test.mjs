import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, becomes, call, enter, fitsItsWidth, gone, isDrawn, journeys, picture, says, signIn } from './house.mjs';

const { journey, visitor } = journeys();
const row = (page, text) => page.getByRole('row').filter({ hasText: text });
const dialog = (page) => page.getByRole('dialog');

test('an administrator adds a person, hands over the password once, and the person chooses their own', () =>
  journey({}, 'admin@demo', async (page, context) => {
    await page.goto('/agency/people');
    await page.getByRole('button', { name: 'Add a person' }).click();
    await dialog(page).getByLabel('Name', { exact: false }).first().fill('ดาว ใจดี');
    await dialog(page).getByLabel(/^Name for sign-in/).fill('dao@demo');
    await dialog(page).getByRole('button', { name: 'Add a person' }).click();
    await page.getByText('Choose at least one role.').waitFor();
    await dialog(page).getByRole('checkbox', { name: /^Supervisor/ }).check();
    await accessible(page, 'adding a person');
    await picture(page, 'people-add');
    await dialog(page).getByRole('button', { name: 'Add a person' }).click();

    await dialog(page).getByText('Hand this to ดาว ใจดี').waitFor();
    const given = await dialog(page).locator('.shown-once code').nth(1).innerText();
    assert.ok(given.length >= 16, 'the password is not shown');
    await dialog(page).getByRole('button', { name: 'Copy: Password for the first sign-in' }).click();
    await becomes(() => page.evaluate(() => navigator.clipboard.readText()), given, 'the password is not copied');
    await accessible(page, 'handing over');
    await page.keyboard.press('Escape'); // a password that is told once must not vanish by a slip
    await page.keyboard.press('Escape');
    assert.ok(await dialog(page).isVisible(), 'Escape closed the only sight of the password');
    await dialog(page).getByRole('button', { name: 'I have handed it over' }).click();
    await row(page, 'ดาว ใจดี').getByText('Password to be changed').waitFor();
    assert.ok(!(await page.content()).includes(given), 'the password stayed in the page');

    await context.clearCookies();
    await signIn(page, 'dao@demo', given);
    await page.goto('/agency/account');
    await page.getByText('Choose your own password').waitFor();
    await accessible(page, 'the first change');
    await picture(page, 'account-first-change');
    assert.equal((await call(context, 'GET', '/api/agency/people')).status, 403, 'a password that was handed over opens more than its change');
    await page.getByLabel('Present password').fill(given);
    await page.getByLabel(/^New password \*/).fill('a lamp above the harbour');
    await page.getByLabel('New password again').fill('a lamp above the harbour');
    await page.getByRole('button', { name: 'Change the password' }).click();
    await page.getByRole('heading', { name: 'Passkeys' }).waitFor();
    assert.equal((await call(context, 'GET', '/api/agency/people')).status, 200);
  }));

test('a login that is taken is said beside the form, and nothing that was typed is lost', () =>
  journey({}, 'admin@demo', async (page, context) => {
    await page.goto('/agency/people');
    await page.getByRole('button', { name: 'Add a person' }).click();
    await dialog(page).getByLabel('Name', { exact: false }).first().fill('Twin');
    await dialog(page).getByLabel(/^Name for sign-in/).fill('OFFICER@demo');
    await dialog(page).getByRole('checkbox', { name: /^Officer/ }).check();
    await dialog(page).getByRole('button', { name: 'Add a person' }).click();
    await says(dialog(page).getByRole('alert'), /already/);
    assert.equal(await dialog(page).getByLabel(/^Name for sign-in/).inputValue(), 'OFFICER@demo');
  }));

test('roles are changed, a password is reset, a person leaves and comes back', () =>
  journey({ width: 390 }, 'admin@demo', async (page, context) => {
    await page.goto('/agency/people');
    await page.getByRole('button', { name: 'Change: Officer Bayu' }).click();
    await dialog(page).getByRole('checkbox', { name: /^Trainer/ }).check();
    await accessible(page, 'changing a person');
    await picture(page, 'people-change-390');
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await row(page, 'Officer Bayu').getByText('Trainer').waitFor();

    await page.getByRole('button', { name: 'Change: Officer Bayu' }).click();
    await dialog(page).getByRole('button', { name: 'Give a new password' }).click();
    await dialog(page).getByText('A new password for Officer Bayu?').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Change: Officer Bayu' }).click();
    await dialog(page).getByRole('button', { name: 'Give a new password' }).click();
    await dialog(page).getByRole('button', { name: 'Give a new password' }).click();
    await dialog(page).getByText('Hand this to Officer Bayu').waitFor();
    await picture(page, 'people-hand-over-390');
    await dialog(page).getByRole('button', { name: 'I have handed it over' }).click();

    await page.getByRole('button', { name: 'Change: Officer Bayu' }).click();
    await dialog(page).getByRole('button', { name: 'Has left' }).click();
    await dialog(page).getByText('Has Officer Bayu left?').waitFor();
    await accessible(page, 'asking once more');
    await dialog(page).getByRole('button', { name: 'Has left' }).click();
    await row(page, 'Officer Bayu').getByText('Has left').waitFor();
    await page.getByRole('button', { name: 'Change: Officer Bayu' }).click();
    await dialog(page).getByRole('button', { name: 'Is back' }).click();
    await dialog(page).getByRole('button', { name: 'Is back' }).click();
    await row(page, 'Officer Bayu').getByText('Active').waitFor();
  }));

test('nobody can take away their own right to administer', () =>
  journey({}, 'admin@demo', async (page, context) => {
    await page.goto('/agency/people');
    await page.getByRole('button', { name: 'Change: Administrator Nilar' }).click();
    assert.equal(await dialog(page).getByRole('button', { name: 'Has left' }).count(), 0);
    await dialog(page).getByRole('checkbox', { name: /^Administrator/ }).uncheck();
    await dialog(page).getByRole('checkbox', { name: /^Officer/ }).check();
    await dialog(page).getByRole('button', { name: 'Save' }).click();
    await says(dialog(page).getByRole('alert'), /your own right/);
  }));

test('a supervisor sees the people and changes nothing; an officer sees neither people nor devices', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    await page.goto('/agency/people');
    await row(page, 'Officer Melati').waitFor();
    assert.equal(await page.getByRole('button', { name: /Change|Add a person/ }).count(), 0);
    await context.clearCookies();
    await enter(context, 'officer@demo');
    await page.goto('/');
    await page.getByRole('navigation').getByRole('link', { name: 'My account' }).waitFor();
    assert.equal(await page.getByRole('navigation').getByRole('link', { name: /People|Devices|Organisations/ }).count(), 0);
    await page.goto('/agency/people');
    await page.getByRole('alert').waitFor();
    await accessible(page, 'a refused page');
  }));

test('an organisation is added with the keyboard alone', () =>
  journey({}, 'admin@demo', async (page, context) => {
    await page.goto('/agency/organisations');
    await row(page, 'Rumah Mercusuar').waitFor();
    await page.getByRole('button', { name: 'Add an organisation' }).focus();
    await page.keyboard.press('Enter');
    await dialog(page).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Add an organisation' }).press('Enter');
    await dialog(page).getByRole('textbox').and(page.locator(':focus')).waitFor();
    await page.keyboard.type('ศูนย์พักพิงริมน้ำ');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('xt');
    await page.keyboard.press('Enter');
    await row(page, 'ศูนย์พักพิงริมน้ำ').getByText('XT').waitFor();
    await accessible(page, 'the organisations');
  }));

test('after Escape the keyboard stands where the dialog was opened', () =>
  journey({}, 'admin@demo', async (page, context) => {
    await page.goto('/agency/organisations');
    await page.getByRole('button', { name: 'Add an organisation' }).press('Enter');
    await dialog(page).waitFor();
    await page.keyboard.press('Escape');
    await dialog(page).waitFor({ state: 'detached' });
    await becomes(() => page.evaluate(() => document.activeElement?.textContent?.trim()), 'Add an organisation');
  }));

test('a phone is enrolled by a code shown once, sends, is ordered to erase, and its access is ended', () =>
  journey({ width: 390 }, 'neighbour@demo', async (page, context) => { // whose organisation has no device yet
    await page.goto('/agency/devices');
    await page.getByText('No device yet').waitFor();
    await accessible(page, 'no device yet');
    await picture(page, 'devices-empty-390');
    await page.getByRole('button', { name: 'Enrol a device' }).first().click();
    await dialog(page).getByLabel(/^Device/).fill('jetty phone 2');
    await dialog(page).getByLabel('Access until').selectOption('30');
    await dialog(page).getByRole('button', { name: 'Enrol a device' }).click();
    const drawn = dialog(page).getByAltText('Code for ODK Collect to scan');
    await isDrawn(drawn);
    await accessible(page, 'the enrolled device');
    await fitsItsWidth(page, 'the enrolled device');
    await picture(page, 'devices-enrolled-390');
    const server = await dialog(page).locator('.shown-once code').innerText();
    const token = server.slice(server.lastIndexOf('/') + 1);
    await dialog(page).getByRole('button', { name: 'The phone has it' }).click();
    await row(page, 'jetty phone 2').getByText('Never').waitFor();

    const asDevice = { headers: { Authorization: `Bearer ${token}`, Cookie: '' } };
    const { context: phone, leave } = await visitor();
    assert.deepEqual(await (await phone.request.get('/api/agency/device-orders', asDevice)).json(), { orders: [] });
    await page.reload();
    await row(page, 'jetty phone 2').waitFor();
    await gone(row(page, 'jetty phone 2').getByText('Never'), 'the device was seen');

    await page.getByRole('button', { name: 'Order to erase: jetty phone 2' }).click();
    await dialog(page).getByText(/lost for good/).waitFor();
    await picture(page, 'devices-wipe-390');
    await dialog(page).getByRole('button', { name: 'Order to erase' }).click();
    await row(page, 'jetty phone 2').getByText('Ordered to erase').waitFor();
    await page.getByRole('button', { name: 'End access: jetty phone 2' }).click();
    await dialog(page).getByRole('button', { name: 'End access' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    const { orders } = await (await phone.request.get('/api/agency/device-orders', asDevice)).json();
    assert.equal(orders[0]?.kind, 'wipe', 'a lost phone must still hear that it is to erase');
    assert.equal((await phone.request.get(`/key/${token}/formList`)).status(), 403);
    assert.equal((await phone.request.post('/api/agency/device-wiped', asDevice)).ok(), true);
    await leave();
    await page.reload();
    await row(page, 'jetty phone 2').getByText('Erased').waitFor();
    await accessible(page, 'the devices');
    await picture(page, 'devices-390');
  }));

for (const { locale, width } of [{ locale: 'my', width: 1280 }, { locale: 'ar', width: 390 }]) {
  test(`somebody chooses the language of what the node sends them (${locale}, ${width} px)`, () =>
    journey({ locale, width }, 'secretariat@demo', async (page, context) => {
      await page.goto('/agency/account');
      const chosen = page.locator('.account select').first();
      await chosen.waitFor();
      await accessible(page, `my account in ${locale}`);
      await fitsItsWidth(page, `my account in ${locale}`);
      const stored = page.waitForResponse('**/api/agency/language');
      await chosen.selectOption(locale);
      assert.equal((await stored).status(), 204);
      assert.equal((await call(context, 'GET', '/api/agency/me')).body.person.locale, locale);
      await picture(page, `account-language-${locale}-${width}`);
    }));
}
