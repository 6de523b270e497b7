// Casework, from a person at the desk to an answer: a case opened and its double shown before it is saved; services with
// their reasons; consent, a referral, a partner without an account who answers and is closed out when consent is taken
// back; a voluntary return stage by stage; a supervisor's word; and every page at two widths.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, call, enter, fitsItsWidth, picture, startBrowser, startNode, visit } from './house.mjs';

let node, browser;
before(async () => {
  node = await startNode();
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await node?.end();
});

async function journey(options, login, walk) {
  const visitor = await visit(browser, node, options);
  if (login) await enter(visitor.context, login);
  await walk(visitor.page, visitor.context);
  await visitor.leave();
}
const openCase = async (context, values, needs = ['shelter']) => {
  const made = await call(context, 'POST', '/api/casework/cases', { values, needs });
  assert.equal(made.status, 200, JSON.stringify(made.body));
  return made.body;
};
const tab = (page, name) => page.getByRole('tab', { name }).click();
/** Answers the dialog that stands open: every empty text with `words`, then the button. */
async function write(page, words, button) {
  const dialog = page.getByRole('dialog');
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
    assert.match(await page.evaluate(() => document.activeElement.textContent), /may have a case already/, 'the keyboard is not where the double is told');
    await dialog.getByText(/same name and same date of birth|same date of birth and same name/).waitFor();
    await accessible(page, 'a possible double');
    await picture(page, 'casework-double');
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    assert.equal(await page.getByRole('dialog').count(), 0);
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
    await dialog.getByRole('button', { name: 'Choose', exact: true }).first().click();
    await dialog.getByRole('checkbox', { name: 'Given name' }).check();
    await dialog.getByRole('button', { name: 'The person agrees: send' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Link for a partner without an account' }).click();
    const url = await page.getByRole('dialog').getByLabel('Link', { exact: true }).inputValue();
    const code = (await page.getByRole('dialog').locator('strong').innerText()).replace(/\D/g, '');
    await page.getByRole('button', { name: 'I have passed on both' }).click();

    const partner = await visit(browser, node, { width: 390 });
    await partner.page.goto(url.replace(/^https?:\/\/[^/]+/, node.url));
    await partner.page.getByLabel('One-time code').waitFor();
    await partner.page.waitForURL((address) => address.hash === '', { timeout: 5000 });
    await partner.page.getByLabel('One-time code').fill([...code].map((digit) => String.fromCodePoint(0x1040 + Number(digit))).join('')); // Burmese digits
    await partner.page.getByRole('button', { name: 'Open', exact: true }).click();
    await partner.page.getByText('Sophea').waitFor();
    assert.doesNotMatch(await partner.page.locator('main').innerText(), /Kim|345/, 'more is shown than was agreed');
    await accessible(partner.page, "the partner's page");
    await fitsItsWidth(partner.page, "the partner's page");
    await picture(partner.page, 'casework-partner-390');
    await partner.page.getByRole('button', { name: 'Accept', exact: true }).click();
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
    assert.equal(await card.getByText(/^Follow-up after/).count(), 4);
    assert.match(await card.locator('[aria-current=step]').innerText(), /Received/);
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
          await page.locator('#main h1').first().waitFor();
          await page.waitForLoadState('networkidle');
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
    assert.equal(await page.getByText('Not stored yet').count(), 0);
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
    assert.equal(await choice.count(), 0);
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
    assert.equal(await page.getByText('Wayan').count(), 0);
  }));
