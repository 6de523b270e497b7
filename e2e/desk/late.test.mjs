// A slow machine and a slow network: answers come late, in another order than they were asked for, or when somebody
// has gone on already. What was chosen and typed stays, and nothing stands where something else was asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { becomes, call, enter, gone, journeys, late, picture, says } from './house.mjs';

const { journey, visitor } = journeys();
const openCase = async (context, values, needs = ['shelter']) => (await call(context, 'POST', '/api/casework/cases', { values, needs })).body;
const reads = async (context, id) => (await call(context, 'GET', `/api/casework/cases/${id}`)).body;
const tab = (page, name) => page.getByRole('tab', { name }).click();
const sheet = (page, name) => page.getByRole('region', { name, exact: true });
const dialog = (page) => page.getByRole('dialog');

test('a filter that is set while the list of cases still loads is what the list shows', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const { code } = await openCase(context, { given_name: 'Mali', family_name: 'Late' });
    const { come } = await late(page, '**/api/casework/cases?*');
    await page.goto('/casework/cases');
    const filtered = page.waitForResponse(/exercises=true/);
    await page.getByLabel('Show exercises instead').check();
    await filtered;
    await come();
    assert.equal(await page.getByRole('link', { name: code }).count(), 0, 'the list is not what was asked for');
    await page.getByLabel('Show exercises instead').uncheck();
    await page.getByRole('link', { name: code }).waitFor();
  }));

test('who goes from one box to the other while it loads sees the other', () =>
  journey({}, 'caseworker@demo', async (page) => {
    const { come } = await late(page, '**/api/casework/inbox');
    await page.goto('/casework/inbox');
    const asked = page.waitForResponse('**/api/casework/outbox');
    await page.getByRole('navigation').first().locator('a[href="/casework/outbox"]').click();
    await asked;
    await come();
    await page.getByRole('heading', { level: 1, name: 'Referrals we sent' }).waitFor();
    await gone(page.locator('#main .ui-spinner'));
  }));

test('from one case back to another, the page is of the other', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const [one, two] = [await openCase(context, { given_name: 'One' }), await openCase(context, { given_name: 'Two' })];
    await page.goto('/casework/cases');
    await page.getByRole('link', { name: one.code }).click();
    await page.getByRole('heading', { level: 1, name: one.code }).waitFor();
    await page.getByRole('navigation').first().locator('a[href="/casework/cases"]').click();
    await page.getByRole('link', { name: two.code }).click();
    await page.getByRole('heading', { level: 1, name: two.code }).waitFor();
    await page.evaluate(() => history.go(-2));
    await page.waitForURL(`**/casework/cases/${one.id}`);
    await page.getByRole('heading', { level: 1, name: one.code }).waitFor();
  }));

test('two parts that are stored shortly after each other both stand on the page', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const { id } = await openCase(context, { given_name: 'Ploy' });
    await page.goto(`/casework/cases/${id}`);
    await sheet(page, 'Identity').waitFor();
    await context.setOffline(true);
    for (const [part, field, words] of [['Identity', 'Family name', 'Suwan'], ['Places', 'Town', 'Ranong']]) {
      await sheet(page, part).getByRole('button', { name: 'Change' }).click();
      await page.getByLabel(field, { exact: true }).fill(words);
      await sheet(page, part).getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByRole('status').getByText(words, { exact: true }).waitFor();
    }
    const { answered, come } = await late(page, `**/api/casework/cases/${id}`);
    let first = true;
    await page.route('**/sheets', async (route) => {
      if (!first) await answered; // the page reads the case after the first part, before the second is stored
      first = false;
      await route.continue();
    });
    await context.setOffline(false);
    await becomes(async () => (await reads(context, id)).sheets.location?.values.town, 'Ranong');
    await come();
    await sheet(page, 'Places').getByText('Ranong').waitFor();
    await sheet(page, 'Identity').getByText('Suwan').waitFor();
  }));

test('what a colleague wrote while a form stood open is not overwritten by it, also when the case was read again', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const made = await openCase(context, { given_name: 'Dara', family_name: 'Chea' });
    await page.goto(`/casework/cases/${made.id}`);
    await sheet(page, 'Identity').getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Family name', { exact: true }).fill('Cheam');
    assert.equal((await call(context, 'PATCH', `/api/casework/cases/${made.id}/sheets`, { base: made.revision, values: { given_name: 'Darareaksmey' } })).status, 200);
    const again = page.waitForResponse(`**/api/casework/cases/${made.id}`);
    await page.getByRole('button', { name: /^Mark: not to be punished/ }).click();
    await page.locator('.badges').getByText('Not to be punished').first().waitFor();
    await again;
    await sheet(page, 'Identity').getByRole('button', { name: 'Save', exact: true }).click();
    await sheet(page, 'Identity').getByText('Cheam', { exact: true }).waitFor();
    const { values } = (await reads(context, made.id)).sheets.identity;
    assert.deepEqual([values.given_name, values.family_name], ['Darareaksmey', 'Cheam']);
  }));

test('a note that is being written stays open when something else is stored meanwhile', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const { id } = await openCase(context, { given_name: 'Suda' });
    assert.equal((await call(context, 'POST', `/api/casework/cases/${id}/entries`, { kind: 'task', text: { text: 'Call the sister' } })).status, 200);
    await page.goto(`/casework/cases/${id}`);
    await tab(page, 'Plan and timeline');
    const { come } = await late(page, '**/entries/*', 'PATCH');
    await page.getByRole('listitem').filter({ hasText: 'Call the sister' }).getByRole('button', { name: 'Done', exact: true }).click();
    await page.getByRole('button', { name: '+ Note' }).click();
    await dialog(page).getByLabel('In words').fill('She has slept.');
    await come();
    await page.getByText('Saved.').first().waitFor();
    assert.equal(await dialog(page).getByLabel('In words').inputValue(), 'She has slept.');
  }));

test('a file that was chosen while another was looked at is not stored unseen', () =>
  journey({}, 'caseworker@demo', async (page) => {
    const file = (name) => ({ name: `${name}.csv`, mimeType: 'text/csv', buffer: Buffer.from(`case_id,prs_FirstName,prs_SecondName\nL-${name},${name},Boonmee\n`) });
    await page.goto('/casework/bring');
    await page.locator('input[type=file]').setInputFiles(file('One'));
    const { come } = await late(page, '**/api/casework/htcds', 'POST');
    await page.getByRole('button', { name: 'Look at it first' }).click();
    await page.locator('input[type=file]').setInputFiles(file('Two'));
    await come();
    assert.equal(await page.getByRole('button', { name: /^Store/ }).count(), 0, 'a file can be stored that nobody has looked at');
    await page.getByRole('button', { name: 'Look at it first' }).click();
    await page.getByRole('button', { name: 'Store 1 row' }).waitFor();
  }));

test('a referral whose sending failed half-way is sent once when it is tried again', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const { id } = await openCase(context, { given_name: 'Nok', language: 'th' });
    await page.goto(`/casework/cases/${id}`);
    await tab(page, 'Consent and referrals');
    await page.getByRole('button', { name: 'Refer to a service' }).click();
    await dialog(page).getByRole('button', { name: 'Choose', exact: true }).first().click();
    await dialog(page).getByRole('checkbox', { name: 'Given name' }).check();
    await page.route('**/steps', (route) => route.abort(), { times: 1 });
    const send = dialog(page).getByRole('button', { name: 'The person agrees: send' });
    await send.click();
    await dialog(page).getByRole('alert').waitFor();
    await send.click();
    await dialog(page).waitFor({ state: 'detached' });
    const { referrals, receipts } = await reads(context, id);
    assert.deepEqual([referrals.length, receipts.length], [1, 1]);
    assert.notEqual(referrals[0].state, 'offered');
  }));

test('who has left while a case was being opened stays where they went', () =>
  journey({}, 'caseworker@demo', async (page) => {
    await page.goto('/casework');
    await page.getByRole('navigation').first().locator('a[href="/casework/cases"]').click();
    await page.getByRole('button', { name: 'Open a case' }).click();
    await dialog(page).getByLabel('Given name').fill('Left behind');
    const { come } = await late(page, '**/api/casework/cases', 'POST');
    await dialog(page).getByRole('button', { name: 'Save', exact: true }).click();
    await page.goBack();
    await page.waitForURL('**/casework');
    await come();
    await page.getByRole('heading', { level: 1, name: 'My work today' }).waitFor();
    assert.equal(new URL(page.url()).pathname, '/casework');
  }));

test('an address for notices can be stored before the browser has said whether it takes them', () =>
  journey({}, 'caseworker@demo', async (page) => {
    const { come } = await late(page, '**/api/casework/push-key');
    await page.goto('/casework/notices');
    await page.getByLabel('E-mail address').fill('worker@agency.example');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Saved.').first().waitFor();
    await come();
    assert.equal(await page.getByLabel('E-mail address').inputValue(), 'worker@agency.example');
  }));

test('a password that is told once is told, though Escape was pressed while the person was being added', () =>
  journey({}, 'admin@demo', async (page) => {
    await page.goto('/agency/people');
    await page.getByRole('button', { name: 'Add a person' }).click();
    await dialog(page).getByLabel('Name', { exact: false }).first().fill('Malai Late');
    await dialog(page).getByLabel(/^Name for sign-in/).fill('malai@demo');
    await dialog(page).getByRole('checkbox', { name: /^Officer/ }).check();
    const { come } = await late(page, '**/api/agency/people', 'POST');
    await dialog(page).getByRole('button', { name: 'Add a person' }).click();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await come();
    await dialog(page).getByText('Hand this to Malai Late').waitFor();
  }));

test('of two languages chosen shortly after each other the node sends in the last', () =>
  journey({}, 'secretariat@demo', async (page, context) => {
    await page.goto('/agency/account');
    const chosen = page.locator('.account select').first();
    const { come } = await late(page, '**/api/agency/language', 'PUT');
    await chosen.selectOption('th');
    await chosen.selectOption('vi');
    await come();
    await becomes(async () => (await call(context, 'GET', '/api/agency/me')).body.person.locale, 'vi');
    assert.equal(await chosen.inputValue(), 'vi');
  }));

const scenarios = '/api/displacement/scenarios';
const held = { places: 'name,latitude,longitude,population,country,type\nTown,0,0,50000,Home,\nHarbour,0,1,0,Coast,camp\n', events: 'date,latitude,longitude,deaths\n2031-03-01,0,0.01,12\n', roads: '' };
const bring = async (context, name) => (await call(context, 'POST', `${scenarios}/built`, { name, source: 'by hand', ...held, days: 60 })).body.scenario.id;
/** The page asks again and again how the scenario stands, as while a run is under way. */
async function underWay(page, id) {
  await page.route(`**${scenarios}/${id}`, async (route) => {
    if (route.request().method() !== 'GET') return route.fallback();
    const answer = await route.fetch();
    const body = await answer.json();
    const run = { id: 'under-way', version: 99, state: 'running', done: 1, settings: { members: 200 }, asked_at: new Date().toISOString() };
    await route.fulfill({ response: answer, json: { ...body, runs: [run, ...body.runs] } });
  });
}

test('what is put together of a what-if stays while a run is under way', () =>
  journey({}, 'planner@demo', async (page, context) => {
    const id = await bring(context, 'Under way');
    await underWay(page, id);
    await page.goto(`/displacement/${id}`);
    await tab(page, 'What if');
    await page.getByLabel('What changes').selectOption('open_camp');
    const changes = page.locator('.changes li');
    await page.getByRole('button', { name: 'Add this change' }).click();
    await becomes(() => changes.count(), 1);
    for (let i = 0; i < 2; i++) await (await page.waitForResponse(`**${scenarios}/${id}`)).finished();
    await page.getByLabel('Why').fill('It is said');
    assert.equal(await changes.count(), 1, 'the change is gone');
  }));

test('a name that somebody else gave while the dialog stood open is told, also when the page has read it already', () =>
  journey({}, 'planner@demo', async (page, context) => {
    const id = await bring(context, 'Two at once, late');
    await underWay(page, id);
    await page.goto(`/displacement/${id}`);
    await page.getByRole('button', { name: 'Name and sharing' }).click();
    await dialog(page).getByLabel('Name').fill('The second');
    const boss = await visitor();
    await enter(boss.context, 'supervisor@demo');
    assert.equal((await call(boss.context, 'PATCH', `${scenarios}/${id}`, { expected: 1, name: 'The first', seen_by: 'organisation' })).status, 200);
    await boss.leave();
    await page.locator('h1').filter({ hasText: 'The first' }).waitFor({ state: 'attached' });
    assert.equal(await dialog(page).getByLabel('Name').inputValue(), 'The second');
    await dialog(page).getByRole('button', { name: 'Keep' }).click();
    await dialog(page).getByText('Somebody has renamed, shared or removed the scenario meanwhile', { exact: false }).waitFor();
    await dialog(page).getByRole('button', { name: 'Keep' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    assert.equal((await call(context, 'GET', `${scenarios}/${id}`)).body.scenario.name, 'The second');
  }));

test('gaps are those of the staffing that stands there, whichever answer comes last', () =>
  journey({}, 'planner@demo', async (page, context) => {
    const { id } = (await call(context, 'GET', scenarios)).body.items.find((s) => s.name.startsWith('Serai'));
    await page.goto(`/displacement/${id}`);
    await tab(page, 'Gaps');
    const waiting = page.getByRole('row', { name: /Green Terrace/ }).first().getByRole('cell').nth(4);
    await waiting.waitFor();
    await page.getByText('Other numbers of interviewers').click();
    const few = page.waitForRequest(/staff_at=Green\+Terrace%3D1$/);
    const { come } = await late(page, '**/gaps?*staff_at=*');
    await page.getByLabel('Green Terrace', { exact: true }).fill('1');
    await few;
    await page.getByLabel('Green Terrace', { exact: true }).fill('400');
    await says(waiting, /^0$/);
    await come();
    assert.equal(await waiting.innerText(), '0');
    await picture(page, 'late-gaps');
  }));

test('a count that is typed while the one before is being kept stays in its field', () =>
  journey({}, 'planner@demo', async (page, context) => {
    const id = await bring(context, 'Counts, one by one');
    await page.goto(`/displacement/${id}`);
    await tab(page, 'Arrivals');
    const people = page.getByLabel('People present');
    await people.fill('12');
    const { come } = await late(page, '**/arrivals', 'POST');
    await page.getByRole('button', { name: 'Keep', exact: true }).first().click();
    await people.fill('34');
    await come();
    await page.getByRole('cell', { name: '12', exact: true }).waitFor();
    assert.equal(await people.inputValue(), '34');
  }));
