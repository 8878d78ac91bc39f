// Reading needs no secret: the user's own one, of another keystore or open to others, is not in the way.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { Machine } from '../support/cli.ts';

/** A keystore at `other` that this host knows nothing of, and a secret file of the user's own. */
async function machineWithOther(mode: number): Promise<Machine> {
  const machine = new Machine();
  const elsewhere = { XDG_STATE_HOME: `${machine.home}/elsewhere`, JWKS_SECRET: generateSecretText() };
  await machine.jwks('init --keystore other', { env: elsewhere });
  await machine.jwks('create --alg ES256 auth k1 --keystore other', { env: elsewhere });
  mkdirSync(`${machine.home}/.config/jwks`, { recursive: true });
  writeFileSync(`${machine.home}/.config/jwks/secret`, `${generateSecretText()}\n`);
  chmodSync(`${machine.home}/.config/jwks/secret`, mode);
  return machine;
}

test.each([0o600, 0o644, 0o640])('the own secret file, mode %o (decimal)', async (mode) => {
  const machine = await machineWithOther(mode);
  const listed = await machine.jwks('list -q --keystore other');
  expect(listed).toMatchObject({ status: 0, stdout: 'auth\n' });
  expect((await machine.jwks('list --keystore other')).stderr).toContain('nothing was checked');
  const unchecked = await machine.jwks('export auth --unchecked --keystore other');
  expect(unchecked.status).toBe(0);
  expect(JSON.parse(unchecked.stdout).keys).toMatchObject([{ kid: 'k1' }]);
  // Without a word nothing is published, and what needs the secret still says what is wrong with it.
  expect(await machine.jwks('export auth --keystore other')).toMatchObject({ status: 4, stdout: '' });
  expect(await machine.jwks('create --alg ES256 auth --keystore other')).toMatchObject({
    status: 4,
    stdout: '',
  });
});

test('a secret that is named must open it', async () => {
  const machine = await machineWithOther(0o600);
  const named: readonly (readonly [string[], Record<string, string>])[] = [
    [[], { JWKS_SECRET_FILE: `${machine.home}/.config/jwks/secret` }],
    [[], { JWKS_SECRET: generateSecretText() }],
    [[], { JWKS_SECRET_FILE: '/nowhere/secret' }],
    [['--secret-file', `${machine.home}/nowhere`], {}],
  ];
  for (const [words, env] of named) {
    for (const command of ['list', 'export auth']) {
      const ran = await machine.jwks([...command.split(' '), '--keystore', 'other', ...words], { env });
      expect([command, words, env, ran.status, ran.stdout]).toEqual([command, words, env, 4, '']);
    }
  }
});
