// Names that JavaScript has a meaning for are just names, in tables too.
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { ok } from './machines.ts';

test.each(['__proto__', 'toString', 'valueOf', 'hasOwnProperty', 'constructor', 'active'])(
  'a set and a key %s',
  async (name) => {
    const machine = new Machine();
    await ok(machine, ['create', '--alg', 'ES256', name, name]);
    for (const [argv, terminal] of [
      [['list'], undefined],
      [['get', name], undefined],
      [['list'], 80],
      [['get', name], 80],
    ] as const) {
      const ran = await machine.jwks(argv, { terminal, env: { NO_COLOR: '1' } });
      expect(ran.status).toBe(0);
      const [, row = ''] = ran.stdout.split('\n');
      expect(row.split(/\t|\s{2,}/).slice(0, 5)).toEqual([name, name, 'ES256', 'sig', 'active']);
    }
    expect(JSON.parse((await machine.jwks('list --format json')).stdout).sets[0].set).toBe(name);
  },
);

test('only the state is coloured', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 active active');
  const { stdout } = await machine.jwks('list', { terminal: 80 });
  expect(stdout.split('\u001b[32m')).toHaveLength(2);
});
