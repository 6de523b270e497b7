import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium, type BrowserContext, type CDPSession, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { password } from './node';

/** How long anything is waited for, in milliseconds. */
export const patience = 60_000;
const artifacts = fileURLToPath(new URL('../../artifacts/officer/', import.meta.url));
const web = createRequire(new URL('../../web/package.json', import.meta.url));
const axe = readFileSync(web.resolve('axe-core/axe.min.js'), 'utf8');

/** What the stubs of sound noted: what was played or said, and in which language. */
export interface Heard {
  how: 'media' | 'voice';
  language: string;
  text: string;
}

interface Stub {
  lintasHeard: Heard[];
  lintasSent: string[];
  lintasCutAfter: string;
}

/**
 * A phone: Chromium with a screen of 390 by 844, a processor slowed four
 * times, one voice (Burmese) on the device and one (Arabic) that is not, and
 * a profile folder that outlives the browser.
 */
export class Phone {
  context!: BrowserContext;
  page!: Page;
  readonly strangers: string[] = [];
  readonly complaints: string[] = [];
  private devtools!: CDPSession;
  private readonly profile = mkdtempSync(join(tmpdir(), 'lintas-phone-'));

  private constructor(
    private readonly url: string,
    private readonly slow: number,
    private readonly viewport: { width: number; height: number },
  ) {}

  static async start(url: string, options: { slow?: number; viewport?: { width: number; height: number } } = {}): Promise<Phone> {
    const phone = new Phone(url, options.slow ?? 4, options.viewport ?? { width: 390, height: 844 });
    await phone.open();
    return phone;
  }

  async open(): Promise<void> {
    this.context = await chromium.launchPersistentContext(this.profile, {
      executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
      viewport: this.viewport,
      deviceScaleFactor: 1,
      hasTouch: true,
      locale: 'en-GB',
      serviceWorkers: 'allow',
    });
    await this.context.addInitScript(() => {
      const own = globalThis as unknown as Stub;
      // Somebody holds the phone: on a slow machine one screen of a journey may last longer than the lock waits.
      setInterval(() => dispatchEvent(new Event('pointerdown')), 15_000);
      // Milliseconds from an act to the first frame in which something is there.
      Object.assign(globalThis, {
        timed: (act: () => void, until: string) =>
          new Promise<number>((resolve) => {
            const begun = performance.now();
            act();
            const look = (): void => void (document.querySelector(until) ? requestAnimationFrame(() => resolve(performance.now() - begun)) : requestAnimationFrame(look));
            look();
          }),
      });
      own.lintasHeard = [];
      own.lintasSent = [];
      const note = (how: 'media' | 'voice', language: string, text: string): void => void own.lintasHeard.push({ how, language, text });
      HTMLMediaElement.prototype.play = function play(this: HTMLMediaElement) {
        note('media', '', this.src.slice(0, 5));
        setTimeout(() => this.dispatchEvent(new Event('ended')), 5);
        return Promise.resolve();
      };
      const voices = [
        { lang: 'my-MM', name: 'Burmese', localService: true, default: false, voiceURI: 'my' },
        { lang: 'ar-SA', name: 'Arabic, elsewhere', localService: false, default: false, voiceURI: 'ar' },
      ];
      class Utterance extends EventTarget {
        lang = '';
        rate = 1;
        voice: unknown = null;
        onend: (() => void) | null = null;
        onerror: (() => void) | null = null;
        constructor(readonly text: string) {
          super();
        }
      }
      Object.defineProperty(globalThis, 'SpeechSynthesisUtterance', { value: Utterance });
      const synth = Object.assign(new EventTarget(), {
        getVoices: () => voices,
        cancel: () => undefined,
        speak: (one: Utterance) => {
          note('voice', one.lang, one.text);
          setTimeout(() => one.onend?.(), 5);
        },
      });
      Object.defineProperty(globalThis, 'speechSynthesis', { value: synth });
      // What leaves, exactly as it leaves.
      const send = globalThis.fetch;
      globalThis.fetch = async (input, init) => {
        if (init?.body instanceof FormData) {
          const file = init.body.get('xml_submission_file');
          if (file instanceof File) own.lintasSent.push(await file.text());
        }
        const answer = await send(input, init);
        if (own.lintasCutAfter && String(input).endsWith(own.lintasCutAfter)) {
          own.lintasCutAfter = '';
          throw new TypeError('Failed to fetch');
        }
        return answer;
      };
    });
    this.context.on('request', (request) => {
      const { protocol, hostname } = new URL(request.url());
      if (/^https?:$/.test(protocol) && hostname !== 'localhost') this.strangers.push(request.url());
    });
    this.page = this.context.pages()[0] ?? (await this.context.newPage());
    this.page.on('console', (message) => {
      if (message.type() === 'error' && !/Failed to load resource|net::ERR/.test(message.text())) this.complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.complaints.push(String(error)));
    this.devtools = await this.context.newCDPSession(this.page);
    await this.devtools.send('Emulation.setCPUThrottlingRate', { rate: this.slow });
    await this.devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
    this.page.setDefaultTimeout(patience);
  }
  /** The sealed records of a kind as they lie in the phone's store: they change when what they hold is stored anew. */
  stored(kind: string): Promise<string[]> {
    return this.page.evaluate(
      (wanted) =>
        new Promise<string[]>((resolve, reject) => {
          const open = indexedDB.open('lintas-officer');
          open.onerror = () => reject(open.error as Error);
          open.onsuccess = () => {
            const all = open.result.transaction('records').objectStore('records').getAll();
            all.onsuccess = () => {
              resolve((all.result as Array<{ kind: string; sealed: Uint8Array }>).filter((one) => one.kind === wanted).map((one) => String(one.sealed)));
              open.result.close();
            };
          };
        }),
      kind,
    );
  }
  /** Does something and waits until it has changed the interview that lies in the phone's store. */
  async storing(act: () => Promise<void>): Promise<void> {
    const before = (await this.stored('draft')).join();
    await act();
    await expect.poll(async () => (await this.stored('draft')).join()).not.toBe(before);
  }
  /** As when the system ends the app in good order: no page is asked. */
  async kill(): Promise<void> {
    await this.context.close();
    await this.open();
  }
  /** As when the battery goes: every process of the browser gets SIGKILL and writes nothing more. */
  async crash(): Promise<void> {
    const gone = new Promise((resolve) => this.context.once('close', resolve));
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      try {
        if (readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(this.profile)) process.kill(Number(pid), 'SIGKILL');
      } catch {
        // it ended by itself in the meantime
      }
    }
    await gone;
    for (const lock of ['SingletonLock', 'SingletonCookie', 'SingletonSocket']) rmSync(join(this.profile, lock), { force: true });
    await this.open();
  }
  async end(): Promise<void> {
    await this.context.close();
    rmSync(this.profile, { recursive: true, force: true });
  }

  async go(path = '/app/'): Promise<void> {
    await this.page.goto(this.url + path);
  }
  /** Milliseconds of processor time that the page's own thread has spent since it was opened; workers and the browser itself do not count. */
  async work(): Promise<number> {
    const { metrics } = await this.devtools.send('Performance.getMetrics');
    return (metrics.find((one) => one.name === 'TaskDuration')?.value ?? 0) * 1000;
  }
  heard(): Promise<Heard[]> {
    return this.page.evaluate(() => (globalThis as unknown as Stub).lintasHeard.splice(0));
  }
  sent(): Promise<string[]> {
    return this.page.evaluate(() => (globalThis as unknown as Stub).lintasSent);
  }
  /** The next call whose address ends so reaches the node, and its answer is lost. */
  async cutAfter(address: string): Promise<void> {
    await this.page.evaluate((end) => void ((globalThis as unknown as Stub).lintasCutAfter = end), address);
  }
  async picture(name: string): Promise<void> {
    mkdirSync(artifacts, { recursive: true });
    await this.page.screenshot({ path: join(artifacts, `${name}.png`), fullPage: true });
  }
  /** Everything axe finds against WCAG 2.2 AA on the page as it is. */
  async axe(): Promise<string[]> {
    await this.page.evaluate(axe);
    return this.page.evaluate(async () => {
      const run = (globalThis as unknown as { axe: { run(context: Document, options: object): Promise<{ violations: Array<{ id: string; nodes: Array<{ html: string; failureSummary?: string }> }> }> } }).axe;
      const { violations } = await run.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
      return violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary?.slice(0, 200) ?? ''}`));
    });
  }

  /** First use: sign in, choose a PIN, wait until everything is on the phone. */
  async enrol(login: string, pin: string, { adding = false, device = '' } = {}): Promise<void> {
    const { page } = this;
    await this.go();
    if (adding) await page.getByRole('button', { name: 'Add an officer' }).click();
    await this.signIn(login);
    if (device) await page.getByLabel('Name of this device').fill(device);
    await page.getByLabel('New PIN or passphrase').fill(pin);
    await page.getByLabel('The same again').fill(pin);
    await page.getByRole('button', { name: 'Make my place' }).click();
    await page.getByText('Works without a network').waitFor();
  }
  async signIn(login: string): Promise<void> {
    await this.page.getByLabel('Name for sign-in').fill(login);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }
  async unlock(pin: string, name?: string): Promise<void> {
    const { page } = this;
    if (name) await page.getByRole('button', { name }).click();
    await page.getByLabel('PIN or passphrase').fill(pin);
    await page.getByRole('button', { name: 'Unlock' }).click();
  }
  /** From the home screen to the first question of the workbook. */
  async begin(title: string, language: string): Promise<void> {
    const { page } = this;
    await page.locator('.choice.begin', { hasText: title }).click();
    await page.locator(`[data-language="${language}"]`).click();
    await page.locator('[data-screen="private"] [data-value="none"]').click();
    for (const need of ['hurt', 'danger', 'food', 'child']) await page.locator(`[data-screen="${need}"] [data-value="no"]`).click();
    await page.locator('[data-screen="consent"] [data-value="yes"]').click();
    await page.locator('.question').waitFor();
  }
  question(name: string): ReturnType<Page['locator']> {
    return this.page.locator(`.question[data-path$="/${name}"]`);
  }
  async type(name: string, value: string): Promise<void> {
    await this.question(name).locator('.entry').fill(value);
    await this.question(name).locator('[data-test="next"]').click();
  }
  async press(name: string, value: string): Promise<void> {
    await this.question(name).locator(`[data-value="${value}"]`).click();
  }
  async finish(referral: 'accepted' | 'declined' | 'none'): Promise<void> {
    await this.page.locator(`[data-referral="${referral}"]`).click();
    await this.page.locator('[data-test="finish"]').click();
    await this.page.locator('[data-test="queue-state"]').waitFor();
  }
}
