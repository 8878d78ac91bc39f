// examples/nginx: a real nginx with the example's file, in front of a real `jwks serve`.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request } from 'node:https';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Machine } from '../support/cli.ts';
import { canMakeCertificate, closedPort, makeCertificate, startHttp } from '../support/https-server.ts';
import { serving } from '../support/serving.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { examples } from './schedule.ts';

const program = ['/usr/sbin/nginx', '/usr/bin/nginx'].find((path) => existsSync(path));
const wellKnown = '/.well-known/jwks.json';

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

interface Nginx {
  /** The path as it stands: `fetch` would mend it. */
  readonly ask: (path: string, method?: string, headers?: Record<string, string>) => Promise<Answer>;
  /** Its error log. */
  readonly said: () => string;
}

/** The example with nothing changed but places and a time; below a configuration that needs no root. */
async function nginx(upstream: string): Promise<Nginx> {
  const directory = temporaryDirectory();
  const port = await closedPort();
  const certificate = makeCertificate();
  writeFileSync(`${directory}/cert.pem`, certificate.cert);
  writeFileSync(`${directory}/key.pem`, certificate.key, { mode: 0o600 });
  mkdirSync(`${directory}/temporary`);
  const places: readonly (readonly [string, string])[] = [
    ['/var/cache/nginx-jwks', `${directory}/cache`],
    ['listen 443', `listen 127.0.0.1:${port}`],
    ['127.0.0.1:4450', new URL(upstream).host],
    ['/etc/ssl/certs/auth.example.com.pem', `${directory}/cert.pem`],
    ['/etc/ssl/private/auth.example.com.key', `${directory}/key.pem`],
    // A time to wait for is long enough at a second.
    ['proxy_cache_valid 200 5s', 'proxy_cache_valid 200 1s'],
  ];
  let example = readFileSync(`${examples}nginx/jwks.conf`, 'utf8');
  for (const [from, to] of places) {
    expect(example.split(from)).toHaveLength(2);
    example = example.replace(from, () => to);
  }
  writeFileSync(`${directory}/jwks.conf`, example);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (what) => `${what}_temp_path ${directory}/temporary/${what};`,
  );
  const whole = [
    // Else its workers could not enter the temporary directory.
    process.geteuid?.() === 0 ? 'user root;' : '',
    `daemon off; worker_processes 1; pid ${directory}/pid; error_log stderr;`,
    'events { worker_connections 64; }',
    `http { access_log off; ${temporary.join(' ')} include ${directory}/jwks.conf; }`,
  ];
  writeFileSync(`${directory}/nginx.conf`, whole.join('\n'));

  const words = ['-p', directory, '-e', 'stderr', '-c', `${directory}/nginx.conf`];
  expect(spawnSync(program ?? '', ['-t', '-q', ...words], { encoding: 'utf8' })).toMatchObject({
    status: 0,
    stderr: '',
  });
  const child = spawn(program ?? '', words, { stdio: ['ignore', 'ignore', 'pipe'] });
  const gone = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await gone;
  });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const ask: Nginx['ask'] = (path, method = 'GET', headers = {}) =>
    new Promise((resolve, reject) => {
      const options = { port, path, method, headers, ca: certificate.cert, agent: false };
      const sent = request({ host: '127.0.0.1', ...options }, async (response) => {
        let body = '';
        for await (const chunk of response.setEncoding('utf8')) body += chunk;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
      });
      sent.once('error', reject).end();
    });
  await vi.waitFor(() => ask('/'), 10_000);
  return { ask, said: () => said };
}

const canRun = program !== undefined && canMakeCertificate;

describe.skipIf(!canRun)('nginx (skipped where it or openssl is not installed)', () => {
  test('passes on what verifiers fetch, follows the keystore, and outlives serve', async () => {
    const machine = new Machine();
    const jwks = async (argv: string) => expect(await machine.jwks(argv)).toMatchObject({ status: 0 });
    await jwks('create --alg ES256 auth');
    const { url, stop } = await serving(machine, 'auth --issuer https://auth.example.com');
    const { ask, said } = await nginx(url);
    for (const path of [wellKnown, `/sets/auth${wellKnown}`, '/.well-known/openid-configuration']) {
      const direct = await fetch(url + path);
      const { status, headers, body } = await ask(path);
      expect({ path, status, body }).toEqual({ path, status: 200, body: await direct.text() });
      for (const name of ['etag', 'cache-control', 'content-type', 'access-control-allow-origin'])
        expect(headers[name]).toBe(direct.headers.get(name));
      expect(headers['allow']).toBeUndefined();
      const etag = headers.etag ?? '';
      expect(await ask(path, 'GET', { 'if-none-match': etag })).toMatchObject({ status: 304, body: '' });
      expect(await ask(path, 'HEAD')).toMatchObject({ status: 200, body: '', headers: { etag } });
    }

    const kept = (await ask(wellKnown)).body;
    await jwks('rotate auth');
    const rotated = await vi.waitFor(
      async () => {
        const { body } = await ask(wellKnown);
        expect(body).not.toBe(kept);
        return body;
      },
      { timeout: 10_000, interval: 100 },
    );
    expect(rotated).toBe(await (await fetch(url + wellKnown)).text());
    expect(JSON.parse(rotated).keys).toHaveLength(2);

    await stop();
    expect(said()).toBe('');
    // Its own 5 seconds are over as soon as it has asked in vain.
    await vi.waitFor(
      async () => {
        expect(await ask(wellKnown)).toMatchObject({ status: 200, body: rotated });
        expect(said()).toContain('Connection refused');
      },
      { timeout: 10_000, interval: 100 },
    );
    expect((await ask('/sets/other/.well-known/jwks.json')).status).toBe(502);
  });

  test('nothing else reaches serve, and nothing of who asks', async () => {
    const seen: { path: string; method: string; headers: string[] }[] = [];
    const url = await startHttp(({ url: path = '', method = '', headers }, response) => {
      seen.push({ path, method, headers: Object.keys(headers).sort() });
      response
        .writeHead(path.startsWith('/sets/none') ? 404 : 200, { 'cache-control': 'max-age=3600' })
        .end('{}');
    });
    const { ask, said } = await nginx(url);
    const paths = [
      ...['/', '/health/alive', '/health/ready', '/admin/keys/auth', '/metrics', '/sets', '/sets/auth'],
      ...['/.well-known/', '/.well-known/jwks.json/', '/.well-known/jwks.json/x', '/.well-known/jwks_json'],
      ...[`/sets/a%2Fb${wellKnown}`, `/sets/a/b${wellKnown}`, `/sets/${wellKnown}`, `/x${wellKnown}`],
      ...[`${wellKnown}/../../health/ready`, '/.well-known/../admin/keys', '/sets/auth/../../health/alive'],
    ];
    for (const path of paths)
      expect({ path, status: (await ask(path)).status }).toEqual({ path, status: 404 });
    for (const method of ['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PURGE']) {
      for (const path of [wellKnown, '/admin/keys/auth']) {
        const { status, headers } = await ask(path, method);
        expect([method, status, headers['allow']]).toEqual([method, 405, 'GET, HEAD']);
      }
    }
    expect(seen).toEqual([]);

    const secrets = {
      cookie: 'a=b',
      authorization: 'Bearer x',
      'x-forwarded-for': '192.0.2.1',
      range: 'bytes=0-1',
    };
    for (const query of ['', '?1', '?2']) await ask(`${wellKnown}${query}`, 'GET', secrets);
    expect(seen).toEqual([{ path: wellKnown, method: 'GET', headers: ['host'] }]);
    await ask(`/sets/none${wellKnown}`);
    await ask(`/sets/none${wellKnown}`);
    expect(seen.map(({ path }) => path)).toEqual([wellKnown, ...Array(2).fill(`/sets/none${wellKnown}`)]);
    expect(said()).toBe('');
  });

  test('a new max-age arrives, although the keys are the same', async () => {
    let maxAge = 3600;
    const url = await startHttp((_, response) => {
      response.writeHead(200, { etag: '"same"', 'cache-control': `public, max-age=${maxAge}` }).end('{}');
    });
    const { ask } = await nginx(url);
    const found = async () => (await ask(wellKnown)).headers['cache-control'];
    expect(await found()).toBe('public, max-age=3600');
    maxAge = 300;
    const arrives = async () => expect(await found()).toBe('public, max-age=300');
    await vi.waitFor(arrives, { timeout: 10_000, interval: 100 });
  });
});
