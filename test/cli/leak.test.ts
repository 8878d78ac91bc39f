// No private key leaves by accident: whatever is run without --private prints no private member.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow } from '../support/snapshot.ts';
import { machineAfter } from './machines.ts';

const kinds = [
  '--alg RS256 --bits 2048 rsa',
  '--alg ES256 ec',
  '--alg EdDSA okp',
  '--alg HS256 oct',
  '--alg ECDH-ES --crv X25519 enc',
];
const sets = ['rsa', 'ec', 'okp', 'oct', 'enc'];
const formats = ['table', 'json', 'json-pretty', 'yaml', 'jwks', 'jsonpath=$..*', 'jsonpointer='];

function machineWithEveryKind(): Promise<Machine> {
  return machineAfter(...kinds.map((kind) => `create ${kind}`));
}

/** The private members of all keys, and the secret. */
async function privateTexts(machine: Machine): Promise<string[]> {
  const { stdout } = await machine.jwks(`export --private ${sets.join(' ')}`);
  const keys: Record<string, string>[] = JSON.parse(stdout).keys;
  const members = keys.flatMap(({ d, p, q, dp, dq, qi, k }) => [d, p, q, dp, dq, qi, k]);
  const secret = readFileSync(`${machine.home}/.config/jwks/secret`, 'utf8').trim();
  return [...members.filter((text) => text !== undefined), secret];
}

test('in no format, on no terminal, in no error', async () => {
  const machine = await machineWithEveryKind();
  const texts = await privateTexts(machine);
  expect(texts).toHaveLength(6 + 1 + 1 + 1 + 1 + 1);
  const commands = [
    'list --all',
    `list ${sets.join(' ')} --at 2030-01-01`,
    `get ${sets.join(' ')}`,
    ...sets.map((set) => `get ${set}`),
    `export ${sets.join(' ')} --allow-empty`,
    'export --all --debug',
    'create --if-missing --alg ES256 ec',
    'create --if-missing --alg HS256 oct --debug',
    'create --dry-run --alg HS256 oct',
    'create --alg HS256 more',
    'create --alg ES256 more',
    'config --debug',
    'algs',
    'get nowhere --debug',
    'export rsa nowhere --debug',
  ];
  const leaks: string[] = [];
  for (const command of commands) {
    for (const format of formats) {
      const { stdout, stderr } = await machine.jwks([...command.split(' '), '--format', format]);
      if (texts.some((text) => (stdout + stderr).includes(text))) leaks.push(`${command} --format ${format}`);
    }
    for (const settings of [{ terminal: 80 }, { terminal: 200 }]) {
      const { stdout, stderr } = await machine.jwks(command, settings);
      if (texts.some((text) => (stdout + stderr).includes(text))) leaks.push(`${command} on a terminal`);
    }
  }
  expect(leaks).toEqual([]);
});

test('a private key given as input comes out nowhere', async () => {
  const machine = await machineWithEveryKind();
  const texts = await privateTexts(machine);
  const { stdout: stdin } = await machine.jwks(`export --private ${sets.join(' ')}`);
  for (const format of ['table', 'json', 'yaml']) {
    const { status, stdout, stderr } = await machine.jwks(`thumbprint --format ${format}`, { stdin });
    expect(status).toBe(0);
    expect(texts.some((text) => (stdout + stderr).includes(text))).toBe(false);
  }
  const broken = await machine.jwks('thumbprint --debug', { stdin: stdin.slice(0, -10) });
  expect(broken.status).toBe(6);
  expect(texts.some((text) => broken.stderr.includes(text))).toBe(false);
});

test('on the disk only the secret file holds something in plain text', async () => {
  const machine = await machineWithEveryKind();
  const texts = await privateTexts(machine);
  const open = filesBelow(machine.home)
    .filter((path) => path.endsWith('.json'))
    .filter((path) => {
      const text = readFileSync(`${machine.home}/${path}`, 'utf8');
      const inside = [...text.matchAll(/[\w-]{40,}/g)].map(([part]) => Buffer.from(part, 'base64url'));
      return texts.some((one) => text.includes(one) || inside.some((bytes) => bytes.includes(one)));
    });
  expect(open).toEqual([]);
});

test('with --debug a message is not taken for a part of the stack, whatever it quotes', async () => {
  const { stderr } = await new Machine().jwks([
    'create',
    'auth',
    '--debug',
    '--secret-file',
    'x\n    at quoted',
  ]);
  expect(stderr).toContain('\nJwksError\n');
  expect(stderr).not.toContain('\n    at quoted');
});
