// jwks encrypt, decrypt: messages that only the holder of a set can open.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompactEncrypt, compactDecrypt, importJWK } from 'jose';
import { expect, test } from 'vitest';
import { forged, part } from '../jose/tokens.ts';
import { instant, type Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

function machineWith(...creates: readonly string[]): Promise<Machine> {
  return machineAfter('init', ...creates.map((words) => `create --use enc ${words}`));
}

const ecdh = '--alg ECDH-ES+A256KW';
const fileOf = (machine: Machine, name: string) => join(machine.home, 'work', name);

test.each([ecdh, '--alg RSA-OAEP-256 --bits 2048', '--alg dir --bits 512', '--alg A256GCMKW'])(
  '%s: there and back, and with another implementation',
  async (words) => {
    const machine = await machineWith(`${words} mail k`);
    const { stdout: message } = await machine.jwks('encrypt mail', { stdin: 'hello\n' });
    expect(await machine.jwks('decrypt mail', { stdin: message })).toEqual({
      status: 0,
      stdout: 'hello\n',
      stderr: '',
    });
    const [jwk] = JSON.parse((await machine.jwks('export mail --private --yes')).stdout).keys;
    const { plaintext, protectedHeader } = await compactDecrypt(message.trim(), await importJWK(jwk));
    expect(Buffer.from(plaintext).toString()).toBe('hello\n');
    const { alg, enc, kid } = protectedHeader;
    expect({ alg, kid }).toEqual({ alg: jwk.alg, kid: 'k' });
    const { d: _, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...half } = jwk;
    const nameless = await new CompactEncrypt(Buffer.from('from elsewhere'))
      .setProtectedHeader({ alg, enc })
      .encrypt(await importJWK(half, alg));
    expect((await machine.jwks('decrypt mail', { stdin: nameless })).stdout).toBe('from elsewhere');
  },
);

test('bytes as they are, from a file into a file of its owner', async () => {
  const machine = await machineWith(`${ecdh} mail`);
  const bytes = randomBytes(300_000);
  writeFileSync(fileOf(machine, 'in'), bytes);
  expect(await machine.jwks('encrypt mail in -o out.jwe')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(await machine.jwks('decrypt mail out.jwe -o out')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(readFileSync(fileOf(machine, 'out')).equals(bytes)).toBe(true);
  expect(statSync(fileOf(machine, 'out')).mode & 0o777).toBe(0o600);
  expect(await machine.jwks('decrypt mail out.jwe -o out')).toMatchObject({ status: 5, stdout: '' });
  const shown = await machine.jwks('decrypt mail out.jwe', { terminal: 80 });
  expect(shown).toMatchObject({ status: 2, stdout: '' });
});

test('on a terminal nothing steers it', async () => {
  const machine = await machineWith(`${ecdh} mail`);
  const { stdout: message } = await machine.jwks('encrypt mail', { stdin: 'a\tb\n\u001b[31mred\n' });
  writeFileSync(fileOf(machine, 'in.jwe'), message);
  expect((await machine.jwks('decrypt mail in.jwe', { terminal: 80 })).stdout).toBe('a\tb\n\\u{1b}[31mred\n');
  expect((await machine.jwks('decrypt mail in.jwe')).stdout).toBe('a\tb\n\u001b[31mred\n');
});

test('encrypting needs no secret, decrypting does', async () => {
  const machine = await machineWith(`${ecdh} mail`);
  const env = { JWKS_SECRET: 'jwks_secret_wrong' };
  const { status, stdout } = await machine.jwks('encrypt mail', { env, stdin: 'x' });
  expect(status).toBe(0);
  expect(await machine.jwks('decrypt mail', { env, stdin: stdout })).toMatchObject({ status: 4, stdout: '' });
});

test('nobody encrypts to a keystore that nothing vouches for', async () => {
  const machine = await machineWith(`${ecdh} mail`);
  mkdirSync(join(machine.home, 'other'));
  const env = { XDG_CONFIG_HOME: join(machine.home, 'other'), XDG_STATE_HOME: join(machine.home, 'other') };
  expect(await machine.jwks('encrypt mail', { env, stdin: 'x' })).toMatchObject({ status: 4, stdout: '' });
  const { status, stderr } = await machine.jwks('encrypt mail --unchecked', { env, stdin: 'x' });
  expect(status).toBe(0);
  expect(stderr).toContain('nothing was checked');
});

test('the active key encrypts; those before and after it open too, until they are gone', async () => {
  const machine = await machineWith(`${ecdh} mail k1`);
  const header = (message: string) =>
    JSON.parse(Buffer.from(message.split('.')[0] ?? '', 'base64url').toString());
  const encrypt = async () => (await machine.jwks('encrypt mail', { stdin: 'x' })).stdout;
  const open = async (message: string) => (await machine.jwks('decrypt mail', { stdin: message })).stdout;
  const first = await encrypt();
  await ok(machine, 'rotate mail');
  expect(header(await encrypt())).toMatchObject({ kid: 'k1' });
  machine.now = instant('2026-02-03T12:00:00Z');
  const second = await encrypt();
  expect(header(second).kid).not.toBe('k1');
  expect([await open(first), await open(second)]).toEqual(['x', 'x']);
  machine.now = instant('2026-02-01T12:00:00Z');
  expect(await open(second)).toBe('x');
  machine.now = instant('2026-03-01T12:00:00Z');
  await transcript(
    machine,
    `
    $ jwks encrypt mail --kid k1
    ! jwks: set "mail" has a key "k1", but not one to encrypt to now
    ! hint: jwks list shows its keys: one to encrypt to is active and for enc
    exit 3
  `,
  );
  const { status, stderr } = await machine.jwks('decrypt mail', { stdin: first });
  expect(status).toBe(3);
  expect(stderr).toMatch(/^jwks: key "k1" of set "mail" was retired on 2026-02-0/);
});

test('what does not open', async () => {
  const machine = await machineWith(`${ecdh} mail k1`, `${ecdh} other k1`, `${ecdh} revoked k1`);
  await ok(machine, 'create --alg ES256 auth s');
  const message = (await machine.jwks('encrypt mail', { stdin: 'x' })).stdout.trim();
  await ok(machine, 'revoke revoked k1');
  const [, ...rest] = message.split('.');
  const withHeader = (header: object) => [part(header), ...rest].join('.');
  const say = async (set: string, stdin: string) => {
    const { status, stdout, stderr } = await machine.jwks(`decrypt ${set}`, { stdin });
    expect(stdout).toBe('');
    return `${status} ${stderr.split('\n')[0]}`;
  };
  const alg = 'ECDH-ES+A256KW';
  expect(await say('other', message)).toBe('6 jwks: key "k1" of set "other" does not open the message');
  expect(await say('revoked', message)).toBe(
    '3 jwks: key "k1" of set "revoked" was revoked on 2026-02-01T12:00:00Z',
  );
  expect(await say('auth', message)).toBe('3 jwks: set "auth" has no key "k1"');
  expect(await say('none', message)).toBe('3 jwks: set "none" does not exist');
  expect(await say('auth', withHeader({ alg, enc: 'A256GCM', kid: 's' }))).toBe(
    '3 jwks: key "s" of set "auth" is for signatures',
  );
  expect(await say('mail', withHeader({ alg: 'dir', enc: 'A256GCM', kid: 'k1' }))).toBe(
    `6 jwks: key "k1" is for ${alg}, and the message says "dir"`,
  );
  expect(
    await say('mail', withHeader({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', p2c: 1e9, p2s: 'AAAA' })),
  ).toBe('3 jwks: set "mail" has no key that opens "PBES2-HS512+A256KW"');
  expect(await say('mail', withHeader({ alg, enc: 'A256GCM' }))).toBe(
    '6 jwks: no key of set "mail" opens the message',
  );
  expect(await say('mail', `${message.slice(0, -6)}AAAAAA`)).toBe(
    '6 jwks: key "k1" of set "mail" does not open the message',
  );
  expect(await say('mail', forged({ alg }))).toContain('6 jwks: the message is no compact JWE');
  expect(await say('mail', '')).toContain('6 jwks: the message is no compact JWE');
  expect(await say('mail', 'x'.repeat(1_600_000))).toBe('6 jwks: the message is too long');
  expect(await say('mail', withHeader({ alg, enc: 'A256GCM', kid: '\u001b[2J' }))).toBe(
    '3 jwks: set "mail" has no key "\\u{1b}[2J"',
  );
});

test('which key and how: usage', async () => {
  const machine = await machineWith(`${ecdh} mail a`, '--alg dir --bits 128 mail b');
  await ok(machine, 'create --alg ES256 auth s');
  const stdin = 'x';
  await transcript(
    machine,
    `
    $ jwks encrypt mail
    ! jwks: set "mail" has keys to encrypt to for several algorithms: dir, ECDH-ES+A256KW
    ! hint: say which with --alg
    exit 5
    $ jwks encrypt mail --alg dir --enc A256GCM
    ! jwks: --enc A256GCM does not fit key "b": it takes a key of another size
    exit 2
    $ jwks encrypt mail --alg dir --enc A1
    ! jwks: --enc A1 is not one of A256GCM, A128GCM, A192GCM, A128CBC-HS256, A192CBC-HS384, A256CBC-HS512
    exit 2
    $ jwks encrypt auth
    ! jwks: set "auth" has no key to encrypt to now
    ! hint: jwks list shows its keys: one to encrypt to is active and for enc
    exit 3
    $ jwks encrypt mail none.txt
    ! jwks: none.txt cannot be read: no such file or directory
    exit 3
    $ jwks encrypt
    ! jwks: missing argument 'set-id'
    ! hint: jwks encrypt --help
    exit 2
  `,
    { stdin },
  );
  expect((await machine.jwks('encrypt mail --kid b --enc A128GCM --cty JWT', { stdin })).status).toBe(0);
  const large = await machine.jwks('encrypt mail --kid a', { stdin: 'x'.repeat(1_048_577) });
  expect(large).toEqual({ status: 2, stdout: '', stderr: 'jwks: standard input is larger than 1 MiB\n' });
});

test('a curve that is not there is said so', async () => {
  const machine = await machineWith('--alg ECDH-ES --crv X448 mail k');
  expect(await machine.jwks('encrypt mail', { stdin: 'x' })).toEqual({
    status: 1,
    stdout: '',
    stderr: 'jwks: key "k" is on a curve that this does not encrypt to: X448\n',
  });
});
