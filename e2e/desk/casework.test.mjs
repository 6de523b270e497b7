// Casework, from a person at the desk to an answer: a case opened and its double shown before it is saved; services with
// their reasons; consent, a referral, a partner without an account who answers and is closed out when consent is taken
// back; a voluntary return stage by stage; a supervisor's word; and every page at two widths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, becomes, call, enter, fitsItsWidth, gone, journeys, password, picture, says, settled } from './house.mjs';

const { journey, visitor } = journeys();
const openCase = async (context, values, needs = ['shelter']) => {
  const made = await call(context, 'POST', '/api/casework/cases', { values, needs });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return made.body;
};
const tab = (page, name) => page.getByRole('tab', { name }).click();
/** Answers the dialog that stands open: every empty text with `words`, then the button. */
async function write(page, words, button) {
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  for (const box of await dialog.getByRole('textbox').all()) await box.fill(words);
  await dialog.getByRole('button', { name: button, exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

test('a double is shown before a second case is saved', () =>
  journey({}, 'caseworker@demo', async (page) => {
    const fill = async () => {
      await page.getByRole('button', { name: 'Open a case' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Given name').fill('Nandar');
      await dialog.getByLabel('Family name').fill('Thiri Aung');
      await dialog.getByLabel('Date of birth').fill('1999-04-12');
      await dialog.getByRole('button', { name: 'Save', exact: true }).click();
      return dialog;
    };
    await page.goto('/casework/cases');
    await fill();
    await page.waitForURL(/\/casework\/cases\/[^/]+$/);
    await page.goto('/casework/cases');
    const dialog = await fill();
    await dialog.getByText('Somebody like this may have a case already').waitFor();
    await becomes(() => page.evaluate(() => document.activeElement.textContent), /may have a case already/, 'the keyboard is not where the double is told');
    await dialog.getByText(/same name and same date of birth|same date of birth and same name/).waitFor();
    await accessible(page, 'a possible double');
    await picture(page, 'casework-double');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'detached' });
  }));

test('consent, a referral, a partner without an account; consent taken back closes the partner\'s page', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const made = await openCase(context, { given_name: 'Sophea', family_name: 'Kim', age: '24', language: 'km', phone: '+855 12 345 678' });
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Consent and referrals');
    await page.getByRole('button', { name: 'Refer to a service' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.locator('article').nth(2).waitFor();
    await accessible(page, 'services with their reasons');
    await picture(page, 'casework-services');
    await dialog.locator('article').filter({ hasNotText: 'answers here, with accounts' }).first().getByRole('button', { name: 'Choose', exact: true }).click();
    await dialog.getByRole('checkbox', { name: 'Given name' }).check();
    await dialog.getByRole('button', { name: 'The person agrees: send' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Link for a partner without an account' }).click();
    const url = await page.getByRole('dialog').getByLabel('Link', { exact: true }).inputValue();
    const code = (await page.getByRole('dialog').locator('strong').innerText()).replace(/\D/g, '');
    await page.getByRole('button', { name: 'I have passed on both' }).click();

    const partner = await visitor({ width: 390 });
    await partner.page.goto(url.replace(/^https?:\/\/[^/]+/, ''));
    await partner.page.getByLabel('One-time code').waitFor();
    await partner.page.waitForURL((address) => address.hash === '');
    await partner.page.getByLabel('One-time code').fill([...code].map((digit) => String.fromCodePoint(0x1040 + Number(digit))).join('')); // Burmese digits
    await partner.page.getByRole('button', { name: 'Open', exact: true }).click();
    await partner.page.getByText('Sophea').waitFor();
    assert.doesNotMatch(await partner.page.locator('main').innerText(), /Kim|345/, 'more is shown than was agreed');
    await accessible(partner.page, "the partner's page");
    await fitsItsWidth(partner.page, "the partner's page");
    await picture(partner.page, 'casework-partner-390');
    await partner.page.getByRole('button', { name: 'Decline', exact: true }).click();
    await partner.page.getByLabel('More about the reason').fill('No room, and her cousin works here.');
    await partner.page.getByRole('button', { name: 'Cancel', exact: true }).click();
    const answered = partner.page.waitForRequest(/partner\/answer$/);
    await partner.page.getByRole('button', { name: 'Accept', exact: true }).click();
    assert.doesNotMatch((await answered).postData() ?? '', /cousin/, 'words that were cancelled were sent');
    await partner.page.getByText('Accepted', { exact: true }).waitFor();

    await page.reload();
    await tab(page, 'Consent and referrals');
    await page.getByText('Accepted', { exact: true }).first().waitFor();
    await picture(page, 'casework-referrals');
    await page.getByRole('button', { name: 'The person takes it back' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'The person takes it back' }).click();
    await page.getByText('Consent was taken back.').waitFor();
    await partner.page.getByRole('button', { name: /^(Still helping|Finished)$/ }).first().click();
    await partner.page.getByRole('alert').first().waitFor();
    await partner.leave();

    await tab(page, 'Who has seen it');
    await page.getByRole('table').getByRole('row').nth(5).waitFor();
    await accessible(page, 'who has seen it');
    await picture(page, 'casework-seen');
  }));

test('a return goes stage by stage, stops when risk rises, and goes on by a supervisor alone', async () => {
  let made;
  await journey({}, 'caseworker@demo', async (page, context) => {
    made = await openCase(context, { given_name: 'Tayza', family_name: 'Pyae Sone Oo', age: '31' }, ['return']);
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Plan and timeline');
    await page.getByRole('button', { name: 'The person considers going home' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Country').fill('zz');
    assert.ok(await dialog.getByRole('button', { name: 'Save' }).isDisabled(), 'letters that name no country are taken');
    await dialog.getByLabel('Country').fill('mm');
    await dialog.getByText('Myanmar').waitFor();
    await dialog.getByRole('button', { name: 'Save' }).click();
    for (const step of ['The person has decided', 'Risk and family were assessed', 'Prepare the journey', 'The journey begins', 'Received at home']) {
      await page.getByRole('button', { name: step, exact: true }).click();
      await write(page, 'Told and written down', 'Save');
    }
    const card = page.getByRole('region', { name: 'Voluntary return' });
    await card.getByText('Follow-up after 12 months').waitFor();
    await becomes(() => card.getByText(/^Follow-up after/).count(), 4);
    await says(card.locator('[aria-current=step]'), /Received/);
    await accessible(page, 'a return');
    await picture(page, 'casework-return');
    assert.equal((await call(context, 'POST', `/api/casework/cases/${made.id}/entries`, { kind: 'risk', code: '', text: { text: 'The recruiter came to the house' } })).status, 200);
    await page.reload();
    await tab(page, 'Plan and timeline');
    await card.getByText('Nothing goes on until a supervisor').waitFor();
    await card.getByRole('status').getByText('The recruiter came to the house').waitFor();
    assert.equal(await card.getByRole('button', { name: 'Go on' }).count(), 0);
    assert.equal(await card.getByText('Waiting', { exact: true }).count(), 4, 'follow-ups do not wait');
    await page.setViewportSize({ width: 390, height: 800 });
    await fitsItsWidth(page, 'a return that is suspended');
    await picture(page, 'casework-return-suspended-390');
  });
  await journey({}, 'supervisor@demo', async (page) => {
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Plan and timeline');
    await page.getByRole('button', { name: 'Go on', exact: true }).click();
    await write(page, 'The family has moved; visited together', 'Save');
    await page.getByRole('button', { name: 'Settling in begins' }).waitFor();
  });
});

test('a supervisor sends a plan back with what is missing, and approves the closure', async () => {
  let made;
  await journey({}, 'caseworker@demo', async (page, context) => {
    made = await openCase(context, { given_name: 'Lwin', family_name: 'Hnin Phyu', age: '40' });
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Plan and timeline');
    await page.getByRole('button', { name: 'Ask to approve the plan' }).click();
    await page.getByText('Asked', { exact: true }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Approve', exact: true }).count(), 0, 'one approves oneself');
    await page.getByRole('button', { name: 'Change the state' }).click();
    await page.getByRole('dialog').getByLabel('State').selectOption('closed');
    await page.getByRole('dialog').getByLabel('Reason').selectOption('goals_reached');
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
  });
  await journey({}, 'supervisor@demo', async (page) => {
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Plan and timeline');
    const row = (what) => page.getByRole('region', { name: 'Approval by a supervisor' }).getByRole('listitem').filter({ has: page.getByText(what, { exact: true }) });
    await row('Plan').getByRole('button', { name: 'Send back' }).click();
    const dialog = page.getByRole('dialog');
    assert.ok(await dialog.getByRole('button', { name: 'Send back' }).isDisabled(), 'it is sent back without a word');
    await write(page, 'Who calls the family, and when?', 'Send back');
    await row('Plan').getByText('Sent back', { exact: true }).waitFor();
    await row('Closure').getByRole('button', { name: 'Approve', exact: true }).click();
    await page.locator('.badges').getByText('Closed', { exact: true }).first().waitFor();
    await accessible(page, 'a case that is closed');
  });
});

const pages = ['', '/cases', '/directory', '/inbox', '/outbox'];
for (const width of [390, 1280]) {
  for (const [login, list] of [['caseworker@demo', pages], ['supervisor@demo', ['/board']]]) {
    test(`every page of ${login} can be read at ${width} px`, () =>
      journey({ width }, login, async (page) => {
        for (const path of list) {
          await page.goto('/casework' + path);
          await settled(page);
          await accessible(page, `/casework${path}`);
          await fitsItsWidth(page, `/casework${path}`);
          await picture(page, `casework${path.replace('/', '-') || '-work'}-${width}`);
        }
      }));
  }
}

const sheet = (page, name) => page.getByRole('region', { name, exact: true });

test('what is written while the network is gone stays on the page, and is stored when it is back', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const made = await openCase(context, { given_name: 'Malee', family_name: 'Srisai', language: 'th' });
    await page.goto(`/casework/cases/${made.id}`);
    await sheet(page, 'How to reach').getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Telephone that is safe to call').fill('+66 81 234 5678');
    await context.setOffline(true);
    await sheet(page, 'How to reach').getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Not stored yet: the node cannot be reached').waitFor();
    await accessible(page, 'an edit that waits for the network');
    await picture(page, 'casework-unsent');
    await context.setOffline(false);
    // It goes out by itself as soon as the browser says that there is a network.
    await sheet(page, 'How to reach').getByText('+66 81 234 5678').waitFor();
    await gone(page.getByText('Not stored yet'));
  }));

test('two people change one field: nothing is overwritten, both values are shown, a human chooses', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const made = await openCase(context, { given_name: 'Dara', family_name: 'Chea', language: 'km' });
    await page.goto(`/casework/cases/${made.id}`);
    await sheet(page, 'Identity').getByRole('button', { name: 'Change' }).click();
    const other = await call(context, 'PATCH', `/api/casework/cases/${made.id}/sheets`, { base: made.revision, values: { given_name: 'Darareaksmey' } });
    assert.equal(other.status, 200, JSON.stringify(other.body));
    await page.getByLabel('Given name').fill('Dararith');
    await sheet(page, 'Identity').getByRole('button', { name: 'Save', exact: true }).click();
    const choice = sheet(page, 'Please choose');
    await choice.getByText('Darareaksmey').waitFor();
    await choice.getByText('Dararith', { exact: true }).waitFor();
    await accessible(page, 'a conflict');
    await picture(page, 'casework-conflict');
    await choice.getByRole('button', { name: 'Take the other' }).click();
    await sheet(page, 'Identity').getByText('Dararith', { exact: true }).waitFor();
    await gone(choice);
  }));

test('cases from a file are looked at row by row before anything is stored', () =>
  journey({}, 'caseworker@demo', async (page) => {
    await page.goto('/casework/bring');
    const file = { name: 'cases.csv', mimeType: 'text/csv', buffer: Buffer.from('case_id,prs_FirstName,prs_SecondName,prs_Gender\nA-1,Ratree,Boonmee,Feminine\nA-2,Somsak,Chaiyo,Purple\n') };
    await page.locator('input[type=file]').setInputFiles(file);
    await page.getByRole('button', { name: 'Look at it first' }).click();
    await page.getByText('A new case').waitFor();
    await page.getByText('Left out', { exact: true }).waitFor();
    await accessible(page, 'an import that is looked at');
    await fitsItsWidth(page, 'an import');
    await picture(page, 'casework-bring');
    await page.getByRole('button', { name: 'Store 1 row' }).click();
    await page.getByText('1 row was stored.').waitFor();
  }));

test('erasing asks for the case\'s code, and what was erased is gone', () =>
  journey({}, 'supervisor@demo', async (page, context) => {
    const made = await openCase(context, { given_name: 'Wayan', family_name: 'Sudana', language: 'id' });
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Who has seen it');
    await page.getByRole('button', { name: 'Erase for good' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Everything about this person').check();
    assert.ok(await dialog.getByRole('button', { name: 'Erase for good' }).isDisabled(), 'it may be erased without the code');
    await dialog.getByLabel(/code to confirm/).fill(made.code);
    await dialog.getByRole('button', { name: 'Erase for good' }).click();
    await dialog.waitFor({ state: 'detached' });
    await tab(page, 'Person');
    await page.getByText('This part was erased for good.').first().waitFor();
    await gone(page.getByText('Wayan'));
  }));

test('a day that is typed ends where the case is, and the zone is said to who sits elsewhere', async () => {
  let made;
  const read = async (context) => (await call(context, 'GET', `/api/casework/cases/${made.id}`)).body.entries.find((entry) => entry.kind === 'task');
  await journey({ timezoneId: 'Pacific/Honolulu' }, 'caseworker@demo', async (page, context) => {
    made = await openCase(context, { given_name: 'Anong', family_name: 'Wattana', age: '33' });
    assert.equal((await call(context, 'PATCH', `/api/casework/cases/${made.id}`, { profile: 'TH' })).status, 200);
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Plan and timeline');
    await page.getByRole('button', { name: '+ Task' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('A day ends at midnight, Thailand Time.').waitFor();
    await dialog.getByLabel('In words').fill('Call the sister');
    await dialog.getByLabel('Until').fill('2031-03-05');
    await accessible(page, 'a task with a day');
    await picture(page, 'casework-day');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('until 5 Mar 2031 (Thailand Time)').waitFor();
    assert.equal((await read(context)).due_at, '2031-03-05T16:59:59Z');
    await page.setViewportSize({ width: 390, height: 800 });
    await fitsItsWidth(page, 'a plan with a zone');
    await picture(page, 'casework-day-390');
  });
  await journey({ timezoneId: 'Asia/Bangkok' }, 'caseworker@demo', async (page) => {
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Plan and timeline');
    await page.getByText('until 5 Mar 2031', { exact: true }).waitFor();
  });
});

test('of a day\'s edits without a network one is stale and one is refused: the others are stored, each is shown', async () => {
  const colleague = await visitor();
  await enter(colleague.context, 'supervisor@demo');
  await journey({}, 'caseworker@demo', async (page, context) => {
    const made = await openCase(context, { given_name: 'Kanya', family_name: 'Suksan', language: 'th', medical_needs: 'asthma' });
    await page.goto(`/casework/cases/${made.id}`);
    await sheet(page, 'Identity').waitFor();
    await context.setOffline(true);
    const change = async (part, field, words) => {
      await sheet(page, part).getByRole('button', { name: 'Change' }).click();
      await page.getByLabel(field, { exact: true }).fill(words);
      await sheet(page, part).getByRole('button', { name: 'Save', exact: true }).click();
      await page.getByRole('status').getByText(words, { exact: true }).waitFor();
    };
    await change('Identity', 'Given name', 'Kanyarat');
    await change('Health', 'Health needs', 'an inhaler');
    await change('Places', 'Town', 'Mae Sot');
    await change('How to reach', 'E-mail that is safe to use', 'k@example.test');
    // Another tab of the page does not lose it.
    await tab(page, 'Plan and timeline');
    await tab(page, 'Person');
    await page.getByRole('status').getByText('Mae Sot', { exact: true }).waitFor();
    // Meanwhile a colleague has written the same field, and a part was erased.
    assert.equal((await call(colleague.context, 'PATCH', `/api/casework/cases/${made.id}/sheets`, { base: made.revision, values: { given_name: 'Kanyanat' } })).status, 200);
    assert.equal((await call(colleague.context, 'POST', `/api/casework/cases/${made.id}/erase`, { classes: ['medical'] })).status, 200);
    await context.setOffline(false);
    await sheet(page, 'Places').getByText('Mae Sot').waitFor();
    await sheet(page, 'How to reach').getByText('k@example.test').waitFor();
    const choice = sheet(page, 'Please choose');
    await choice.getByText('Kanyanat').waitFor();
    await choice.getByText('Kanyarat', { exact: true }).waitFor();
    const refused = page.getByRole('status').filter({ hasText: 'Not stored: the node refused it' });
    await refused.getByText('an inhaler').waitFor();
    await refused.getByText('This part of the case was erased').waitFor();
    await accessible(page, 'edits that came late');
    await picture(page, 'casework-stale');
    await page.setViewportSize({ width: 390, height: 800 });
    await fitsItsWidth(page, 'edits that came late');
    await picture(page, 'casework-stale-390');
    await refused.getByRole('button', { name: 'Throw away what I wrote' }).click();
    await refused.waitFor({ state: 'detached' });
  });
  await colleague.leave();
});

test('what waits for the network is named on the day\'s work, and is gone with who wrote it', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    const made = await openCase(context, { given_name: 'Boon', family_name: 'Rattana', language: 'th' });
    await page.goto(`/casework/cases/${made.id}`);
    await sheet(page, 'Places').waitFor();
    await context.setOffline(true);
    await sheet(page, 'Places').getByRole('button', { name: 'Change' }).click();
    await page.getByLabel('Town').fill('Ranong');
    await sheet(page, 'Places').getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('Not stored yet: the node cannot be reached').waitFor();
    await context.route('**/sheets', (route) => route.abort()); // the node answers, but not to this
    await context.setOffline(false);
    await page.evaluate(() => document.querySelector('a[href="/casework"]').click());
    await page.getByText('Not stored yet: written while').waitFor();
    await page.getByRole('link', { name: made.code }).first().waitFor();
    await accessible(page, "the day's work with something unsent");
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('input[autocomplete="username"]').waitFor();
    await page.locator('input[autocomplete="username"]').fill('supervisor@demo');
    await page.locator('input[autocomplete="current-password"]').fill(password);
    await page.locator('.sign-in button[type="submit"]').click();
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
    await page.locator('a[href="/casework"]').first().waitFor({ state: 'attached' });
    await page.evaluate(() => document.querySelector('a[href="/casework"]').click());
    await page.getByRole('heading', { name: 'My work today' }).waitFor();
    assert.equal(await page.getByText('Not stored yet').count(), 0, 'the next person at this desk reads what the last one wrote');
  }));

test('an exercise is played, sends nothing, stands in no list, and is gone for good when it ends', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    await page.goto('/casework/cases');
    await page.getByRole('button', { name: 'Open a case' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Given name').fill('Nobody');
    await dialog.getByLabel('Family name').fill('Invented Sample');
    await dialog.getByLabel('Language', { exact: true }).fill('th');
    await dialog.getByLabel(/This is an exercise/).check();
    await accessible(page, 'opening an exercise');
    await dialog.getByRole('button', { name: 'Save', exact: true }).click();
    await page.waitForURL(/\/casework\/cases\/[^/]+$/);
    const id = page.url().split('/').at(-1);
    await page.getByText('An exercise: nothing here is real.').waitFor();
    await accessible(page, 'an exercise');
    await picture(page, 'casework-exercise');
    await tab(page, 'Consent and referrals');
    await page.getByRole('button', { name: 'Refer to a service' }).click();
    await dialog.getByRole('button', { name: 'Choose', exact: true }).first().click();
    await dialog.getByRole('checkbox', { name: 'Given name' }).check();
    await dialog.getByRole('button', { name: 'The person agrees: send' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Offered to the person').first().waitFor();
    assert.equal(await page.getByRole('button', { name: 'Send', exact: true }).count(), 0, 'an exercise can be sent');
    const code = (await page.getByRole('heading', { level: 1 }).innerText()).match(/\S+$/)[0];
    await page.goto('/casework/cases');
    await page.getByRole('table').waitFor();
    assert.equal(await page.getByText(code).count(), 0, 'an exercise stands in the list of cases');
    await page.getByLabel('Show exercises instead').check();
    await page.getByRole('link', { name: code }).waitFor();
    await page.setViewportSize({ width: 390, height: 800 });
    await fitsItsWidth(page, 'the list of exercises');
    await picture(page, 'casework-exercises-390');
    await page.getByRole('link', { name: code }).click();
    await page.getByRole('button', { name: 'End and erase the exercise' }).click();
    await page.waitForURL(/\/casework\/cases$/);
    for (const [method, path, body] of [['GET', '', undefined], ['PATCH', '/sheets', { base: 1, values: { town: 'x' } }], ['POST', '/entries', { kind: 'note' }]]) {
      const late = await call(context, method, `/api/casework/cases/${id}${path}`, body);
      assert.equal(late.status, 404, `${method} ${path}: ${JSON.stringify(late.body)}`);
    }
    await page.goto('/casework/cases');
    await page.getByLabel('Show exercises instead').check();
    await page.getByText('No case found').waitFor();
  }));

test('a receiver with an account accepts, tells how it goes and finishes; the sender hears each, and prints in the person\'s language', async () => {
  let made, referral;
  await journey({}, 'caseworker@demo', async (page, context) => {
    made = await openCase(context, { given_name: 'Chenda', family_name: 'Sok', age: '22', language: 'km', phone: '+855 12 000 111' });
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Consent and referrals');
    await page.getByRole('button', { name: 'Refer to a service' }).click();
    const dialog = page.getByRole('dialog');
    const here = dialog.locator('article').filter({ hasText: 'answers here, with accounts' }).first();
    await here.getByRole('button', { name: 'Choose', exact: true }).click();
    await dialog.getByRole('checkbox', { name: 'Given name' }).check();
    await dialog.getByLabel('What is asked').fill('A bed for some weeks.');
    await dialog.getByRole('button', { name: 'The person agrees: send' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.equal(await page.getByRole('button', { name: 'Link for a partner without an account' }).count(), 0, 'a link is offered where people have accounts');
    const form = await page.getByRole('link', { name: 'Form to print' }).getAttribute('href');
    const paper = await context.newPage();
    await paper.goto(form);
    assert.equal(await paper.locator('html').getAttribute('lang'), 'km');
    assert.match(await paper.locator('h1').innerText(), /^ទម្រង់បញ្ជូនបន្ត\s+Referral form$/);
    assert.doesNotMatch(await paper.locator('body').innerText(), /Sok|000 111/, 'more is printed than was agreed');
    await picture(paper, 'casework-form-km');
    await paper.close();
    referral = (await call(context, 'GET', `/api/casework/cases/${made.id}`)).body.referrals[0];
  });

  await journey({ width: 390 }, 'shelter@demo', async (page, context) => {
    await page.goto('/casework');
    await page.getByText(/referrals? waits? for an answer/).waitFor();
    await page.goto('/casework/inbox');
    await page.locator(`a[href="/casework/inbox/${referral.id}"]`).first().click();
    await page.getByText('A bed for some weeks.').waitFor();
    await page.getByText('Chenda').waitFor();
    assert.doesNotMatch(await page.locator('main').innerText(), /Sok|000 111/, 'more is shown than was agreed');
    await accessible(page, 'a referral to us');
    await fitsItsWidth(page, 'a referral to us');
    await picture(page, 'casework-received-390');
    await page.getByRole('button', { name: 'Accept', exact: true }).click();
    await page.getByText('Accepted', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Still helping' }).click();
    await page.getByText('Saved.').first().waitFor();
    // The case itself is the sender's: its receiver is answered as if there were none.
    assert.equal((await call(context, 'GET', `/api/casework/cases/${made.id}`)).status, 404);
  });

  await journey({}, 'caseworker@demo', async (page, context) => {
    const told = async () => (await call(context, 'GET', '/api/casework/work')).body.notices.filter((notice) => notice.referral === referral.id).map((notice) => notice.kind);
    for (const kind of ['referral_see', 'referral_accept', 'referral_progress']) await becomes(async () => (await told()).includes(kind), true, `the sender was not told ${kind}`);
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Consent and referrals');
    const card = page.getByRole('article').first();
    await card.getByText('Accepted', { exact: true }).waitFor();
    await card.getByText('Still helping', { exact: true }).waitFor();
  });

  await journey({}, 'shelter@demo', async (page) => {
    await page.goto(`/casework/inbox/${referral.id}`);
    await page.getByRole('button', { name: 'Finished' }).click();
    await page.getByText('You have finished. What was shared is closed.').waitFor();
    await gone(page.getByText('Chenda'), 'what was shared stays readable after the end');
  });

  await journey({}, 'caseworker@demo', async (page) => {
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Consent and referrals');
    await page.getByRole('article').first().getByText('Done', { exact: true }).waitFor();
    await tab(page, 'Who has seen it');
    await page.getByText('A receiver opened the referral').first().waitFor();
  });
});

test('a supervisor says that the organisation answers for a service, and gives it up again', () =>
  journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/casework/directory');
    await page.getByRole('button', { name: 'Find services' }).click();
    const card = page.locator('.services article').filter({ hasNot: page.getByText('answers here, with accounts') }).first();
    const id = await card.getAttribute('id');
    const same = page.locator(`[id="${id}"]`);
    await same.getByRole('button', { name: 'Our organisation answers for this service' }).click();
    await same.getByText('answers here, with accounts').waitFor();
    await accessible(page, 'a service that we answer for');
    await same.getByRole('button', { name: 'We no longer answer for this service' }).click();
    await same.getByRole('button', { name: 'Our organisation answers for this service' }).waitFor();
  }));

test('a colleague breaks the glass: reads and writes nothing, the supervisor is told, reviews it with the log, and the person may be shown', async () => {
  // Somebody new in the same organisation: the case is not theirs.
  const admin = await visitor();
  await enter(admin.context, 'admin@demo');
  const fresh = await call(admin.context, 'POST', '/api/agency/people', { login: 'tuti@demo', name: 'Caseworker Tuti', roles: ['caseworker'] });
  assert.equal(fresh.status, 201, JSON.stringify(fresh.body));
  await admin.leave();
  let made;
  await journey({}, 'caseworker@demo', async (_page, context) => {
    made = await openCase(context, { given_name: 'Ratu', family_name: 'Puspita', age: '27', language: 'id' });
  });
  const colleague = await visitor();
  await enter(colleague.context, 'tuti@demo', fresh.body.password);
  assert.ok((await call(colleague.context, 'POST', '/api/agency/password', { old_password: fresh.body.password, new_password: 'a lamp above the harbour' })).status < 300);
  const page = colleague.page;
  await page.goto(`/casework/cases/${made.id}`);
  await page.getByText('There is no such case, or it is not yours to see.').waitFor();
  await accessible(page, 'a case that is not mine');
  const open = page.getByRole('button', { name: 'Open in an emergency' });
  assert.ok(await open.isDisabled(), 'the glass breaks without a reason');
  await page.getByLabel('Why you must see it now').fill('She called from the harbour, Dewi is on a boat.');
  await open.click();
  await page.getByText('Ratu').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Change', exact: true }).count(), 0, 'who broke the glass may write');
  assert.equal((await call(colleague.context, 'PATCH', `/api/casework/cases/${made.id}/sheets`, { base: made.revision, values: { town: 'x' } })).status, 403);
  await picture(page, 'casework-glass');
  await colleague.leave();

  await journey({}, 'supervisor@demo', async (page) => {
    await page.goto('/casework');
    const told = page.locator('.told li').filter({ hasText: "Somebody opened a colleague's case in an emergency" }).filter({ hasText: made.code });
    await told.getByRole('link', { name: made.code }).click();
    await tab(page, 'Plan and timeline');
    await page.getByText('Opened in an emergency').first().waitFor();
    await page.getByText('She called from the harbour, Dewi is on a boat.').waitFor();
    await tab(page, 'Who has seen it');
    await page.getByRole('row').filter({ hasText: 'Opened in an emergency' }).filter({ hasText: 'Tuti' }).first().waitFor();
    await page.getByRole('row').filter({ hasText: 'Read the case' }).filter({ hasText: 'Tuti' }).first().waitFor();
    await picture(page, 'casework-glass-review');
    await page.goto('/casework');
    await told.getByRole('button', { name: 'I have seen it' }).click();
    await told.waitFor({ state: 'detached' });
  });
});

test('a supervisor shares without consent, only with a reason; it is alerted, marked, and stands in the log', async () => {
  let made;
  await journey({}, 'caseworker@demo', async (page, context) => {
    made = await openCase(context, { given_name: 'Sita', family_name: 'Anggraini', age: '29', language: 'id' });
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Consent and referrals');
    await page.getByRole('button', { name: 'Refer to a service' }).waitFor();
    assert.equal(await page.getByRole('button', { name: 'Refer without consent' }).count(), 0, 'a caseworker may override');
  });
  await journey({}, 'supervisor@demo', async (page) => {
    await page.goto(`/casework/cases/${made.id}`);
    await tab(page, 'Consent and referrals');
    await page.getByRole('button', { name: 'Refer without consent' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'Choose', exact: true }).first().click();
    await dialog.getByRole('checkbox', { name: 'Given name' }).check();
    const send = dialog.getByRole('button', { name: 'Send without consent' });
    assert.ok(await send.isDisabled(), 'it goes out without a reason');
    await dialog.getByLabel('Why it cannot wait for consent').fill('She is unconscious and the ward must know her name.');
    await accessible(page, 'sharing without consent');
    await picture(page, 'casework-override');
    await send.click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('Without consent', { exact: true }).waitFor();
    await tab(page, 'Who has seen it');
    await page.getByRole('row').filter({ hasText: 'Shared without consent' }).first().waitFor();
    await page.goto('/casework');
    await page.locator('.told li').filter({ hasText: 'Something is shared without consent' }).filter({ hasText: made.code }).waitFor();
  });
});

test("a service confirms its entry by the link it was sent: the link works once, and the directory says so", () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    await page.goto('/casework/directory');
    await page.getByRole('button', { name: 'Find services' }).click();
    const card = page.locator('.services article').filter({ hasText: /Nobody has confirmed this entry|Confirmation is overdue/ }).first();
    const name = (await card.getByRole('heading').innerText()).replace(/^\d+\.\s*/, '');
    const id = (await card.getAttribute('id')).replace('service-', '');
    await card.getByRole('button', { name: 'Ask to confirm' }).click();
    const url = await page.getByRole('dialog').getByLabel('Link', { exact: true }).inputValue();
    await page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click();

    const service = await visitor({ width: 390 });
    const asked = [];
    service.context.on('request', (request) => asked.push(request.url()));
    await service.page.goto(url.replace(/^https?:\/\/[^/]+/, ''));
    await service.page.getByRole('heading', { name: 'Is this still true?' }).waitFor();
    await service.page.getByText(name, { exact: true }).waitFor();
    await service.page.waitForURL((address) => address.hash === '');
    const secret = url.slice(url.indexOf('#') + 1);
    assert.ok(asked.every((address) => !address.includes(secret)), 'the secret stands in an address that was asked for');
    await accessible(service.page, 'the page of a service');
    await fitsItsWidth(service.page, 'the page of a service');
    await picture(service.page, 'casework-confirm-390');
    await service.page.getByLabel('Free places now').fill('3');
    await service.page.getByLabel('Something everybody must know first').fill('Ring twice at night.');
    await service.page.getByLabel('Your e-mail address').fill('desk@service.example');
    await service.page.getByRole('button', { name: 'It is true: confirm' }).click();
    await service.page.getByText('Thank you. The directory now says that you confirmed it today.').waitFor();
    const again = await service.context.newPage();
    await again.goto(url.replace(/^https?:\/\/[^/]+/, ''));
    await again.getByRole('alert').first().waitFor();
    assert.equal(await again.getByRole('button', { name: 'It is true: confirm' }).count(), 0, 'the link works twice');
    await service.leave();

    await page.getByRole('button', { name: 'Find services' }).click();
    const same = page.locator(`[id="service-${id}"]`);
    await same.getByText(/Confirmed in its term, on/).waitFor();
    await same.getByText('Ring twice at night.').waitFor();
  }));
