// What a failed command of a secret is told with, what it is handed, and what of it stays in this process.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runSecretCommand, type SecretCommand } from '../../src/keystore/secret-command.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

const onUnix = test.skipIf(process.platform === 'win32');
const PATH = process.env['PATH'];
const usual = 'try it in a shell; it must print the secret and nothing else';

function run(script: string, more: Partial<SecretCommand> = {}): Promise<Buffer> {
  const argv = ['sh', '-c', script] as const;
  return runSecretCommand({ argv, env: { PATH }, hasTerminal: () => false, show: () => {}, ...more });
}

onUnix('a failure has a hint, and no cause but that of the system', async () => {
  expect(await toldBy(() => run('exit 3'))).toEqual({
    ...{ code: 'secret', message: 'secretCommand sh failed with exit status 3', hint: usual },
  });
  expect(await run('exit 3').catch((error: Error) => error.cause)).toBeUndefined();
  const missing = run('', { argv: ['no-such-program-of-jwks'], env: { PATH: '/usr/bin:/bin' } });
  expect(await missing.catch((error: Error) => error.cause)).toMatchObject({ message: 'ENOENT' });
  expect(await toldBy(() => run('', { env: { PATH, JWKS_IN_SECRET_COMMAND: '1' } }))).toEqual({
    code: 'secret',
    message: 'secretCommand sh runs jwks, which would run it again',
    hint: 'name the secret in that call of jwks',
  });
});

onUnix('it is told where the keystore is, without a password, and that it is run by jwks', async () => {
  const print = 'printf "%s %s %s" "$JWKS_KEYSTORE" "$JWKS_IN_SECRET_COMMAND" "$OTHER"';
  const env = { PATH, JWKS_KEYSTORE: 'postgres://ann:pw@db/auth', OTHER: 'http://ann:pw@proxy' };
  expect(String(await run(print, { env }))).toBe('postgres://ann@db/auth 1 http://ann:pw@proxy');
  expect(String(await run('env'))).not.toContain('JWKS_KEYSTORE');
});

onUnix('it runs in the root where there is no home', async () => {
  for (const HOME of [undefined, '', join(temporaryDirectory(), 'missing')])
    expect(String(await run('pwd', { env: { PATH, HOME } }))).toBe('/\n');
  const HOME = temporaryDirectory();
  expect(String(await run('pwd', { env: { PATH, HOME } }))).toBe(`${HOME}\n`);
});

onUnix('it may print 4 KiB, and not a byte more', async () => {
  expect(await run('head -c 4096 /dev/zero')).toHaveLength(4_096);
  expect((await toldBy(() => run('head -c 4097 /dev/zero'))).message).toBe(
    'secretCommand sh printed more than 4 KiB',
  );
});

onUnix('nothing of it stays in this process', async () => {
  const before = process.listenerCount('exit');
  let during = 0;
  const hasTerminal = () => false;
  const running = run('printf x', { hasTerminal });
  during = process.listenerCount('exit');
  await running;
  expect([during, process.listenerCount('exit')]).toEqual([before + 1, before]);
});

onUnix('what it says ends with its line, also where it says nothing or breaks off', async () => {
  const said = async (script: string) => {
    const parts: string[] = [];
    await run(script, { show: (text) => parts.push(text) });
    return parts.join('');
  };
  expect(await said('printf x')).toBe('');
  expect(await said('echo a >&2; printf x')).toBe('a\n');
  expect(await said('printf a >&2; printf x')).toBe('a\n');
  const whole = await said('head -c 8191 /dev/zero | tr "\\0" e >&2; echo >&2; echo more >&2; printf x');
  expect(whole).toBe(`${'e'.repeat(8_191)}\n(it says more, which is not shown)\n`);
});

onUnix('with a terminal it is ended alone', async () => {
  const told = await toldBy(() => run('exec sleep 60', { hasTerminal: () => true, limit: 200 }));
  expect(told.message).toBe('secretCommand sh did not end within 0.2 s');
});

test.skipIf(process.platform !== 'linux')(
  'with a terminal it stays in our process group, and only then',
  async () => {
    // Behind the name, which may have spaces in it, the third word is the group's number.
    const groups = 'for pid in $$ $PPID; do sed "s/.*) //" /proc/$pid/stat | cut -d " " -f 3; done';
    const isSame = async (isThere: boolean) => {
      const [own, ours] = String(await run(groups, { hasTerminal: () => isThere })).split('\n');
      return own === ours;
    };
    expect([await isSame(true), await isSame(false)]).toEqual([true, false]);
  },
);
