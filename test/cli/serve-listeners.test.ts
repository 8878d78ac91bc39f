// The listeners of jwks serve besides the public one: which of them may start, and who may come.
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { urlToHttpOptions } from 'node:url';
import { expect, test } from 'vitest';
import type { Machine } from '../support/cli.ts';
import { serving } from '../support/serving.ts';
import { machineAfter, ok } from './machines.ts';

const token = '0123456789abcdef'.repeat(2);

function machineWithKey(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth');
}

interface Asked {
  readonly status: number;
  readonly text: string;
}

/** `fetch` sets Host itself, and knows no sockets. */
function ask(to: string, path: string, headers: Record<string, string> = {}): Promise<Asked> {
  const place = to.startsWith('unix:')
    ? { socketPath: to.slice(5), path }
    : { ...urlToHttpOptions(new URL(to)), path };
  return new Promise((resolve, reject) => {
    const sent = request({ ...place, headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
    });
    sent.on('error', reject);
    sent.end();
  });
}

test.each<[string, RegExp, Record<string, string>?]>([
  ['--admin-private', /--admin-private without an admin listener/],
  ['--admin-host ::1', /--admin-host without an admin listener/],
  ['--admin-behind-proxy', /--admin-behind-proxy without an admin listener/],
  ['--admin-port 0 --admin-socket s', /at a port or at a socket, not both/],
  ['--admin-socket s --admin-host ::1', /at a port or at a socket, not both/],
  ['--admin-port 65536', /--admin-port 65536 is no port/],
  ['--metrics-port 65536', /--metrics-port 65536 is no port/],
  ['--admin-port 0 --admin-private', /private keys are shown at a port only with a token/],
  ['--admin-port 0 --admin-behind-proxy', /behind a proxy only with a token/],
  ['--admin-port 0 --admin-host 0.0.0.0', /beyond loopback only with a token/],
  ['--admin-port 0 --admin-host 0.0.0.0', /beyond loopback only with TLS/, { JWKS_ADMIN_TOKEN: token }],
  [
    '--admin-port 0',
    /token in JWKS_ADMIN_TOKEN is shorter than 32 characters/,
    { JWKS_ADMIN_TOKEN: token.slice(1) },
  ],
  ['--admin-port 0', /shorter than 32 characters/, { JWKS_ADMIN_TOKEN: '' }],
  ['--admin-port 0', /JWKS_ADMIN_TOKEN_FILE is set, and empty/, { JWKS_ADMIN_TOKEN_FILE: '' }],
  ['--admin-port 0', /other characters than a header/, { JWKS_ADMIN_TOKEN: `${token} x` }],
  ['--admin-port 0', /both/, { JWKS_ADMIN_TOKEN: token, JWKS_ADMIN_TOKEN_FILE: 'f' }],
])('%s is refused (%s)', async (flags, message, env = {}) => {
  const ran = await (await machineWithKey()).jwks(`serve --all --port 0 ${flags}`, { env });
  expect(ran).toMatchObject({ status: 2, stdout: '', stderr: expect.stringMatching(message) });
  expect(ran.stderr).not.toContain(token.slice(1));
  expect(ran.stderr).not.toContain('listening');
});

test('a token comes from a file that nobody else can read', async () => {
  const machine = await machineWithKey();
  const path = join(machine.home, 'token');
  writeFileSync(path, `${token}\n`, { mode: 0o600 });
  const env = { JWKS_ADMIN_TOKEN_FILE: path };
  const { admin, log } = await serving(machine, '--all --admin-port 0', { env });
  expect((await ask(admin, '/keys/auth')).status).toBe(401);
  expect((await ask(admin, '/keys/auth', { authorization: `Bearer ${token}x` })).status).toBe(401);
  expect((await ask(admin, '/keys/auth', { authorization: `Bearer ${token}` })).status).toBe(200);
  expect(JSON.stringify(log())).not.toContain(token);
  chmodSync(path, 0o644);
  const ran = await machine.jwks('serve --all --port 0 --admin-port 0', { env });
  expect(ran).toMatchObject({ status: 4, stderr: expect.stringContaining('can be read by others') });
});

test('a token in a file that is too short is told by its file', async () => {
  const machine = await machineWithKey();
  const path = join(machine.home, 'token');
  writeFileSync(path, token.slice(1), { mode: 0o600 });
  const env = { JWKS_ADMIN_TOKEN_FILE: path };
  const ran = await machine.jwks('serve --all --port 0 --admin-port 0', { env });
  expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining(`the admin token in ${path} is`) });
});

test.each(['--port', '--admin-port', '--metrics-port'])(
  '%s is the port that is listened at',
  async (option) => {
    const machine = await machineWithKey();
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = taken.address() as AddressInfo;
      const ran = await machine.jwks(`serve --all --port 0 ${option} ${port}`);
      expect(ran.status).toBe(1);
      expect(ran.stderr).toContain(`${port}`);
    } finally {
      taken.close();
    }
  },
);

test('without a token that is said, and no page under another name gets in', async () => {
  const { admin, log } = await serving(await machineWithKey(), '--all --admin-port 0');
  expect(log()).toContainEqual(
    expect.objectContaining({ level: 'warning', message: expect.stringContaining('no token') }),
  );
  const { port } = new URL(admin);
  const statusFor = async (host: string) => (await ask(admin, '/keys/auth', { host })).status;
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`])
    expect([host, await statusFor(host)]).toEqual([host, 200]);
  for (const host of ['localhost', `evil.example:${port}`, 'localhost:1', `localhost.evil.example:${port}`])
    expect([host, await statusFor(host)]).toEqual([host, 403]);
  expect((await ask(admin, '/keys/auth', { origin: admin })).status).toBe(403);
});

test('a socket is for this user alone, and goes by any name', async () => {
  const machine = await machineWithKey();
  const path = join(machine.home, 'admin.sock');
  const { admin, stop } = await serving(machine, `--all --admin-socket ${path} --admin-private`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const answer = await ask(admin, '/keys/auth', { host: 'whatever' });
  expect([answer.status, answer.text.includes('"d"')]).toEqual([200, true]);
  expect((await stop()).status).toBe(0);
  expect(statSync(path, { throwIfNoEntry: false })).toBeUndefined();
});

test('every request is logged with what it was for, and who is refused too', async () => {
  const { admin, stop, log } = await serving(await machineWithKey(), '--all --admin-port 0');
  await ask(admin, '/admin/keys/auth/a%0Ab');
  await ask(admin, '/admin/keys/auth', { origin: 'null' });
  await stop();
  const lines = log().filter(({ listener, status }) => listener === 'admin' && status !== undefined);
  expect(lines).toEqual([
    expect.objectContaining({
      time: '2026-02-01T12:00:00Z',
      peer: '127.0.0.1',
      route: 'getJsonWebKey',
      set: 'auth',
      kid: expect.stringMatching(/^a\S+b$/),
      status: 404,
    }),
    expect.objectContaining({ path: '/admin/keys/auth', status: 403 }),
  ]);
});

test('metrics are on a listener of their own', async () => {
  const machine = await machineWithKey();
  await ok(machine, 'policy auth --rotate-every 90d');
  const server = await serving(machine, '--all --metrics-port 0');
  await ask(server.url, '/.well-known/jwks.json');
  await ask(server.url, '/nothing');
  const { status, text } = await ask(server.metrics, '/metrics');
  expect(status).toBe(200);
  for (const line of [
    'jwks_signer_age_seconds{set="auth",alg="ES256"} 0',
    'jwks_overdue_seconds{set="auth"} 0',
    'jwks_keys{set="auth",state="active"} 1',
    'jwks_ready 1',
    'jwks_errors_total 0',
    'jwks_http_requests_total{listener="public",code="200"} 1',
    'jwks_http_requests_total{listener="public",code="404"} 1',
  ]) {
    expect(text.split('\n')).toContain(line);
  }
  expect(text).toMatch(/^jwks_next_change_seconds\{set="auth"\} [1-9]\d+$/m);
  expect((await ask(server.metrics, '/')).status).toBe(404);
  expect((await ask(server.url, '/metrics')).status).toBe(404);
});
