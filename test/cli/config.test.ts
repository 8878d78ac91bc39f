// Configuration: which files count, and which setting wins.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { effective, machineWith, put } from '../support/config.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

test.each([
  ['jwks.config.json', '{"alg":"ES256"}'],
  ['jwks.config.yaml', 'alg: ES256\n'],
  ['.jwksrc', 'alg: ES256'],
  ['.jwksrc', '{"alg":"ES256"}'],
  ['.jwksrc.json', '{"alg":"ES256"}'],
  ['.jwksrc.yaml', '# a comment\nalg: "ES256"\n'],
])(
  'a project file %s counts in its directory and below, up to the root of the repository',
  async (name, text) => {
    const machine = machineWith({ [`repository/${name}`]: text });
    const below = { cwd: `${machine.home}/repository/deep/down` };
    const from = `${machine.home}/repository/${name}`;
    expect((await effective(machine, below))['alg']).toEqual({ value: 'ES256', from });
    expect((await effective(machine, { cwd: `${machine.home}/repository` }))['alg']?.from).toBe(from);
    expect((await effective(machine, { cwd: `${machine.home}/work` }))['alg']?.from).toBe('default');
  },
);

test('the nearest project file counts, and none above the root of the repository', async () => {
  const machine = machineWith({
    'repository/deep/.jwksrc': 'alg: ES384',
    'repository/jwks.config.yaml': 'alg: ES256',
    '.jwksrc': 'alg: ES512',
  });
  const at = async (cwd: string) =>
    (await effective(machine, { cwd: `${machine.home}/${cwd}` }))['alg']?.value;
  expect(await at('repository/deep/down')).toBe('ES384');
  expect(await at('repository')).toBe('ES256');
  mkdirSync(`${machine.home}/plain/.git`, { recursive: true });
  expect(await at('plain')).toBe('RS256');
  // Outside a repository the home directory is the last that counts.
  expect(await at('work')).toBe('ES512');
});

test('JavaScript is never run', async () => {
  const machine = machineWith({});
  const proof = `${machine.home}/proof`;
  const code = `require('node:fs').writeFileSync(${JSON.stringify(proof)}, ''); module.exports = {}`;
  for (const name of ['.jwksrc.js', '.jwksrc.cjs', '.jwksrc.ts', 'jwks.config.js', 'jwks.config.cjs']) {
    put(machine, `repository/${name}`, code);
    put(machine, `.config/jwks/${name}`, code);
  }
  put(machine, 'repository/package.json', '{"jwks":{"alg":"ES256"}}');
  put(machine, 'repository/deep/.jwksrc', 'alg: ES384');
  for (const cwd of ['repository', 'repository/deep']) {
    await effective(machine, { cwd: `${machine.home}/${cwd}` });
  }
  expect((await effective(machine, { cwd: `${machine.home}/repository` }))['alg']?.value).toBe('RS256');
  expect(existsSync(proof)).toBe(false);
});

test('option before environment before project before user', async () => {
  const machine = machineWith({
    'repository/.jwksrc': 'alg: ES256\nkeystore: project-keys',
    '.config/jwks/config.yaml': 'alg: ES384\nkeystore: user-keys\nformat: table',
  });
  const settings = { cwd: `${machine.home}/repository` };
  const user = `${machine.home}/.config/jwks/config.yaml`;
  const project = `${machine.home}/repository/.jwksrc`;
  expect(await effective(machine, settings)).toMatchObject({
    alg: { value: 'ES256', from: project },
    keystore: { value: `${machine.home}/repository/project-keys`, from: project },
    format: { value: 'json', from: 'option --format' },
    files: { value: [project, user] },
  });
  expect(await effective(machine)).toMatchObject({
    alg: { value: 'ES384', from: user },
    keystore: { value: `${machine.home}/.config/jwks/user-keys`, from: user },
  });
  const env = { JWKS_KEYSTORE: 'env-keys', JWKS_FORMAT: 'yaml' };
  expect((await effective(machine, { ...settings, env }))['keystore']).toEqual({
    value: `${machine.home}/repository/env-keys`,
    from: 'environment JWKS_KEYSTORE',
  });
  expect((await effective(machine, { ...settings, env }, '--keystore option-keys'))['keystore']).toEqual({
    value: `${machine.home}/repository/option-keys`,
    from: 'option --keystore',
  });
  expect((await machine.jwks('config', { ...settings, env })).stdout).toMatch(/^settings:\n/);
});

test('--config and JWKS_CONFIG stand in place of project and user file', async () => {
  const machine = machineWith({
    'repository/.jwksrc': 'alg: ES256',
    '.config/jwks/config.json': '{"alg":"ES384"}',
    'mine.yaml': 'alg: ES512',
    'other.yaml': 'alg: EdDSA',
  });
  const cwd = `${machine.home}/repository`;
  const mine = `${machine.home}/mine.yaml`;
  expect(await effective(machine, { cwd }, '--config ../mine.yaml')).toMatchObject({
    alg: { value: 'ES512', from: mine },
    files: { value: [mine] },
  });
  const env = { JWKS_CONFIG: mine };
  expect((await effective(machine, { cwd, env }))['alg']?.value).toBe('ES512');
  expect((await effective(machine, { cwd, env }, '--config ../other.yaml'))['alg']?.value).toBe('EdDSA');
  await transcript(
    machine,
    `
    $ jwks config --config nowhere.yaml
    ! jwks: the configuration file ~/work/nowhere.yaml does not exist
    exit 3
  `,
  );
});

test('the alg of the configuration is what create makes', async () => {
  const machine = machineWith({ '.config/jwks/config.yaml': 'alg: ES256' });
  const alg = async (words: string) =>
    JSON.parse((await machine.jwks(`create --format json ${words}`)).stdout).keys[0].alg;
  expect(await alg('auth')).toBe('ES256');
  expect(await alg('--alg EdDSA auth')).toBe('EdDSA');
});

test('a default policy is copied into a set when it is made, and stays', async () => {
  const machine = machineWith({ '.config/jwks/config.yaml': 'policy: { rotateEvery: 30d, tokenTtl: 10m }' });
  await ok(machine, 'create --alg ES256 auth');
  const policyOf = async (set: string) => {
    const { stdout } = await machine.jwks(`list ${set} --format json`);
    return JSON.parse(stdout).sets[0].policy;
  };
  const policy = {
    rotateEvery: '30d',
    publishLag: '1d',
    cacheMaxAge: '1h',
    staleIfError: '0s',
    verifierCache: '1d',
    tokenTtl: '10m',
    signerReload: '1d',
    skew: '5m',
  };
  expect(await policyOf('auth')).toEqual(policy);
  put(machine, '.config/jwks/config.yaml', 'policy: { rotateEvery: 60d }');
  await ok(machine, 'create --alg ES256 auth');
  expect(await policyOf('auth')).toEqual(policy);
  await ok(machine, 'create --alg ES256 other');
  expect(await policyOf('other')).toMatchObject({ rotateEvery: '60d', tokenTtl: '1d' });
});

test('config shows where things come from, and never the secret', async () => {
  const machine = machineWith({});
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks config
    SETTING⇥VALUE⇥FROM
    keystore⇥~/.local/share/jwks⇥default
    identity⇥not set⇥default
    secret⇥~/.config/jwks/secret⇥found
    alg⇥RS256⇥default
    format⇥not set⇥default
    policy.rotateEvery⇥not set⇥default
    policy.publishLag⇥1d⇥default
    policy.cacheMaxAge⇥1h⇥default
    policy.staleIfError⇥0s⇥default
    policy.verifierCache⇥1d⇥default
    policy.tokenTtl⇥1d⇥default
    policy.signerReload⇥1d⇥default
    policy.skew⇥5m⇥default
    audit⇥not set⇥default
    files⇥⇥none found
  `,
  );
  const secret = readFileSync(`${machine.home}/.config/jwks/secret`, 'utf8').trim();
  for (const format of ['table', 'json', 'yaml']) {
    for (const env of [{}, { JWKS_SECRET: secret }]) {
      const { stdout, stderr } = await machine.jwks(`config --format ${format} --debug`, { env });
      expect(stdout + stderr).not.toContain(secret);
    }
  }
  const env = { JWKS_SECRET: secret };
  expect((await effective(machine, { env }))['secret']?.value).toBe('JWKS_SECRET');
});

test('the audit file is shown with the file that names it', async () => {
  const machine = machineWith({ '.config/jwks/config.yaml': 'audit: /var/log/jwks.jsonl' });
  const from = `${machine.home}/.config/jwks/config.yaml`;
  expect((await effective(machine, {}))['audit']).toEqual({ value: '/var/log/jwks.jsonl', from });
});

test('facts of a policy are merged: each file adds what a stronger one does not say', async () => {
  const machine = machineWith({
    '.config/jwks/config.yaml': 'policy: { rotateEvery: 30d, tokenTtl: 10m }',
    'repository/.jwksrc': 'policy: { tokenTtl: 5m }',
  });
  const settings = await effective(machine, { cwd: `${machine.home}/repository` });
  expect(settings['policy.tokenTtl']?.value).toBe('5m');
  expect(settings['policy.rotateEvery']?.value).toBe('30d');
});
