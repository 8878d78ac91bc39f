// examples/check_jwks.sh: the exit statuses of a Nagios plugin.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Shell, sh } from '../support/shell.ts';
import { dueHost, examples, quietHost } from './schedule.ts';

const plugin = (shell: Shell, words = '') => sh(shell, `'${examples}check_jwks.sh' ${words}`);

test('0 where all is well', async () => {
  const { host } = await quietHost();
  const ran = await plugin(host.shell);
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  expect(ran.stdout).toMatch(/^JWKS OK - [^|]+ \| sets=1 /);
});

test('2 where a set is overdue', async () => {
  const { host } = await dueHost();
  await host.at('89d', 'policy -q auth --rotate-every 30d');
  const ran = await plugin(host.shell, 'auth');
  expect(ran.status).toBe(2);
  expect(ran.stdout).toMatch(/^JWKS CRITICAL - auth /);
});

test('2 where a set is damaged', async () => {
  const { host } = await quietHost();
  writeFileSync(host.documentOf('auth', 2), '{}');
  expect((await plugin(host.shell)).status).toBe(2);
});

test.each([
  ['a set that is not there', 'nobody', /set "nobody" does not exist/],
  ['an endpoint that does not answer', 'auth --url http://127.0.0.1:1/jwks.json', /127\.0\.0\.1:1/],
])('3 where it cannot be found out: %s', async (_, words, said) => {
  const { host } = await quietHost();
  const ran = await plugin(host.shell, words);
  expect(ran.status).toBe(3);
  expect(ran.stdout).toMatch(said);
});

test('3 without the command', async () => {
  const { host } = await quietHost();
  const env = { PATH: '/usr/bin:/bin', HOME: host.machine.home };
  expect((await plugin({ ...host.shell, env })).status).toBe(3);
});
