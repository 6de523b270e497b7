// What every journey stands on: a real node on loopback, started and ended by the test, and Debian's Chromium.
// The libraries come from web/node_modules, so that nothing is installed twice.
//
//   LINTAS_BIN       the program; bin/lintas unless told (make build)
//   LINTAS_CHROMIUM  the browser; /usr/bin/chromium unless told
//   LINTAS_THROTTLE  how many times slower the browser's processor is made, as for a journey on an old machine
//   LINTAS_PATIENCE  how long anything is waited for, in milliseconds; 60000 unless told
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const fromWeb = createRequire(join(root, 'web', 'package.json'));
const { chromium } = fromWeb('playwright-core');
const axe = readFileSync(fromWeb.resolve('axe-core/axe.min.js'), 'utf8');

export const program = process.env.LINTAS_BIN ?? join(root, 'bin', 'lintas');
export const artifacts = join(root, 'artifacts', 'desk');
export const password = 'lintas demo sunrise';
/** How long anything is waited for, in milliseconds: long enough for a machine that does other work, too. What comes early costs nothing. */
export const patience = Number(process.env.LINTAS_PATIENCE ?? 60_000);
const moment = (ms) => new Promise((done) => setTimeout(done, ms));

export function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Starts a demo node with its own data, and with more settings where given; `end` ends it and removes the data. */
export async function startNode(...settings) {
  assert.ok(existsSync(program), `${program} is missing: run "make build" first, or name the program in LINTAS_BIN`);
  // A port that was free may be somebody else's a moment later: then another is tried.
  for (let tries = 1; ; tries++) {
    try {
      return await runNode(settings);
    } catch (error) {
      if (tries === 5 || !/address already in use/.test(error.message)) throw error;
    }
  }
}

async function runNode(settings) {
  const data = mkdtempSync(join(tmpdir(), 'lintas-journey-'));
  const port = await freePort();
  const child = spawn(program, ['serve', '--demo', '--data', data, '--listen', `127.0.0.1:${port}`, '--log-level', 'warn', ...settings], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const ended = new Promise((done) => child.once('exit', done));
  await new Promise((done, fail) => {
    const hear = (piece) => {
      said += piece;
      if (said.includes('Lintas is running')) done();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('error', fail);
    void ended.then((code) => {
      rmSync(data, { recursive: true, force: true });
      fail(new Error(`the node ended with ${code}: ${said}`));
    });
  });
  return {
    // Passkeys are bound to a name, not to a number: localhost.
    url: `http://localhost:${port}`,
    data,
    said: () => said,
    async end() {
      child.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.LINTAS_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
  });
}

/**
 * A visitor: a fresh browser profile that watches for what must never happen - a request to another place, a
 * breach of the content policy, an error in the page. `leave` fails when something of it did happen.
 */
export async function visit(browser, node, { locale = 'en', width = 1280, height = 800, ...more } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, locale, baseURL: node.url, permissions: ['clipboard-read', 'clipboard-write'], ...more });
  const wrong = [];
  await context.addInitScript({ content: axe }); // by the browser, not by the page: the page's policy forbids it
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (e) => console.error(`POLICY ${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  context.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(node.url + '/') && !/^(data|blob):/.test(address)) wrong.push(`asked another place: ${address}`);
  });
  const page = await context.newPage();
  page.on('console', (message) => {
    const text = message.text();
    // The browser itself writes a line for each refused request; journeys look at refusals on the page.
    if (message.type() === 'error' && !/^Failed to load resource/.test(text)) wrong.push(`console: ${text}`);
  });
  page.on('pageerror', (error) => wrong.push(`error in the page: ${error.message}`));
  page.setDefaultTimeout(patience);
  if (process.env.LINTAS_THROTTLE) await (await context.newCDPSession(page)).send('Emulation.setCPUThrottlingRate', { rate: Number(process.env.LINTAS_THROTTLE) });
  return {
    page,
    context,
    url: node.url,
    async leave() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
}

/**
 * For a file of journeys: one node and one browser for all of its tests.
 * `prepare` walks first, once both are there. `visitor` is a fresh one, of another node
 * where one is given; `journey` walks with one, signed in without the form when a login is given, who leaves at the end.
 */
export function journeys(prepare) {
  let node, browser;
  before(async () => {
    node = await startNode();
    browser = await startBrowser();
    await prepare?.(journey); // not in a hook of its own: those of a file do not wait for each other
  });
  after(async () => {
    await browser?.close();
    await node?.end();
  });
  const visitor = (options, of = node) => visit(browser, of, options);
  async function journey(options, login, walk) {
    const one = await visitor(options);
    if (login) await enter(one.context, login);
    await walk(one.page, one.context);
    await one.leave();
  }
  return { journey, visitor };
}

/** Signs in through the page. */
export async function signIn(page, login, secret = password) {
  await page.goto('/sign-in');
  await page.locator('input[autocomplete="username"]').fill(login);
  await page.locator('input[autocomplete="current-password"]').fill(secret);
  await page.locator('.sign-in button[type="submit"]').click();
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'));
  await page.locator('#main h1').first().waitFor();
}

/** Signs in without drawing the form, for journeys that are about something else. */
export async function enter(context, login, secret = password) {
  const answer = await context.request.post('/api/agency/sign-in', { data: { login, password: secret }, headers: { 'X-Lintas-Request': '1' }, timeout: patience });
  assert.equal(answer.status(), 200, `${login} cannot sign in: ${await answer.text()}`);
}

/**
 * Waits until `look` tells what is wanted (a value, or what a text must match), and fails with what it told last. For
 * whatever a press, an answer of the node or a timer brings about: looked at once, it may still be as before.
 */
export async function becomes(look, wanted, why) {
  const good = (is) => (wanted instanceof RegExp ? wanted.test(is) : isDeepStrictEqual(is, wanted));
  const end = Date.now() + patience;
  let is = await look();
  while (!good(is) && Date.now() < end) {
    await moment(100);
    is = await look();
  }
  if (wanted instanceof RegExp) assert.match(String(is), wanted, why);
  else assert.deepEqual(is, wanted, why);
}

/** The text that stands there becomes what is wanted; a refusal stands there before its words do. */
export const says = (locator, wanted, why) => becomes(() => locator.innerText(), wanted, why);
/** None of it is left. */
export const gone = (locator, why) => becomes(() => locator.count(), 0, why);

/**
 * The next answer to such a call is given by the node at once (`answered`) and reaches the page only when `come` is
 * called: a slow network, as slow as a journey needs it. Calls after that one pass.
 */
export async function late(page, address, method = 'GET') {
  let have, come, came;
  const answered = new Promise((done) => (have = done));
  const mayCome = new Promise((done) => (come = done));
  const hasCome = new Promise((done) => (came = done));
  let next = true;
  await page.route(address, async (route) => {
    if (!next || route.request().method() !== method) return route.fallback();
    next = false;
    const answer = await route.fetch({ timeout: patience });
    have();
    await mayCome;
    await route.fulfill({ response: answer });
    came();
  });
  return {
    answered,
    async come() {
      come();
      await hasCome;
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))); // and was read
    },
  };
}

/** The page has come to rest: its heading is there and nothing of it is still being waited for. */
export async function settled(page) {
  await page.locator('#main h1').first().waitFor();
  await gone(page.locator('#main .ui-spinner'), 'something is still being waited for');
  await page.waitForLoadState('networkidle');
}

/** A picture that lies in the page is drawn. */
export const isDrawn = (image) => image.evaluate((it) => it.decode());

/** Calls the node's API as the visitor. */
export async function call(context, method, path, data) {
  const answer = await context.request.fetch(path, { method, headers: { 'X-Lintas-Request': '1' }, timeout: patience, ...(data === undefined ? {} : { data }) });
  const text = await answer.text();
  return { status: answer.status(), body: text === '' ? null : JSON.parse(text) };
}

/** Fails when axe finds a breach of WCAG 2.2 A or AA on the page as it stands, or the name of a text stands for the text. */
export async function accessible(page, where) {
  const names = (await page.locator('body').innerText()).match(/\b(shell|ui|session|agency|screening|screening-desk|casework|displacement)\.[a-z][\w.-]*/g);
  assert.deepEqual(names ?? [], [], `${where} shows the names of texts`);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  const told = found.violations.map((v) => `${v.id}: ${v.help}\n    ${v.nodes.map((n) => n.html).join('\n    ')}`);
  assert.deepEqual(told, [], `${where} is not accessible`);
}

/** Fails when the page must be moved sideways to be read. */
export async function fitsItsWidth(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(over <= 0, `${where} is ${over} px wider than the screen`);
}

/** Keeps a picture for whoever looks at the run. */
export async function picture(page, name) {
  const file = join(artifacts, `${name}.png`);
  mkdirSync(dirname(file), { recursive: true });
  await page.screenshot({ path: file, fullPage: true });
}

/** The code that an authenticator app would show (RFC 6238, SHA-1, six digits, 30 seconds). */
export function oneTimeCode(secret, at = Date.now()) {
  let bits = '';
  for (const letter of secret.replace(/=+$/, '')) bits += 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(step).digest();
  const from = mac[19] & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
