// Modes of what is made, under any umask.
import { expect, test } from 'vitest';
import { newShell, sh } from '../support/shell.ts';
import { filesBelow, modeOf } from '../support/snapshot.ts';

test.each(['000', '022', '077'])('umask %s', async (umask) => {
  const shell = newShell();
  const ran = await sh(
    shell,
    `umask ${umask}; jwks create -q --alg ES256 auth 2> told &&
     jwks export auth -o public.json && jwks export auth --private -q -o private.json &&
     jwks secret generate -q -o new-secret && jwks init -q --keystore deep/down/keys > /dev/null`,
  );
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  const modes = Object.fromEntries(
    filesBelow(shell.home).map((path) => [path, modeOf(`${shell.home}/${path}`)]),
  );
  const inside = Object.entries(modes).filter(([path]) => /\/jwks(?:\/|$)|keys(?:\/|$)/.test(path));
  const expected = (path: string) => (/\.json$|secret$/.test(path) ? '0600' : '0700');
  expect(inside.length).toBeGreaterThan(10);
  expect(inside).toEqual(inside.map(([path]) => [path, expected(path)]));
  expect(modes).toMatchObject({ 'public.json': '0644', 'private.json': '0600', 'new-secret': '0600' });
});

test('an existing file keeps its mode under any umask', async () => {
  const shell = newShell();
  const ran = await sh(
    shell,
    `jwks create -q --alg ES256 auth k1; install -m 664 /dev/null jwks.json
     umask 077; jwks export auth -o jwks.json; stat -c %a jwks.json`,
  );
  expect(ran.stdout).toBe('k1\n664\n');
});
