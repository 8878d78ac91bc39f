// Configuration files that are refused: what they may not say, whose they may not be.
import { chmodSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { effective, machineWith, put } from '../support/config.ts';
import { transcript } from '../support/transcript.ts';

test('all faults of a configuration are told together', async () => {
  const machine = machineWith({
    '.config/jwks/config.yaml': 'alg: ES257\ncolour: red\npolicy:\n  tokenTtl: long\n  skew: 5m\n',
  });
  await transcript(
    machine,
    `
    $ jwks list
    ! jwks: the configuration ~/.config/jwks/config.yaml is not valid: alg is no algorithm (jwks algs lists them); policy.tokenTtl is no duration such as 90d, 12h, 10m or 30s; colour is not known here
    exit 2
  `,
  );
});

test('of several unknown members each is told', async () => {
  const machine = machineWith({ '.config/jwks/config.yaml': 'colour: red\nkeystroe: here\nalgo: ES256\n' });
  const { status, stderr } = await machine.jwks('list');
  expect(status).toBe(2);
  for (const name of ['colour', 'keystroe', 'algo']) expect(stderr).toContain(`${name} is not known here`);
});

test('an unsafe policy is refused with the numbers', async () => {
  const machine = machineWith({ '.config/jwks/config.yaml': 'policy: { rotateEvery: 3d }' });
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 auth
    ! jwks: the policy in ~/.config/jwks/config.yaml is unsafe: rotateEvery 3d is shorter than twice the time that a key must be published ahead (4d 2h 10m)
    exit 2
  `,
  );
  expect(existsSync(`${machine.home}/.local`)).toBe(false);
});

test('a project sets keystore, alg and policy only', async () => {
  const machine = machineWith({});
  for (const [member, value] of [
    ['format', 'json'],
    ['identity', 'A'.repeat(43)],
    ['secretCommand', '[touch, proof]'],
    ['audit', 'file'],
  ]) {
    put(machine, 'repository/.jwksrc', `${member}: ${value}`);
    const { status, stderr } = await machine.jwks('config', { cwd: `${machine.home}/repository` });
    expect(status).toBe(2);
    expect(stderr).toContain(`${member} is not known here`);
  }
});

test('a secretCommand in a project says where it counts, and one that is no argv is refused', async () => {
  const machine = machineWith({ 'repository/.jwksrc': 'secretCommand: [pass, jwks]' });
  const { stderr } = await machine.jwks('config', { cwd: `${machine.home}/repository` });
  expect(stderr).toContain('it counts in your own configuration only, never in a project');
  for (const [value, fault] of [
    ['pass jwks', 'secretCommand is no list of a program and its arguments'],
    ['[]', 'secretCommand.0 is no text'],
    ['[""]', 'secretCommand.0 is empty'],
    ['[./bin/secret]', 'secretCommand.0 is neither an absolute path nor a name on PATH'],
    ['[pass, 1]', 'secretCommand.1 is no text'],
    ['["pass", "a\\0b"]', 'secretCommand.1 has a NUL'],
  ]) {
    put(machine, '.config/jwks/config.yaml', `secretCommand: ${value}`);
    const refused = await machine.jwks('config');
    expect([value, refused.status]).toEqual([value, 2]);
    expect(refused.stderr).toContain(fault);
  }
  put(machine, 'named.yaml', 'secretCommand: [printf, x]');
  const named = await effective(machine, {}, `--config ${machine.home}/named.yaml`);
  expect(named['secret']).toEqual({ value: 'secretCommand printf', from: `${machine.home}/named.yaml` });
});

test('a project keystore lies below the directory of its file', async () => {
  const machine = machineWith({});
  const cwd = `${machine.home}/repository`;
  mkdirSync(`${machine.home}/outside`);
  symlinkSync('../outside', `${cwd}/link`);
  for (const keystore of ['..', '../outside', '/srv/jwks', '.', 'a/../..', 'link', 'link/keys']) {
    put(machine, 'repository/jwks.config.json', JSON.stringify({ keystore }));
    const refused = await machine.jwks('config', { cwd });
    expect([keystore, refused.status]).toEqual([keystore, 2]);
    expect(refused.stderr).toContain('names a keystore that is not below its own directory');
  }
  put(machine, 'repository/jwks.config.json', '{"keystore":"./keys"}');
  expect((await effective(machine, { cwd: `${cwd}/deep` }))['keystore']?.value).toBe(`${cwd}/keys`);
  // It is named, so it must exist.
  expect((await machine.jwks('create --alg ES256 auth', { cwd })).status).toBe(3);
});

test('a file that others can write does not count as ours', async () => {
  const machine = machineWith({
    'repository/.jwksrc': 'alg: ES256',
    '.config/jwks/config.yaml': 'alg: ES384',
  });
  for (const path of ['repository/.jwksrc', '.config/jwks/config.yaml']) {
    chmodSync(`${machine.home}/${path}`, 0o646);
    const refused = await machine.jwks('config', { cwd: `${machine.home}/repository` });
    expect(refused).toMatchObject({ status: 6, stdout: '' });
    expect(refused.stderr).toContain(`hint: chmod o-w ${machine.home}/${path}`);
    chmodSync(`${machine.home}/${path}`, 0o644);
  }
});

test('what is neither JSON nor YAML is told by its line and never quoted', async () => {
  for (const text of [
    'alg: ES256\nsecret-word: [1, 2\n',
    '{"alg": "ES256",\n "secret-word',
    'alg: ES256\n\tsecret-word: x\n',
  ]) {
    const machine = machineWith({ '.config/jwks/config.yaml': text });
    const { status, stderr } = await machine.jwks('list --debug');
    expect(status).toBe(2);
    expect(stderr).toMatch(/is neither JSON nor YAML \(line [23]\)/);
    expect(stderr).not.toContain('secret-word');
  }
  const others: readonly (readonly [string, string])[] = [
    ['secret-word', 'is not a set of members'],
    ['- secret-word', 'is not a set of members'],
    ['alg: [secret-word]', 'alg is no text'],
    ['policy: secret-word', 'policy is not a set of members'],
    ['alg: &a ES256\npolicy: *a', 'uses YAML aliases'],
  ];
  for (const [text, said] of others) {
    const machine = machineWith({ '.config/jwks/config.yaml': text });
    const { status, stderr } = await machine.jwks('list');
    expect(status).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).not.toContain('secret-word');
  }
});

test('an empty file says nothing', async () => {
  const machine = machineWith({ '.config/jwks/config.yaml': '', 'repository/.jwksrc': '# nothing yet\n' });
  const settings = await effective(machine, { cwd: `${machine.home}/repository` });
  expect(settings['alg']).toEqual({ value: 'RS256', from: 'default' });
});

test('with a json format of the user file errors are JSON too', async () => {
  const machine = machineWith({ '.config/jwks/config.yaml': 'format: json' });
  const { status, stderr } = await machine.jwks('list');
  expect(status).toBe(3);
  expect(stderr).toMatch(/^\{"error":/);
});
