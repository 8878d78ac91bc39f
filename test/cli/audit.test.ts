// `audit: FILE` in the user's configuration: a line before private keys are shown, or they are not.
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Machine } from '../support/cli.ts';
import { serving } from '../support/serving.ts';
import { machineAfter, ok } from './machines.ts';

async function audited(
  file = 'audit.log',
): Promise<{ machine: Machine; lines: () => unknown[]; path: string }> {
  const machine = await machineAfter('create --alg ES256 auth');
  const path = join(machine.home, file);
  mkdirSync(join(machine.home, '.config/jwks'), { recursive: true });
  writeFileSync(join(machine.home, '.config/jwks/config.yaml'), `audit: ${path}\n`);
  const lines = () =>
    !existsSync(path)
      ? []
      : readFileSync(path, 'utf8')
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
  return { machine, lines, path };
}

test('each command that shows private keys leaves a line, and no other', async () => {
  const { machine, lines, path } = await audited();
  await ok(machine, 'list', 'get auth', 'export auth', 'sign auth', 'rotate auth');
  expect(lines()).toEqual([]);
  const env = { JWKS_ACTOR: 'bob' };
  expect((await machine.jwks('export auth --private --yes', { env })).stdout).toContain('"d"');
  expect(lines()).toEqual([
    {
      time: '2026-02-01T12:00:00Z',
      by: 'bob',
      keystore: join(machine.home, '.local/share/jwks'),
      asked: ['export', 'auth', '--private', '--yes'],
      to: 'stdout',
    },
  ]);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect((await machine.jwks('get auth --private -o k.json')).status).toBe(0);
  expect((await machine.jwks('create --alg ES256 --private two --yes')).status).toBe(0);
  expect(lines()).toHaveLength(3);
  expect(lines()[1]).toMatchObject({ to: join(machine.home, 'work/k.json') });
});

test('where the line cannot be written nothing is shown', async () => {
  const { machine } = await audited('no/such/directory');
  const ran = await machine.jwks('export auth --private --yes');
  expect(ran).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('no private key was shown'),
  });
  expect((await machine.jwks('get auth --private -o k.json')).status).toBe(1);
  expect(existsSync(join(machine.home, 'work/k.json'))).toBe(false);
  expect((await machine.jwks('export auth')).status).toBe(0);
});

test.skipIf(process.platform === 'win32')('a FIFO is refused and not waited for', async () => {
  const { machine, path } = await audited();
  execFileSync('mkfifo', ['-m', '600', path]);
  const refusal = { status: 1, stdout: '', stderr: expect.stringContaining(`the audit file ${path}`) };
  expect(await machine.jwks('export auth --private --yes')).toMatchObject(refusal);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  expect(await machine.jwks('export auth --private --yes')).toMatchObject(refusal);
  closeSync(reader);
});

test.skipIf(process.geteuid === undefined)('a file that others can write is refused', async () => {
  const { machine, lines, path } = await audited();
  writeFileSync(path, '');
  chmodSync(path, 0o666);
  const ran = await machine.jwks('export auth --private --yes');
  expect(ran).toMatchObject({ status: 6, stdout: '', stderr: expect.stringContaining(`chmod o-w ${path}`) });
  chmodSync(path, 0o640);
  expect((await machine.jwks('export auth --private --yes')).status).toBe(0);
  expect(lines()).toHaveLength(1);
});

test("a project's configuration cannot turn it on or off", async () => {
  const { machine } = await audited();
  writeFileSync(join(machine.home, 'work/.jwksrc.json'), '{"audit":"/dev/null"}');
  expect(await machine.jwks('export auth --private --yes')).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringContaining('audit is not known here'),
  });
});

test('private keys that the admin API shows are told too', async () => {
  const { machine, lines } = await audited();
  const env = { JWKS_ADMIN_TOKEN: '0123456789abcdef'.repeat(2) };
  const server = await serving(machine, '--all --admin-port 0 --admin-private', { env });
  const headers = { authorization: `Bearer ${env.JWKS_ADMIN_TOKEN}` };
  expect((await fetch(`${server.admin}/keys/auth`, { headers })).status).toBe(200);
  expect(lines()).toEqual([
    expect.objectContaining({ asked: ['serve', 'admin', 'auth'], to: 'the admin API' }),
  ]);
});
