// The command that prints the secret: what it gets, what it may print, and how it ends.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import type { SecretCommand } from '../../src/keystore/secret-command.ts';
import { describeSource, findSecret, isSecretNamed } from '../../src/keystore/secret-sources.ts';
import { credentials, secretFile, sources } from '../support/secret-places.ts';
import { ended } from '../support/shell.ts';
import { temporaryDirectory } from '../support/temporary.ts';

interface Outcome {
  readonly text?: string | undefined;
  readonly error?: JwksError;
  readonly shown: string;
}

const onUnix = test.skipIf(process.platform === 'win32');

function commandOf(script: string, more: Partial<SecretCommand> = {}): SecretCommand {
  return {
    argv: ['sh', '-c', script, 'a-secret-argument'],
    env: { PATH: process.env['PATH'], HOME: temporaryDirectory() },
    hasTerminal: () => false,
    show: () => {},
    ...more,
  };
}

async function outcomeOf(script: string, more: Partial<SecretCommand> = {}): Promise<Outcome> {
  let shown = '';
  const show = (text: string) => {
    shown += text;
  };
  const command = commandOf(script, { show, ...more });
  try {
    const found = await findSecret(sources({ command }));
    return { text: found?.text, shown };
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    return { error, shown };
  }
}

onUnix('what it prints is the secret, and what it says is shown', async () => {
  expect(await outcomeOf('echo unlocking >&2; echo the secret')).toEqual({
    text: 'the secret\n',
    shown: 'unlocking\n',
  });
  expect((await outcomeOf('printf prompt: >&2; printf x')).shown).toBe('prompt:\n');
});

onUnix('it stands behind the credentials of systemd and before the own file', async () => {
  const command = commandOf('printf command');
  const found = async (more: object) => (await findSecret(sources({ command, ...more })))?.text;
  expect(await found({ credentials: credentials(), ownFile: secretFile() })).toBe('from systemd');
  expect(await found({ variable: 'from JWKS_SECRET' })).toBe('from JWKS_SECRET');
  expect(await found({ credentials: temporaryDirectory(), ownFile: secretFile() })).toBe('command');
  // A command that fails is set and unusable: the own file is not tried.
  const failing = sources({ command: commandOf('exit 1'), ownFile: secretFile() });
  await expect(findSecret(failing)).rejects.toMatchObject({ code: 'secret' });
});

onUnix('who asks where the secret comes from runs nothing', () => {
  const proof = join(temporaryDirectory(), 'ran');
  const command = commandOf(`touch ${proof}`);
  expect(describeSource(sources({ command, ownFile: secretFile() }))).toBe('secretCommand sh');
  expect(isSecretNamed(sources({ command }))).toBe(true);
  expect(() => readFileSync(proof)).toThrow('ENOENT');
});

onUnix.each([
  ['a status', 'echo printed; echo why >&2; exit 3', 'failed with exit status 3'],
  ['a signal', 'echo printed; kill -9 $$', 'was ended by SIGKILL'],
  ['too much', 'echo printed; head -c 5000 /dev/zero', 'printed more than 4 KiB'],
  ['without end', 'yes printed', 'printed more than 4 KiB'],
])('%s is refused, without its arguments or what it printed', async (_, script, fault) => {
  const { error } = await outcomeOf(script);
  expect(error).toMatchObject({ code: 'secret', message: `secretCommand sh ${fault}` });
  expect(`${error?.message} ${error?.hint} ${error?.cause}`).not.toMatch(/printed\n|a-secret-argument/);
});

onUnix('bytes that are no text in UTF-8 are refused', async () => {
  expect((await outcomeOf("printf 'a\\377'")).error?.message).toBe(
    'the secret in secretCommand sh is not text in UTF-8',
  );
});

onUnix.each([
  ['missing', 'no-such-program-of-jwks', 'there is no such program'],
  ['not to be run', '/etc/passwd', 'permission denied'],
])('a program that is %s', async (_, program, why) => {
  const { error } = await outcomeOf('', { argv: [program, 'a-secret-argument'] });
  expect(error).toMatchObject({ code: 'secret', message: `secretCommand ${program} cannot be run: ${why}` });
  expect(`${error?.hint} ${error?.cause} ${JSON.stringify(error?.cause)}`).not.toContain('a-secret-argument');
});

onUnix.each([
  ['that waits', 'sleep 60'],
  ['that waits for a child', 'sleep 60 & echo $! > "$HOME/pid"; wait'],
  ['that does not want to end', 'trap "" TERM; while :; do sleep 0.05; done'],
  ['that left a child with its output', 'sleep 60 & echo $! > "$HOME/pid"; printf x'],
])('a command %s is ended with all that it started', async (_, script) => {
  const HOME = temporaryDirectory();
  const whole = `echo $$ > "$HOME/shell"; ${script}`;
  const env = { PATH: process.env['PATH'], HOME };
  const began = performance.now();
  const { error } = await outcomeOf(whole, { env, limit: 300 });
  expect(error?.message).toBe('secretCommand sh did not end within 0.3 s');
  expect(performance.now() - began).toBeLessThan(5_000);
  const pids = ['shell', ...(script.includes('pid') ? ['pid'] : [])];
  await ended(pids.map((name) => Number(readFileSync(join(HOME, name), 'utf8'))));
});

onUnix('a process that it left behind may keep stderr', async () => {
  const { text } = await outcomeOf('sleep 5 > /dev/null & printf x', { limit: 4_000 });
  expect(text).toBe('x');
});

onUnix('what it says is shown up to 8 KiB', async () => {
  const { shown, text } = await outcomeOf('head -c 100000 /dev/zero | tr "\\0" e >&2; printf x');
  expect(text).toBe('x');
  expect(shown).toBe(`${'e'.repeat(8_192)}\n(it says more, which is not shown)\n`);
});

onUnix(
  'its environment has no secret of ours, it runs at home, and nothing stands on its input',
  async () => {
    const HOME = temporaryDirectory();
    const names = ['JWKS_SECRET', 'JWKS_SECRET_FILE', 'JWKS_ADMIN_TOKEN', 'JWKS_ADMIN_TOKEN_FILE'];
    const ours = Object.fromEntries(names.map((name) => [name, 'withheld']));
    const env = { PATH: process.env['PATH'], HOME, JWKS_KEYSTORE: '/srv/jwks', ...ours };
    const { text = '' } = await outcomeOf('env; pwd; wc -c', { env });
    expect(text).not.toContain('withheld');
    expect(text).toContain('JWKS_KEYSTORE=/srv/jwks');
    expect(text).toContain(`\n${HOME}\n0\n`);
    const nowhere = await outcomeOf('pwd', { env: { ...env, HOME: join(HOME, 'missing') } });
    expect(nowhere.text).toBe('/\n');
  },
);

onUnix('no shell reads its words', async () => {
  const argv = ['printf', '%s', '$(id) "*" ;'] as const;
  expect((await outcomeOf('', { argv: [...argv] })).text).toBe('$(id) "*" ;');
});

onUnix('a command that runs jwks again is refused there', async () => {
  const env = { PATH: process.env['PATH'], JWKS_IN_SECRET_COMMAND: '1' };
  expect((await outcomeOf('printf x', { env })).error?.message).toContain('runs jwks');
});
