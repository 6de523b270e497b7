import assert from 'node:assert/strict';
import { test } from 'node:test';
import { accessible, call, enter, fitsItsWidth, isDrawn, journeys, oneTimeCode, password, picture, says, signIn } from './house.mjs';

const { journey, visitor } = journeys();
const alert = (page) => page.locator('[role="alert"]');

test('a person signs in with a password and sees the desks of their role', () =>
  journey({}, null, async (page) => {
    await signIn(page, 'admin@demo');
    await page.getByRole('navigation').getByRole('link', { name: 'People' }).waitFor();
    await page.getByText('Administrator Nilar').waitFor();
    await accessible(page, 'the first page');
    await picture(page, 'home');
  }));

test('a wrong password is refused in plain words and the form keeps the login', () =>
  journey({ width: 390 }, null, async (page) => {
    await page.goto('/sign-in');
    await page.getByLabel('Name for sign-in').fill('admin@demo');
    await page.getByLabel('Password').fill('not the password');
    await page.getByRole('button', { name: 'Sign in', exact: true }).click();
    await says(alert(page), /not right/);
    assert.equal(await page.getByLabel('Name for sign-in').inputValue(), 'admin@demo');
    await accessible(page, 'the refused sign-in');
    await fitsItsWidth(page, 'the refused sign-in');
    await picture(page, 'sign-in-refused-390');
  }));

test('whoever is not signed in is asked to, and then stands where they wanted to go', () =>
  journey({}, null, async (page) => {
    await page.goto('/agency/devices');
    await page.waitForURL(/\/sign-in\?to=/);
    await page.getByLabel('Name for sign-in').fill('supervisor@demo');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/agency/devices');
    await page.getByRole('heading', { name: 'Devices', level: 1 }).waitFor();
  }));

test('a link cannot send anyone to another site after the sign-in', () =>
  journey({}, null, async (page) => {
    await page.goto('/sign-in');
    const { origin } = new URL(page.url());
    for (const trap of ['//evil.example/', 'https://evil.example/', '/\\evil.example']) {
      await page.goto(`/sign-in?to=${encodeURIComponent(trap)}`);
      await page.getByLabel('Name for sign-in').fill('officer@demo');
      await page.getByLabel('Password').fill(password);
      await page.keyboard.press('Enter');
      await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
      assert.equal(new URL(page.url()).origin, origin, trap);
    }
  }));

test('after signing out, the session is over on the node, too', () =>
  journey({}, null, async (page, context) => {
    await signIn(page, 'officer@demo');
    const [cookie] = await context.cookies();
    assert.deepEqual([cookie.name, cookie.httpOnly, cookie.sameSite], ['lintas_session', true, 'Strict']);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/sign-in');
    await context.addCookies([cookie]); // as if somebody had kept it
    assert.equal((await call(context, 'GET', '/api/agency/me')).status, 401);
  }));

test('ten wrong passwords lock the login for a while, and the right one does not open it then', () =>
  journey({}, null, async (page, context) => {
    for (let i = 0; i < 10; i++) await call(context, 'POST', '/api/agency/sign-in', { login: 'planner@demo', password: 'wrong' });
    await page.goto('/sign-in');
    await page.getByLabel('Name for sign-in').fill('planner@demo');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await says(alert(page), /Too many wrong tries/);
  }));

test('one-time codes: scanned, proved, asked for at the next sign-in, each good once', () =>
  journey({}, 'caseworker@demo', async (page, context) => {
    await page.goto('/agency/account');
    await page.getByRole('button', { name: 'Begin' }).click();
    const drawn = page.getByAltText('Code for the authenticator app to scan');
    await isDrawn(drawn);
    const secret = await page.locator('.shown-once code').innerText();
    await accessible(page, 'the code to scan');
    await picture(page, 'account-codes');
    const code = page.getByRole('textbox', { name: 'One-time code', exact: true });
    await code.fill('000000');
    await page.getByRole('button', { name: 'Turn on' }).click();
    await says(alert(page), /This code is not right/);
    // Kept, not made again: half a minute later the app would show another, which is not spent.
    const spent = oneTimeCode(secret);
    await code.fill(spent);
    await page.getByRole('button', { name: 'Turn on' }).click();
    await page.getByText('One-time codes are on.').waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Name for sign-in').fill('caseworker@demo');
    await page.getByLabel('Password').fill(password);
    await page.keyboard.press('Enter');
    await code.waitFor();
    await code.fill(spent);
    await page.keyboard.press('Enter');
    await says(alert(page), /not right/);
    await code.fill(oneTimeCode(secret, Date.now() + 30_000)); // the node takes the next step, too: clocks differ
    await page.keyboard.press('Enter');
    await page.waitForURL('/');
  }));

test('a passkey is added with the lock of the device and then signs in without a password', () =>
  journey({}, 'officer2@demo', async (page, context) => {
    const lock = await context.newCDPSession(page);
    await lock.send('WebAuthn.enable');
    const { authenticatorId } = await lock.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
    await page.goto('/agency/account');
    await page.getByText('You have no passkey yet.').waitFor();
    await page.getByLabel('Name of the passkey').fill('jetty laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByText('jetty laptop').waitFor();
    const { credentials } = await lock.send('WebAuthn.getCredentials', { authenticatorId });
    assert.equal(credentials.length, 1);
    await accessible(page, 'my account');

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await page.waitForURL('/');
    await page.getByText('Officer Bayu').waitFor();

    await page.goto('/agency/account');
    await page.getByRole('button', { name: 'Remove: jetty laptop' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await page.getByText('You have no passkey yet.').waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await alert(page).waitFor(); // the device still holds it, the node no longer takes it
  }));

test('a password is changed by its owner; the old one and other sessions stop working', () =>
  journey({ width: 390 }, 'secretariat@demo', async (page, context) => {
    const elsewhere = await visitor();
    await enter(elsewhere.context, 'secretariat@demo');
    await page.goto('/agency/account');
    const change = async (old, fresh, again = fresh) => {
      await page.getByLabel('Present password').fill(old);
      await page.getByLabel(/^New password \*/).fill(fresh);
      await page.getByLabel('New password again').fill(again);
      await page.getByRole('button', { name: 'Change the password' }).click();
    };
    await change(password, 'quiet water under the pier', 'quiet water');
    await page.getByText('The two are not the same.').waitFor();
    await change(password, 'too short');
    await says(alert(page), /at least 12 characters/);
    await change('wrong', 'quiet water under the pier');
    await says(alert(page), /not right/);
    await change(password, 'quiet water under the pier');
    await page.getByText('The password is changed.').waitFor();
    assert.equal((await call(elsewhere.context, 'GET', '/api/agency/me')).status, 401);
    assert.equal((await call(context, 'GET', '/api/agency/me')).status, 200);
    await elsewhere.leave();
    await enter(context, 'secretariat@demo', 'quiet water under the pier');
  }));
