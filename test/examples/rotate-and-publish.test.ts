// examples/rotate-and-publish.sh with the built command, as cron would run it.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { sh } from '../support/shell.ts';
import { dueHost, quietHost, ScheduledHost } from './schedule.ts';

const silent = { status: 0, stdout: '', stderr: '' };

describe('nothing is due', () => {
  test('the first run publishes and reloads, the next ones do nothing and say nothing', async () => {
    const { host, kid } = await quietHost();
    expect(await host.run()).toMatchObject(silent);
    expect(host.published).toEqual([kid]);
    expect(host.reloads).toEqual([1]);
    const { version } = host;
    const revisions = readFileSync(host.documentOf('auth', 2), 'utf8');
    for (let run = 0; run < 2; run++) expect(await host.run()).toMatchObject(silent);
    expect(host.version).toBe(version);
    expect(host.reloads).toEqual([1]);
    expect(readFileSync(host.documentOf('auth', 2), 'utf8')).toBe(revisions);
    expect(existsSync(host.documentOf('auth', 3))).toBe(false);
  });

  test('VERBOSE says what is next', async () => {
    const { host } = await quietHost();
    const { status, stdout, stderr } = await host.run({ VERBOSE: '1' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toMatch(/^jwks: nothing is due; next: auth.* \d{4}-\d\d-[^ ]+ \(\d+ d\)\n$/);
  });

  test('a set without a policy is published, and never rotated', async () => {
    const host = new ScheduledHost();
    const kid = await host.at('300d', 'create -q --alg ES256 auth');
    expect(await host.run()).toMatchObject(silent);
    expect(host.published).toEqual([kid]);
    const { stderr } = await host.run({ VERBOSE: '1' });
    expect(stderr).toContain('no set has a policy with a period');
  });
});

describe('something is due', () => {
  test('a successor is made, told, published and loaded, once', async () => {
    const { host, kid } = await dueHost();
    const ran = await host.run();
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    expect(ran.stdout).toMatch(/^made a key: [\w-]{43}\n$/);
    expect(host.published).toEqual([kid, ran.stdout.slice('made a key: '.length).trim()]);
    expect(host.reloads).toEqual([2]);
    const { version } = host;
    expect(await host.run()).toMatchObject(silent);
    expect(host.version).toBe(version);
    expect(host.reloads).toEqual([2]);
  });

  test('what a person rotated is published by the next run, and loaded once', async () => {
    const { host } = await quietHost();
    await host.run();
    const next = await host.at('0s', 'rotate -q auth');
    expect(await host.run()).toMatchObject(silent);
    expect(await host.run()).toMatchObject(silent);
    expect(host.published[1]).toBe(next);
    expect(host.reloads).toEqual([1, 2]);
  });

  test('a key leaves the file when its time is over', async () => {
    const host = new ScheduledHost();
    const first = await host.at('200d', 'create -q --alg ES256 auth');
    const second = await host.at('100d', 'rotate -q auth');
    host.machine.now = (host.machine.now + 60) as typeof host.machine.now;
    await host.machine.jwks(`export auth -o ${host.file}`);
    expect(host.published).toEqual([first, second]);
    expect(await host.run()).toMatchObject(silent);
    expect(host.published).toEqual([second]);
  });

  test('of four runs at once one makes the successor, and its set is published', async () => {
    const { host } = await dueHost();
    const ran = await Promise.all([1, 2, 3, 4].map(() => host.run()));
    expect(ran.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      Array(4).fill({ status: 0, stderr: '' }),
    );
    expect(ran.filter(({ stdout }) => stdout.startsWith('made a key: '))).toHaveLength(1);
    expect(await host.run()).toMatchObject(silent);
    expect(host.published).toHaveLength(2);
  });

  test('only the sets that are named are rotated and published', async () => {
    const { host, kid } = await dueHost();
    await host.at('89d', 'create -q --alg ES256 other');
    await host.at('89d', 'policy -q other --rotate-every 90d');
    expect((await host.run({}, 'auth')).status).toBe(0);
    expect(host.published).toHaveLength(2);
    expect(host.published).toContain(kid);
    expect(existsSync(host.documentOf('other', 3))).toBe(false);
  });

  test('a set without a key gets one where the policy names its algorithm, and is published', async () => {
    const { host } = await quietHost();
    await host.at('1d', 'policy -q auth --alg ES256');
    await host.at('1h', 'revoke -q auth --all --no-successor');
    const ran = await host.run();
    expect(ran.status).toBe(0);
    expect(ran.stdout).toMatch(/^made a key: /);
    expect(host.published).toHaveLength(1);
  });
});

describe('something fails', () => {
  test('without its secret nothing is rotated, what is there is published, and the status is 4', async () => {
    const { host, kid } = await dueHost();
    const ran = await host.run({ JWKS_SECRET_FILE: '/nonexistent' });
    expect(ran).toMatchObject({ status: 4, stdout: '' });
    expect(ran.stderr).toContain('/nonexistent');
    expect(host.published).toEqual([kid]);
    expect(host.reloads).toEqual([1]);
  });

  test.each([
    ['a directory that is missing', 3, (home: string) => `${home}/nowhere/jwks.json`] as const,
    // No directory of ours: root may write everywhere else.
    ...(process.platform === 'linux'
      ? [['a directory that cannot be written', 1, () => '/proc/jwks.json'] as const]
      : []),
  ])('%s: nothing is rotated either, since a successor would sign unseen', async (_, status, path) => {
    const { host } = await dueHost();
    const ran = await host.run({ PUBLISH_TO: path(host.machine.home) });
    expect(ran).toMatchObject({ status, stdout: '' });
    expect(ran.stderr).toContain('nothing was rotated, since nothing can be published');
    expect(existsSync(host.documentOf('auth', 3))).toBe(false);
    expect(host.reloads).toEqual([]);
  });

  test('a damaged set: the file stays as it is, and the status is 6', async () => {
    const { host } = await dueHost();
    await host.at('89d', 'create -q --alg ES256 other');
    await host.at('89d', `export --all -o ${host.file}`);
    const { version } = host;
    writeFileSync(host.documentOf('other', 1), '{}');
    expect((await host.run({ RELOAD: '' })).status).toBe(6);
    expect(host.version).toBe(version);
    expect(existsSync(host.documentOf('auth', 3))).toBe(false);
  });

  test('a keystore that vanished is not made anew', async () => {
    const { host } = await dueHost();
    rmSync(`${host.machine.home}/.local/share/jwks`, { recursive: true });
    expect((await host.run()).status).toBe(3);
    expect(existsSync(`${host.machine.home}/.local/share/jwks`)).toBe(false);
  });

  test('a reload that fails is told, and tried again by the next run', async () => {
    const { host } = await quietHost();
    const failed = await host.run({ RELOAD: 'exit 3' });
    expect(failed).toMatchObject({ status: 1, stdout: '' });
    expect(failed.stderr).toContain('the reload failed; the next run tries again: exit 3');
    expect(await host.run()).toMatchObject(silent);
    expect(await host.run()).toMatchObject(silent);
    expect(host.reloads).toEqual([1]);
  });

  test('without the command the status is 127', async () => {
    const { host } = await quietHost();
    const env = { PATH: '/usr/bin:/bin', HOME: host.machine.home };
    const ran = await sh({ ...host.shell, env }, './rotate-and-publish.sh');
    expect(ran.status).toBe(127);
    expect(ran.stderr).toContain('there is no jwks on the PATH');
  });
});

test('the reload gets no secret', async () => {
  const { host } = await quietHost();
  const secret = readFileSync(`${host.machine.home}/.config/jwks/secret`, 'utf8').trim();
  const path = `${host.machine.home}/environment`;
  expect(await host.run({ JWKS_SECRET: secret, RELOAD: `env > '${path}'` })).toMatchObject(silent);
  expect(readFileSync(path, 'utf8')).toContain('PUBLISH_TO=');
  expect(readFileSync(path, 'utf8')).not.toContain('jwks_secret_');
});
