// The built command on a real terminal: colours, the spinner, and questions.
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { startHttp } from '../support/https-server.ts';
import { addKey, makeKeystoreIn } from '../support/keystore.ts';
import { hasTerminals, newShell, onTerminal, sh, shellWithKey } from '../support/shell.ts';

const csi = '\u001b[';
const passphrase = 'correct horse battery staple';
/** Five times what a spinner waits for; a server answers no later. */
const long = 1_000;
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const keys = [{ ...publicKey.export({ format: 'jwk' }), kid: 'a', alg: 'ES256', use: 'sig' }];
const onLinux = test.runIf(hasTerminals);

/** A place whose keys `jwks lint` has to wait for, and what makes it answer at once. */
async function slowPlace(): Promise<{ readonly url: string; readonly answer: () => void }> {
  let answer = () => {};
  const url = await startHttp((_, response) => {
    response.setHeader('content-type', 'application/jwk-set+json').write(JSON.stringify({ keys }));
    answer = () => void response.end();
    setTimeout(answer, long);
  });
  return { url, answer: () => answer() };
}

test.skipIf(hasTerminals)('a real terminal takes script of util-linux, which is not here', () => {});

onLinux('a table is aligned and coloured on a terminal', async () => {
  const shell = await shellWithKey();
  const { status, output } = await onTerminal(shell, 'jwks list');
  expect(status).toBe(0);
  expect(output).toBe(
    [
      'SET ID  KEY ID  ALGORITHM  USE  STATE   WHAT HAPPENS NEXT',
      `auth    k1      ES256      sig  ${csi}32mactive${csi}39m  signs`,
      '',
    ].join('\r\n'),
  );
});

onLinux('colours only where somebody sees them', async () => {
  const shell = await shellWithKey();
  const hasColour = async (script: string) => (await onTerminal(shell, script)).output.includes(csi);
  expect(await hasColour('jwks list')).toBe(true);
  expect(await hasColour('NO_COLOR=1 jwks list')).toBe(false);
  expect(await hasColour('jwks list --no-color')).toBe(false);
  expect(await hasColour('TERM=dumb jwks list')).toBe(false);
  expect(await hasColour('jwks list | cat')).toBe(false);
  expect(await hasColour('FORCE_COLOR=0 jwks list')).toBe(false);
  expect(await hasColour('jwks list > file; cat file')).toBe(false);
  expect((await sh(shell, 'jwks list')).stdout).not.toContain(csi);
  expect((await sh(shell, 'FORCE_COLOR=1 jwks export auth')).stdout).not.toContain(csi);
  expect((await sh(shell, 'FORCE_COLOR=1 jwks list')).stdout).toContain(`${csi}32mactive`);
});

onLinux('a terminal without a size has no spinner, and work ends there', async () => {
  const { url } = await slowPlace();
  const ran = await onTerminal(newShell(), `stty cols 0 rows 0; timeout 25 jwks lint ${url} > /dev/null`);
  expect(ran).toEqual({ status: 0, output: '' });
});

onLinux('the spinner turns on a terminal only, and leaves nothing behind it', async () => {
  const shell = newShell();
  const { url, answer } = await slowPlace();
  const lint = `jwks lint ${url} > /dev/null`;
  const shown = await onTerminal(shell, lint, [{ after: 'looking', keys: answer }]);
  expect(shown.output).toContain('looking');
  expect(shown.output.lastIndexOf(`${csi}?25h`)).toBeGreaterThan(shown.output.lastIndexOf(`${csi}?25l`));
  const silent = [`${lint} -q`, `${lint} 2> err; cat err`].map((script) => onTerminal(shell, script));
  for (const ran of await Promise.all(silent)) expect(ran).toEqual({ status: 0, output: '' });
});

onLinux('a rekey of many sets says how far it is, on a terminal only', async () => {
  const shell = newShell();
  mkdirSync(`${shell.home}/many`);
  const { open, text } = await makeKeystoreIn(new FileStorage(`${shell.home}/many`));
  writeFileSync(`${shell.home}/secret`, text, { mode: 0o600 });
  const keystore = await open();
  for (let number = 1; number <= 200; number++) await addKey(keystore, parseSetId(`set-${number}`));
  const rekey = 'jwks rekey --keystore many --secret-file secret';
  expect((await onTerminal(shell, rekey)).output).toMatch(/sealing sets anew: \d+ of 200/);
  expect((await onTerminal(shell, `${rekey} --format json 2> err; cat err`)).output).not.toContain('sealing');
});

onLinux('without colours the spinner has none', async () => {
  const { url, answer } = await slowPlace();
  for (const script of [
    `NO_COLOR=1 jwks lint ${url} > /dev/null`,
    `jwks lint --no-color ${url} > /dev/null`,
  ]) {
    const { output } = await onTerminal(newShell(), script, [{ after: 'looking', keys: answer }]);
    expect(output).toContain('looking');
    expect(output).not.toMatch(/\u001b\[3\dm/);
  }
});

onLinux('a passphrase is asked for twice, then whenever it is needed, and is not shown', async () => {
  const shell = newShell();
  const typed = `${passphrase}\r`;
  const made = await onTerminal(shell, 'jwks init --passphrase', [
    { after: 'new passphrase:', keys: typed },
    { after: 'again:', keys: typed },
  ]);
  expect(made.status).toBe(0);
  expect(made.output).toContain('made a keystore');
  const created = await onTerminal(shell, 'jwks create -q --alg ES256 auth k1', [
    { after: 'secret of ', keys: typed },
  ]);
  expect(created.status).toBe(0);
  expect(created.output).toContain('k1');
  // Reading needs none: this host has opened the keystore once.
  expect(await onTerminal(shell, 'NO_COLOR=1 jwks list -q')).toEqual({ status: 0, output: 'auth\r\n' });
  const wrong = await onTerminal(shell, 'jwks create --alg ES256 auth', [
    { after: 'secret of ', keys: 'another passphrase of mine\r' },
  ]);
  expect(wrong.status).toBe(4);
  for (const { output } of [made, created, wrong]) {
    expect(output).not.toContain('horse');
    expect(output).not.toContain('passphrase of mine');
  }
  const piped = await sh(shell, 'jwks create --alg ES256 auth');
  expect(piped.status).toBe(4);
  const noInput = await onTerminal(shell, 'jwks create --alg ES256 auth --no-input');
  expect(noInput.status).toBe(4);
});

onLinux('two passphrases that differ make nothing', async () => {
  const shell = newShell();
  const ran = await onTerminal(shell, 'jwks init --passphrase', [
    { after: 'new passphrase:', keys: `${passphrase}\r` },
    { after: 'again:', keys: `${passphrase}!\r` },
  ]);
  expect(ran.status).toBe(4);
  expect((await sh(shell, 'jwks list')).status).toBe(3);
});

onLinux('Ctrl-C at a question ends with 130 and gives the terminal back', async () => {
  const shell = newShell();
  const ran = await onTerminal(shell, 'jwks init --passphrase; echo status $?; stty -a', [
    { after: 'new passphrase:', keys: '\u0003' },
  ]);
  expect(ran.output).toContain('status 130');
  expect(ran.output).toMatch(/ icanon /);
  expect(ran.output).toMatch(/ echo /);
  expect((await sh(shell, 'jwks list')).status).toBe(3);
});

onLinux(
  'Ctrl-C while an RSA key is made ends with 130, though the children get it too',
  { retry: 3 },
  async () => {
    const shell = await shellWithKey();
    const ran = await onTerminal(shell, 'jwks create --bits 4096 rsa k2; echo status $?', [
      { after: 'making a key for rsa', keys: '\u0003' },
    ]);
    expect(ran.output).toContain('what was not reported as done was not done');
    expect(ran.output).toContain('status 130');
    expect(ran.output.lastIndexOf(`${csi}?25h`)).toBeGreaterThan(ran.output.lastIndexOf(`${csi}?25l`));
    expect((await sh(shell, 'jwks list -q')).stdout).toBe('auth\n');
  },
);

onLinux('private keys are shown after a yes only, also by way of /dev/stdout', async () => {
  const shell = await shellWithKey();
  const question = 'write private keys to the terminal?';
  const yes = await onTerminal(shell, 'jwks export auth --private', [{ after: question, keys: 'y' }]);
  expect(yes.status).toBe(0);
  expect(yes.output).toContain('"d":');
  const no = await onTerminal(shell, 'jwks export auth --private', [{ after: question, keys: 'n' }]);
  expect(no.status).toBe(130);
  expect(no.output).not.toContain('"d":');
  for (const device of ['/dev/stdout', '/dev/tty', '/dev/stderr']) {
    const around = await onTerminal(shell, `jwks export auth --private --no-input -o ${device}`);
    expect([device, around.status, around.output.includes('"d":')]).toEqual([device, 2, false]);
  }
});
