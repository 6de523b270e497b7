// What every journey stands on: a real node on loopback, started and ended by the test, and Debian's Chromium.
// The libraries come from web/node_modules, so that nothing is installed twice.
//
//   LINTAS_BIN       the program; bin/lintas unless told (make build)
//   LINTAS_CHROMIUM  the browser; /usr/bin/chromium unless told
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const fromWeb = createRequire(join(root, 'web', 'package.json'));
const { chromium } = fromWeb('playwright-core');
const axe = readFileSync(fromWeb.resolve('axe-core/axe.min.js'), 'utf8');

export const program = process.env.LINTAS_BIN ?? join(root, 'bin', 'lintas');
export const artifacts = join(root, 'artifacts', 'desk');
export const password = 'lintas demo sunrise';

function freePort() {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => done(port));
    });
  });
}

/** Starts a demo node with its own data; `end` ends it and removes the data. */
export async function startNode() {
  assert.ok(existsSync(program), `${program} is missing: run "make build" first, or name the program in LINTAS_BIN`);
  const data = mkdtempSync(join(tmpdir(), 'lintas-journey-'));
  const port = await freePort();
  const child = spawn(program, ['serve', '--demo', '--data', data, '--listen', `127.0.0.1:${port}`, '--log-level', 'warn'], { stdio: ['ignore', 'pipe', 'pipe'] });
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
    void ended.then((code) => fail(new Error(`the node ended with ${code}: ${said}`)));
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
  page.setDefaultTimeout(15_000);
  return {
    page,
    context,
    async leave() {
      await context.close();
      assert.deepEqual(wrong, []);
    },
  };
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
  const answer = await context.request.post('/api/agency/sign-in', { data: { login, password: secret }, headers: { 'X-Lintas-Request': '1' } });
  assert.equal(answer.status(), 200, `${login} cannot sign in: ${await answer.text()}`);
}

/** Calls the node's API as the visitor. */
export async function call(context, method, path, data) {
  const answer = await context.request.fetch(path, { method, headers: { 'X-Lintas-Request': '1' }, ...(data === undefined ? {} : { data }) });
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
