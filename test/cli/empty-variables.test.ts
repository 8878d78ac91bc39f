// Variables that a script has set to nothing: what would be guessed instead could be another's.
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow } from '../support/snapshot.ts';

test.each([
  ['JWKS_SECRET', 4],
  ['JWKS_SECRET_FILE', 4],
  ['JWKS_KEYSTORE', 2],
  ['JWKS_IDENTITY', 2],
  ['JWKS_CONFIG', 2],
] as const)('an empty %s is exit %i, and nothing is made', async (name, status) => {
  const machine = new Machine();
  const before = filesBelow(machine.home);
  // An option is stronger than a variable, whatever that holds.
  const commands = ['create --alg ES256 auth', ...(name === 'JWKS_KEYSTORE' ? [] : ['init --keystore keys'])];
  for (const command of commands) {
    const ran = await machine.jwks(command, { env: { [name]: '' } });
    expect([command, ran.status, ran.stdout]).toEqual([command, status, '']);
    expect(ran.stderr).toContain(name);
    expect(ran.stderr).toContain('empty');
  }
  expect(filesBelow(machine.home)).toEqual(before);
});

test('an empty JWKS_FORMAT counts as not set', async () => {
  const machine = new Machine();
  const env = { JWKS_FORMAT: '' };
  const created = await machine.jwks('create --alg ES256 auth k1', { env });
  expect(created.status).toBe(0);
  expect(JSON.parse(created.stdout).keys).toMatchObject([{ kid: 'k1' }]);
  expect((await machine.jwks('list', { env })).stdout).toMatch(/^SET ID\t/);
  expect((await machine.jwks('list nowhere', { env })).stderr).toMatch(/^jwks: /);
});
