// The way to a PostgreSQL that wants TLS, certificates and passwords.
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import { type Authority, type Issued, makeAuthority } from '../support/certificates.ts';
import { Machine, type Ran } from '../support/cli.ts';
import { cleanEnv, jwks } from '../support/command.ts';
import { type PostgresServer, postgresMissing, postgresSchema, startPostgres } from '../support/postgres.ts';
import { postgresMachine } from '../support/postgres-machine.ts';
import { PostgresProxy } from '../support/postgres-proxy.ts';
import { changed } from '../support/postgres-url.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const missing = await postgresMissing();

describe.skipIf(missing !== undefined)('TLS', () => {
  let server: PostgresServer;
  let authority: Authority;
  let stranger: Authority;

  beforeAll(async () => {
    authority = await makeAuthority('jwks test');
    stranger = await makeAuthority('a stranger');
    // For localhost only, so that 127.0.0.1 is another name; the CA stands behind it, for clients' certificates.
    const { cert, key } = await authority.issue('db', { dns: 'localhost' });
    server = await startPostgres({
      ssl: { cert: cert + authority.ca, key },
      settings: { ssl_ca_file: 'server.crt' },
      hba: 'hostssl all certified 127.0.0.1/32 cert\nhostssl all all 127.0.0.1/32 scram-sha-256\n',
    });
    await server.sql('CREATE ROLE certified LOGIN; GRANT CREATE ON DATABASE postgres TO certified');
  });
  afterAll(() => server?.remove());

  const at = (host: string, parameters: Record<string, string>): string =>
    changed(server.url(), { host, parameters: { schema: 'tls', ...parameters } });
  const file = (text: string): string => {
    const path = join(temporaryDirectory(), 'some.pem');
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const clientFiles = ({ cert, key }: Issued) => ({ sslcert: file(cert), sslkey: file(key) });

  test.each(['verify-full', 'verify-ca', 'require'])(
    'sslmode=%s with its CA and its name',
    async (sslmode) => {
      const url = at('localhost', {
        sslmode,
        sslrootcert: file(authority.ca),
        schema: sslmode.replace('-', '_'),
      });
      expect(await init(url)).toMatchObject({ status: 0 });
      const using = 'SELECT count(*)::int AS n FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE ssl';
      expect((await server.sql(using))[0]?.['n']).toBeGreaterThan(0);
    },
  );

  test('another name in its certificate: verify-ca looks past it, and nothing else does', async () => {
    const sslrootcert = file(authority.ca);
    for (const sslmode of ['verify-full', 'require']) {
      const ran = await init(at('127.0.0.1', { sslmode, sslrootcert }));
      refusedAs(ran, 'its certificate is for another name', 'verify-ca looks past the name');
    }
    expect(await init(at('127.0.0.1', { sslmode: 'verify-ca', sslrootcert, schema: 'past' }))).toMatchObject({
      status: 0,
    });
  });

  test('another CA, or none: no mode takes it', async () => {
    for (const sslmode of ['verify-full', 'verify-ca', 'require']) {
      const ran = await init(at('localhost', { sslmode, sslrootcert: file(stranger.ca) }));
      refusedAs(ran, 'its certificate is not trusted', 'sslrootcert=FILE');
      refusedAs(await init(at('localhost', { sslmode })), 'its certificate is not trusted', 'sslrootcert');
    }
  });

  test('without TLS where the server wants it', async () => {
    refusedAs(
      await init(at('localhost', { sslmode: 'disable' })),
      'does not let this role in',
      'pg_hba.conf',
    );
  });

  test('a certificate in place of a password', async () => {
    const certified = (more: Record<string, string>): string =>
      changed(at('localhost', { sslrootcert: file(authority.ca), schema: 'certified', ...more }), {
        user: 'certified',
        password: '',
      });
    const own = await authority.issue('certified');
    expect(await init(certified(clientFiles(own)))).toMatchObject({ status: 0 });
    refusedAs(await init(certified({})), 'does not let this role in', 'sslcert');
    const others = await init(certified(clientFiles(await authority.issue('somebody'))));
    refusedAs(others, 'does not let this role in', 'sslcert');
    const foreign = await init(certified(clientFiles(await stranger.issue('certified'))));
    refusedAs(foreign, /it breaks TLS off|the connection broke/, '');
  });

  test('files that are none', async () => {
    const mode = { sslmode: 'verify-full' };
    refusedAs(await init(at('localhost', { ...mode, sslrootcert: '/no/ca' })), '/no/ca, which TLS', '');
    const one = await authority.issue('one');
    const other = await authority.issue('other');
    const mixed = clientFiles({ cert: one.cert, key: other.key });
    refusedAs(
      await init(at('localhost', { ...mode, ...mixed })),
      'TLS to the keystore cannot be made',
      'PEM',
    );
    for (const sslrootcert of [file('nothing'), file(one.key), '/dev/null']) {
      const ran = await init(at('localhost', { ...mode, sslrootcert }));
      refusedAs(ran, `${sslrootcert} is to be the CA of the keystore's server`, 'BEGIN CERTIFICATE');
    }
  });

  test('PGSSLMODE and PGSSLROOTCERT', async () => {
    const env = { PGSSLMODE: 'verify-full', PGSSLROOTCERT: file(authority.ca) };
    expect(await init(at('localhost', { schema: 'from_env' }), env)).toMatchObject({ status: 0 });
  });

  test('a server without TLS', async () => {
    const url = changed(await postgresSchema(), { parameters: { sslmode: 'verify-full' } });
    refusedAs(await init(url), 'it does not speak TLS', 'sslmode=disable');
    expect(await init(changed(url, { parameters: { sslmode: 'disable' } }))).toMatchObject({ status: 0 });
  });
});

describe.skipIf(missing !== undefined)('the password', () => {
  const passFile = (text: string, mode = 0o600): string => {
    const path = join(temporaryDirectory(), 'pgpass');
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const parts = async () => {
    const url = await postgresSchema();
    return { url: changed(url, { password: '' }), password: new URL(url).password, port: new URL(url).port };
  };

  test('of the URL, of PGPASSWORD, of PGPASSFILE: the first that is set', async () => {
    const { url, password, port } = await parts();
    expect(await init(changed(url, { password }), { PGPASSWORD: 'wrong' })).toMatchObject({ status: 0 });
    const found = [
      { PGPASSWORD: password, PGPASSFILE: passFile('*:*:*:*:wrong\n') },
      {
        PGPASSFILE: passFile(
          `# mine\nelsewhere:*:*:*:wrong\n127.0.0.1:${port}:postgres:postgres:${password}\n`,
        ),
      },
      { PGPASSFILE: passFile(`*:*:*:*:${password}`) },
    ];
    for (const env of found) {
      const { status, stderr } = await init(url, env);
      expect({ status, stderr }).toEqual({ status: 5, stderr: expect.stringContaining('already') });
    }
  });

  test('of ~/.pgpass', async () => {
    const { url, password } = await parts();
    const machine = new Machine();
    writeFileSync(join(machine.home, '.pgpass'), `*:*:*:*:${password}\n`, { mode: 0o600 });
    expect(await machine.jwks(['init', '--keystore', url])).toMatchObject({ status: 0 });
  });

  test('none, or a wrong one', async () => {
    const { url } = await parts();
    refusedAs(await init(url), 'wants a password, and none is set', 'PGPASSWORD');
    const elsewhere = { PGPASSFILE: passFile('elsewhere:*:*:*:wrong\n') };
    refusedAs(await init(url, elsewhere), 'wants a password, and none is set', 'PGPASSFILE');
    refusedAs(await init(url, { PGPASSFILE: '/no/file' }), 'wants a password, and none is set', '');
    const wrong = [{ PGPASSWORD: 'WR0NG' }, { PGPASSFILE: passFile('*:*:*:*:WR0NG\n') }];
    for (const env of wrong) {
      const ran = await init(url, env);
      refusedAs(ran, 'does not let this role in', 'password');
      expect(ran.stderr).not.toContain('WR0NG');
    }
  });

  test('none: the connection is given up at once, and the command ends', async () => {
    const { url } = await parts();
    const proxy = await PostgresProxy.before(url);
    onTestFinished(() => proxy.close());
    const storage = new PostgresStorage(parseDatabaseUrl(proxy.url(url), { env: {}, cwd: '/' }));
    onTestFinished(() => storage.close());
    const stop = storage.watch(() => {});
    for (let round = 0; round < 10; round++)
      await expect(storage.isThere()).rejects.toMatchObject({ code: 'failed' });
    await vi.waitFor(() => expect(proxy.connections).toBe(0));
    stop();
    const home = temporaryDirectory();
    const began = performance.now();
    expect(await jwks(['list', '--keystore', url], { env: cleanEnv(home), cwd: home })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('wants a password'),
    });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  test('a file that others can read is refused, where it would be needed', async () => {
    const { url, password } = await parts();
    const env = { PGPASSFILE: passFile(`*:*:*:*:${password}\n`, 0o640) };
    refusedAs(await init(url, env), 'is open to others', 'chmod 600');
    expect(await init(changed(url, { password }), env)).toMatchObject({ status: 0 });
  });
});

describe.skipIf(missing !== undefined)('hints', () => {
  test('name the role that was named, also where only the master document is missing', async () => {
    const { url, ok, sql } = await postgresMachine();
    await ok('init');
    await sql("DELETE FROM documents WHERE kind = 'master'");
    const { status, stderr } = await new Machine().jwks(['list', '--keystore', url]);
    const { username, host } = new URL(url);
    expect(status).toBe(3);
    expect(stderr).toContain(`there is no keystore at postgres://${username}@${host}/`);
    expect(stderr).toContain(`jwks init --keystore 'postgres://${username}@${host}/`);
  });

  test('speak of no file where a row is damaged', async () => {
    const { jwks, ok, sql } = await postgresMachine();
    await ok('init');
    await ok('create --alg ES256 auth');
    await sql("UPDATE documents SET document = 'rubbish' WHERE kind = 'sets'");
    const { status, stderr } = await jwks('export auth');
    expect(status).toBe(6);
    expect(stderr).toContain('hint: put it back from a backup: jwks restore FILE SET --force');
    expect(stderr).not.toContain('the file');
  });
});

function init(url: string, env: Record<string, string> = {}): Promise<Ran> {
  return new Machine().jwks(['init', '--keystore', url], { env });
}

function refusedAs({ status, stdout, stderr }: Ran, why: string | RegExp, hint: string): void {
  expect({ status, stdout, stderr }).toMatchObject({
    status: 1,
    stdout: '',
    stderr: typeof why === 'string' ? expect.stringContaining(why) : expect.stringMatching(why),
  });
  expect(stderr).toContain(hint);
}
