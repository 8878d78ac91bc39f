// Secrets and keystores that are refused, and every key that was there is still there.
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine, type Settings } from '../support/cli.ts';
import { hydra, machineWithKeys, refused } from '../support/refused.ts';
import { ok } from './machines.ts';

test('a secret that is missing, wrong, short or broken', async () => {
  const machine = await machineWithKeys();
  const elsewhere = { XDG_CONFIG_HOME: `${machine.home}/none` };
  await refused(machine, async () => {
    const create = (settings: Settings) => machine.jwks(`create --alg ES256 ${hydra}`, settings);
    const wrong = `jwks_secret_${'A'.repeat(43)}`;
    for (const [env, said] of [
      [elsewhere, 'needs its secret, and none is set'],
      [{ JWKS_SECRET: wrong }, 'the secret in JWKS_SECRET does not open the keystore at'],
      [{ JWKS_SECRET: 'correct horse battery staple' }, 'does not open the keystore at'],
      [{ JWKS_SECRET: 'too short' }, 'is too short: a passphrase has 16 characters or more'],
      [{ JWKS_SECRET: wrong.slice(0, -1) }, 'is not whole'],
      [{ JWKS_SECRET: '{"kty":"oct"}' }, 'begins like a private key, and is none'],
      [{ JWKS_SECRET: '\n' }, 'is empty'],
      [{ JWKS_SECRET: 'x'.repeat(4_097) }, 'is longer than 4 KiB'],
      [{ JWKS_SECRET_FILE: '/nowhere/secret' }, 'cannot be read: no such file or directory'],
      [{ JWKS_SECRET_FILE: machine.home }, 'is a directory'],
    ] as const) {
      const ran = await create({ env });
      expect(ran).toMatchObject({ status: 4, stdout: '' });
      expect(ran.stderr).toContain(said);
      expect(ran.stderr).not.toContain('AAAA');
      expect(ran.stderr).not.toContain('horse');
    }
    const both = await create({ env: { JWKS_SECRET: wrong, JWKS_SECRET_FILE: '/nowhere' } });
    expect(both).toMatchObject({ status: 2, stdout: '' });
    expect(both.stderr).toBe(
      'jwks: both JWKS_SECRET_FILE and JWKS_SECRET are set\nhint: unset one of them\n',
    );
  });
});

test('a secret file that others can read or write is refused with the chmod to run', async () => {
  const machine = await machineWithKeys();
  const file = `${machine.home}/.config/jwks/secret`;
  for (const [mode, fault] of [
    [0o644, 'can be read by others'],
    [0o602, 'can be written by others'],
    [0o640, 'is open to its group'],
  ] as const) {
    chmodSync(file, mode);
    expect(await machine.jwks(`create --alg ES256 ${hydra}`)).toEqual({
      status: 4,
      stdout: '',
      stderr: `jwks: the secret file ${file} ${fault}\nhint: chmod 600 ${file}\n`,
    });
  }
  chmodSync(file, 0o600);
  await refused(machine, async () => {});
});

test('a keystore that is not one', async () => {
  const machine = await machineWithKeys();
  const work = `${machine.home}/work`;
  writeFileSync(`${work}/file`, '');
  mkdirSync(`${work}/empty`);
  mkdirSync(`${work}/newer/master`, { recursive: true });
  const master = JSON.parse(readFileSync(`${machine.home}/.local/share/jwks/master/1.json`, 'utf8'));
  const payload = JSON.parse(Buffer.from(master.payload, 'base64url').toString());
  const newer = Buffer.from(JSON.stringify({ ...payload, version: 2 })).toString('base64url');
  writeFileSync(`${work}/newer/master/1.json`, `${JSON.stringify({ ...master, payload: newer })}\n`);
  mkdirSync(`${work}/foreign/master`, { recursive: true });
  writeFileSync(`${work}/foreign/master/1.json`, '{"a":"b"}\n');
  await refused(machine, async () => {
    for (const command of [`create --alg ES256 ${hydra}`, 'list', `get ${hydra}`, `export ${hydra}`]) {
      const at = async (place: string) => machine.jwks(`${command} --keystore ${place}`);
      expect(await at('nowhere')).toEqual({
        status: 3,
        stdout: '',
        stderr: `jwks: there is no keystore at ${work}/nowhere\nhint: jwks init --keystore ${work}/nowhere\n`,
      });
      expect(await at('file')).toMatchObject({ status: 6, stdout: '' });
      expect(await at('empty')).toMatchObject({ status: 3, stdout: '' });
      expect(await at('foreign')).toMatchObject({ status: 6, stdout: '' });
      const tooNew = await at('newer');
      expect(tooNew).toMatchObject({ status: 6, stdout: '' });
      expect(tooNew.stderr).toContain('newer');
    }
    const environment = { env: { JWKS_KEYSTORE: 'nowhere' } };
    expect((await machine.jwks('create --alg ES256 a', environment)).status).toBe(3);
  });
});

test('a keystore that everybody can write is refused', async () => {
  const machine = await machineWithKeys();
  const keystore = `${machine.home}/.local/share/jwks`;
  chmodSync(keystore, 0o777);
  expect(await machine.jwks('list')).toMatchObject({ status: 6, stdout: '' });
  chmodSync(keystore, 0o700);
  await refused(machine, async () => {});
});

test('a clock that went back changes nothing', async () => {
  const machine = await machineWithKeys();
  await refused(machine, async () => {
    const { now } = machine;
    machine.now = (now - 3_600) as typeof now;
    const { status, stderr } = await machine.jwks(`create --alg ES256 ${hydra}`);
    expect(status).toBe(5);
    expect(stderr).toContain("this host's clock is 1 h behind the last change");
    machine.now = now;
  });
});

test('a place where no keystore can be made fails for that reason, and is no fault of ours', async () => {
  const machine = await machineWithKeys();
  writeFileSync(`${machine.home}/work/file`, '');
  await refused(machine, async () => {
    for (const place of ['file/keys', '/proc/jwks', '/dev/null/keys']) {
      const ran = await machine.jwks(`init --keystore ${place}`);
      expect([place, ran.status]).toEqual([place, 1]);
      expect(ran.stderr).toContain(place);
    }
  });
  const other = new Machine();
  writeFileSync(`${other.home}/.local`, '');
  expect(await other.jwks('create --alg ES256 auth')).toMatchObject({ status: 1, stdout: '' });
});

test('a keystore that went back is exit 6 until that is accepted', async () => {
  const machine = await machineWithKeys();
  const keystore = `${machine.home}/.local/share/jwks`;
  cpSync(keystore, `${machine.home}/backup`, { recursive: true });
  await ok(machine, `create --alg ES256 ${hydra} second`);
  rmSync(keystore, { recursive: true });
  cpSync(`${machine.home}/backup`, keystore, { recursive: true });
  for (const command of [`export ${hydra}`, 'list', `get ${hydra}`, `create --alg ES256 ${hydra} third`]) {
    const ran = await machine.jwks(command);
    expect([command, ran.status, ran.stdout]).toEqual([command, 6, '']);
    expect(ran.stderr).toContain('--accept-rollback');
  }
  expect((await machine.jwks(`export ${hydra} --accept-rollback`)).status).toBe(0);
  expect((await machine.jwks(`create --alg ES256 -q ${hydra} third`)).stdout).toBe('third\n');
});
