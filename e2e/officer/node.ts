import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
export const password = 'lintas demo sunrise';

/** The real program, built once: LINTAS_BIN names one that is built already. */
let binary = process.env['LINTAS_BIN'] ?? '';
function build(): string {
  if (binary !== '' && existsSync(binary)) return binary;
  binary = join(mkdtempSync(join(tmpdir(), 'lintas-bin-')), 'lintas');
  execFileSync('go', ['build', '-o', binary, './cmd/lintas'], { cwd: root, stdio: 'inherit' });
  return binary;
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** A node with the fictional country, on loopback, that can really be stopped and started again. */
export class Node {
  private process: ChildProcess | null = null;
  private constructor(
    readonly port: number,
    private readonly data: string,
  ) {}

  static async start(): Promise<Node> {
    const node = new Node(await freePort(), mkdtempSync(join(tmpdir(), 'lintas-e2e-')));
    await node.run();
    return node;
  }
  get url(): string {
    return `http://localhost:${this.port}`;
  }
  async run(): Promise<void> {
    this.process = spawn(build(), ['serve', '--demo', '--data', join(this.data, 'data'), '--listen', `127.0.0.1:${this.port}`, '--public-url', this.url], { stdio: ['ignore', 'ignore', process.env['LINTAS_E2E_LOG'] ? 'inherit' : 'ignore'] });
    for (const end = Date.now() + 120_000; Date.now() < end; ) {
      const up = await fetch(`${this.url}/api/agency/node`).then((response) => response.ok, () => false);
      if (up) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the node did not answer within two minutes');
  }
  /** Stops the process; from now on nothing answers on its port. */
  async stop(): Promise<void> {
    const running = this.process;
    this.process = null;
    if (!running || running.exitCode !== null) return;
    await new Promise<void>((resolve) => {
      running.once('exit', () => resolve());
      running.kill('SIGTERM');
    });
  }
  async remove(): Promise<void> {
    await this.stop();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** Speaks to the API as one of the demo's people. */
  async as(login: string): Promise<Caller> {
    const response = await fetch(`${this.url}/api/agency/sign-in`, { method: 'POST', headers: { 'content-type': 'application/json', 'X-Lintas-Request': '1' }, body: JSON.stringify({ login, password }) });
    if (!response.ok) throw new Error(`sign-in of ${login}: ${response.status} ${await response.text()}`);
    return new Caller(this.url, response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; '));
  }
}

export class Caller {
  constructor(
    private readonly url: string,
    private readonly cookie: string,
  ) {}
  async call(method: string, path: string, body?: FormData | object, headers: Record<string, string> = {}): Promise<Response> {
    const form = body instanceof FormData;
    return fetch(this.url + path, { method, headers: { cookie: this.cookie, 'X-Lintas-Request': '1', ...(body && !form ? { 'content-type': 'application/json' } : {}), ...headers }, body: form ? body : body ? JSON.stringify(body) : undefined });
  }
  async json<T>(method: string, path: string, body?: FormData | object): Promise<T> {
    const response = await this.call(method, path, body);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
  /** Publishes a workbook written as markdown, with its recordings. */
  async publish(name: string, markdown: string, media: Record<string, Buffer> = {}): Promise<{ id: string }> {
    const form = new FormData();
    form.append('file', new File([markdown], `${name}.md`, { type: 'text/markdown' }));
    for (const [file, content] of Object.entries(media)) form.append('media', new File([new Uint8Array(content)], file, { type: 'audio/wav' }));
    form.append('publish', 'true');
    return this.json('POST', '/api/screening/instruments', form);
  }
  /** Sends an interview's bytes the way a phone does; hands back the status. */
  async submit(xml: string): Promise<number> {
    const form = new FormData();
    form.append('xml_submission_file', new File([xml], 'submission.xml', { type: 'text/xml' }));
    return (await this.call('POST', '/openrosa/submission', form, { 'X-OpenRosa-Version': '1.0' })).status;
  }
}
