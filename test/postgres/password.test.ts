// A database's password is in no output and in no file, wherever it was set and whatever goes wrong.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { Machine, type Settings } from '../support/cli.ts';
import { cleanEnv, jwks } from '../support/command.ts';
import { closedPort } from '../support/https-server.ts';
import { postgresMissing } from '../support/postgres.ts';
import { postgresMachine } from '../support/postgres-machine.ts';
import { changed } from '../support/postgres-url.ts';

const missing = await postgresMissing();
/** Found also where quotes, spaces or percent signs around it are written in another way. */
const core = 'Gehe1mes';
const password = `x'${core} "/@:?#%\\y`;

/** All that a machine's commands print, and leave in files other than `own`. */
class Watched {
  readonly machine = new Machine();
  readonly own = new Set<string>();
  #output = '';

  async run(argv: readonly string[], settings: Settings = {}): Promise<number> {
    const ran = await this.machine.jwks(argv, settings);
    this.#output += `${argv.join(' ').replaceAll(core, '')}: ${ran.stdout}${ran.stderr}`;
    return ran.status;
  }

  expectSilence(): void {
    const files = readdirSync(this.machine.home, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !this.own.has(path));
    const told = files.filter((path) => readFileSync(path, 'latin1').includes(core) || path.includes(core));
    expect(told).toEqual([]);
    expect(this.#output.split('\n').filter((line) => line.includes(core))).toEqual([]);
  }

  write(name: string, text: string): string {
    const path = join(this.machine.home, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text, { mode: 0o700 });
    this.own.add(path);
    return path;
  }
}

const lines = [
  'config',
  'init',
  'create --alg ES256 a',
  'list',
  'get a',
  'export a',
  'export a --private --yes',
  'rotate a',
  'policy a --rotate-every 90d',
  'revoke a --signer',
  'history',
  'doctor',
  'check',
  'timeline a',
  'sign a',
  'secret list',
  'rekey',
  'completion bash',
  'backup copy.json',
  'restore copy.json --verify-only',
  'delete a --yes',
  'delete a',
  'init',
  'list nosuch',
  'sign nosuch',
  'list --nosuch',
  'create',
  'nosuch',
];
/** What differs where the password is set elsewhere. */
const some = /^(?:config|init|create --alg.*|list|export.*|history|doctor|rekey|list nosuch)$/;

describe.skipIf(missing !== undefined)('the password', () => {
  /** Of a role that has it, in a schema that is not made yet. */
  async function urlWith(): Promise<string> {
    const { sql, url } = await postgresMachine();
    const user = `quiet_${randomBytes(6).toString('hex')}`;
    await sql(`CREATE ROLE ${user} LOGIN SUPERUSER PASSWORD '${password.replaceAll("'", "''")}'`);
    return changed(url, { user, password });
  }

  /** With a log of who was shown private keys, and a command that keeps its environment and prints the secret. */
  function configure(watched: Watched, more: Record<string, string> = {}): void {
    const dump = join(watched.machine.home, 'environment');
    const script = watched.write('tell', `#!/bin/sh\nenv >> '${dump}'\necho ${generateSecretText()}\n`);
    const config = { audit: join(watched.machine.home, 'audit'), secretCommand: [script], ...more };
    watched.write('.config/jwks/config.json', JSON.stringify(config));
  }

  test.each(['argv', 'JWKS_KEYSTORE', 'the configuration', 'PGPASSWORD', 'PGPASSFILE'])(
    'in %s',
    async (way) => {
      const watched = new Watched();
      const own = await urlWith();
      const bare = changed(own, { password: '' });
      configure(watched, way === 'the configuration' ? { keystore: own } : {});
      const file = watched.write('pass', `*:*:*:*:${password.replace(/[\\:]/g, '\\$&')}\n`);
      const env: Record<string, Record<string, string>> = {
        JWKS_KEYSTORE: { JWKS_KEYSTORE: own },
        PGPASSWORD: { JWKS_KEYSTORE: bare, PGPASSWORD: password },
        PGPASSFILE: { JWKS_KEYSTORE: bare, PGPASSFILE: file },
      };
      const first = way === 'argv' ? ['--keystore', own] : [];
      const state = { XDG_STATE_HOME: join(watched.machine.home, 'state') };
      const settings = { env: { ...state, ...env[way] } };
      for (const line of way === 'argv' ? lines : lines.filter((one) => some.test(one))) {
        const words = [...first, ...line.split(' ')];
        const status = await watched.run(words, settings);
        // Else nothing of what follows was tried.
        if (line === 'create --alg ES256 a') expect(status).toBe(0);
      }
      for (const more of ['--debug', '--format=json'])
        for (const line of ['config', 'list nosuch', 'delete a', 'create', 'init'])
          await watched.run([...first, ...line.split(' '), more], settings);
      expect(readFileSync(join(watched.machine.home, 'audit'), 'utf8')).toContain('"to":"stdout"');
      expect(readFileSync(join(watched.machine.home, 'environment'), 'utf8')).toContain(
        'JWKS_IN_SECRET_COMMAND',
      );
      expect(readdirSync(join(watched.machine.home, 'state'), { recursive: true }).length).toBeGreaterThan(0);
      watched.expectSilence();
    },
  );

  test('in URLs at which nothing can be had', async () => {
    const watched = new Watched();
    const url = await urlWith();
    const urls = [
      changed(url, { user: 'nobody' }),
      changed(url, { database: 'nowhere' }),
      changed(url, { port: await closedPort() }),
      changed(url, { parameters: { sslmode: 'verify-full' } }),
      changed(url, { parameters: { host: '/no/where' } }),
    ];
    for (const keystore of urls)
      for (const more of ['', '--debug', '--format=json'])
        for (const line of ['list', 'create a', 'init', 'doctor'])
          await watched.run([...line.split(' '), '--keystore', keystore, ...(more === '' ? [] : [more])]);
    watched.expectSilence();
  });

  test('of the URL is not in the environment of secretCommand, but a proxy keeps its own', async () => {
    const watched = new Watched();
    configure(watched);
    const proxy = 'http://user:proxy@proxy.example:3128';
    await watched.run(['init'], { env: { JWKS_KEYSTORE: await urlWith(), https_proxy: proxy } });
    const environment = readFileSync(join(watched.machine.home, 'environment'), 'utf8');
    expect(environment).toMatch(/^JWKS_KEYSTORE=postgres:\/\/quiet_\w+@127/m);
    expect(environment).toContain(`https_proxy=${proxy}`);
    watched.expectSilence();
  });
});

test('words that are no URL, or stand where none belongs', async () => {
  const watched = new Watched();
  const raw = `postgres://ann:${password}@db/auth`;
  const coded = `postgres://ann:${encodeURIComponent(password)}@db/auth`;
  for (const text of [
    raw,
    coded,
    ...[raw, coded].map((one) => one.replace('//', '/')),
    `"${coded}"`,
    ` ${raw}`,
  ]) {
    const commands = [
      [`--keystor=${text}`, 'list'],
      ['list', `--keystores=${text}`],
      ['list', '--keystor', text],
      ['--keystore', text, 'list'],
      [`--keystore=${text}`, 'create', 'a'],
      ['--keystore', `${text}#x`, 'list'],
      ['--keystore', `${text}?password=${core}`, 'list'],
      ['--keystore', `${text}?sslmode=x`, 'config'],
      ['list', text],
      ['create', '--bits', text, 'a'],
      ['create', '--alg', text, 'a'],
      ['export', 'a', '--for', text],
      ['policy', 'a', '--published-at', text],
      ['restore', 'none.json', '--into', text],
      ['check', '--url', text],
      ['lint', text],
      ['verify', 'x', '--jwks', text],
      ['--secret-file', text, 'list'],
      ['--identity', text, 'list'],
      ['--config', text, 'list'],
      ['--format', text, 'list'],
      ['init', '--recipient', text],
      [text],
      ['completion', text],
      ['help', text],
    ];
    for (const argv of commands)
      for (const more of [[], ['--debug'], ['--format=json']]) {
        expect(await watched.run([...argv, ...more]), argv.join(' ')).not.toBe(0);
      }
    for (const env of [{ JWKS_KEYSTORE: text }, { JWKS_CONFIG: text }, { JWKS_FORMAT: text }])
      for (const line of ['list', 'config']) await watched.run([line], { env });
    watched.write('.config/jwks/config.json', JSON.stringify({ keystore: text, alg: text, policy: text }));
    await watched.run(['config']);
    watched.own.delete('.config/jwks/config.json');
    writeFileSync(join(watched.machine.home, '.config/jwks/config.json'), '{}');
  }
  watched.expectSilence();
});

test('a keystore whose URL was misspelled', async () => {
  const watched = new Watched();
  const own = `ann:${encodeURIComponent(password)}@db/auth`;
  const words = `host=db user=ann password=${core}`;
  for (const text of [`postgres//${own}`, `postgres;//${own}`, `://${own}`, `pg:${own}`, own, words]) {
    for (const line of ['list', 'init', 'config', 'create a', 'doctor', 'copy --from x --to'])
      for (const more of ['', '--debug', '--format=json']) {
        const place = line.endsWith('--to') ? [text] : ['--keystore', text];
        const argv = [...line.split(' '), ...place, ...(more === '' ? [] : [more])];
        expect(await watched.run(argv), argv.join(' ')).toBe(2);
      }
    expect(await watched.run(['list'], { env: { JWKS_KEYSTORE: text } })).toBe(2);
    watched.write('.config/jwks/config.json', JSON.stringify({ keystore: text }));
    expect(await watched.run(['list'])).toBe(2);
    writeFileSync(join(watched.machine.home, '.config/jwks/config.json'), '{}');
  }
  watched.expectSilence();
});

test.skipIf(missing !== undefined)('the command itself says nothing of a password file', async () => {
  const { url, machine } = await postgresMachine();
  const { password: own } = new URL(url);
  writeFileSync(join(machine.home, '.pgpass'), `127.0.0.1:*:*:postgres:${own}\n`, { mode: 0o600 });
  const env = cleanEnv(machine.home, { JWKS_KEYSTORE: changed(url, { password: '' }) });
  const options = { cwd: machine.home, env };
  const made = await jwks(['init', '-q'], options);
  expect(made).toMatchObject({ status: 0, stderr: '' });
  expect(await jwks(['list'], options)).toMatchObject({
    status: 0,
    stderr: expect.not.stringContaining('arning'),
  });
});
