// The command dies while the database works for it: what it has reported is there, and it stands in nobody's way.
//
// JWKS_FAULTS=all kills it at every statement; otherwise around those that write.
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { DatabasePlace } from '../../src/keystore/database-place.ts';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { cleanEnv, finish, jwks, start } from '../support/command.ts';
import { accessIn, secretOf } from '../support/keystore.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import { type Fault, PostgresProxy } from '../support/postgres-proxy.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const missing = await postgresMissing();
const isLong = process.env['JWKS_FAULTS'] === 'all';
const secret = generateSecretText();
/** A home that nobody has used before: none remembers anything of the place. */
function at(keystore: string) {
  const home = temporaryDirectory();
  return { env: cleanEnv(home, { JWKS_SECRET: secret, JWKS_KEYSTORE: keystore }), cwd: home };
}

const run = (argv: string, keystore: string) => jwks(argv.split(' '), at(keystore));

/** How the statement fares at which it is killed. */
const ways: readonly Fault['delivered'][] = ['never', 'before', 'meanwhile', 'at-end'];

const waysAt = (at: number) => (isLong ? ways : ways.filter((_, number) => number % 2 === at % 2));

interface Killed {
  /** What the command wrote to stdout before it died. */
  readonly stdout: string;
  readonly wasHit: boolean;
}

/** Kills it when its n-th statement comes to the proxy, or when the server has carried that out. */
async function killAt(
  proxy: PostgresProxy,
  argv: string,
  keystore: string,
  index: number,
  delivered: Fault['delivered'],
): Promise<Killed> {
  const child = start(argv.split(' '), at(proxy.url(keystore)));
  const ended = finish(child);
  const meanwhile = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  proxy.expect((statement) => (statement.index === index ? { delivered, meanwhile } : undefined));
  const { stdout, signal } = await ended;
  await proxy.settle();
  return { stdout, wasHit: signal === 'SIGKILL' };
}

/** The kids whose private halves open, read past the proxy and by this process. */
async function kidsIn(keystore: string): Promise<(string | undefined)[]> {
  const place = new DatabasePlace(keystore, { env: {}, cwd: '/' });
  const access = { ...accessIn(), place, stateDirectory: undefined, findSecret: secretOf(secret) };
  const opened = await (await openKeystore(access, undefined)).openSet(parseSetId('a'));
  return opened?.privateKeys.map(({ kid }) => kid) ?? [];
}

async function statementsOf(proxy: PostgresProxy, argv: string, keystore: string): Promise<number[]> {
  proxy.expect();
  expect((await run(argv, proxy.url(keystore))).status).toBe(0);
  const writes = proxy.statements.flatMap((text, index) =>
    /INSERT|UPDATE|CREATE/.test(text) ? [index + 1] : [],
  );
  return isLong ? proxy.statements.map((_, index) => index + 1) : writes;
}

async function proxied(): Promise<{ readonly url: string; readonly proxy: PostgresProxy }> {
  const url = await postgresSchema();
  const proxy = await PostgresProxy.before(url);
  onTestFinished(() => proxy.close());
  return { url, proxy };
}

let killed = 0;
afterAll(() => console.log(`${killed} commands killed at a statement of theirs`));

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  const timeout = isLong ? 1_200_000 : 60_000;

  test('create', { timeout }, async () => {
    const { url, proxy } = await proxied();
    expect((await run('init', url)).status).toBe(0);
    for (const at of await statementsOf(proxy, 'create a --alg ES256', url)) {
      for (const delivered of waysAt(at)) {
        const known = await kidsIn(url);
        const { stdout, wasHit } = await killAt(proxy, 'create a --alg ES256', url, at, delivered);
        const place = `statement ${at}, delivered ${delivered}`;
        expect([wasHit, stdout], place).toEqual([true, '']);
        const found = await kidsIn(url);
        const fresh = found.filter((kid) => !known.includes(kid));
        expect(fresh.length, place).toBeLessThanOrEqual(delivered === 'never' ? 0 : 1);
        expect(found, place).toEqual(expect.arrayContaining(known));
        killed += 1;
      }
    }
    const known = await kidsIn(url);
    expect((await run('create a --alg ES256', url)).status).toBe(0);
    expect(await kidsIn(url)).toHaveLength(known.length + 1);
  });

  test('init', { timeout }, async () => {
    const first = await proxied();
    for (const at of await statementsOf(first.proxy, 'init', first.url)) {
      for (const delivered of waysAt(at)) {
        const { url, proxy } = await proxied();
        const { wasHit } = await killAt(proxy, 'init', url, at, delivered);
        expect(wasHit).toBe(true);
        const again = await run('init', url);
        const place = `statement ${at}, delivered ${delivered}: ${again.stderr}`;
        // It is whole, or nobody would know that it was there.
        if (again.status !== 0) expect(again.status, place).toBe(5);
        expect(await kidsIn(url), place).toEqual([]);
        killed += 1;
      }
    }
  });

  test('rekey is run again and ended by whoever comes next', { timeout }, async () => {
    const { url, proxy } = await proxied();
    expect((await run('init', url)).status).toBe(0);
    for (const set of ['a', 'b']) expect((await run(`create ${set} --alg ES256`, url)).status).toBe(0);
    const kids = await kidsIn(url);
    const statements = await statementsOf(proxy, 'rekey', url);
    for (const [turn, at] of statements.entries()) {
      for (const delivered of isLong ? ways : ways.filter((_, number) => number * 2 === turn)) {
        const { wasHit } = await killAt(proxy, 'rekey', url, at, delivered);
        const place = `statement ${at}, delivered ${delivered}`;
        // One that ends what another has begun has fewer.
        if (wasHit) killed += 1;
        expect(await kidsIn(url), place).toEqual(kids);
        const { status, stderr } = await run('rekey', url);
        expect([status, stderr], place).toEqual([0, expect.any(String)]);
        expect(await kidsIn(url), place).toEqual(kids);
      }
    }
  });
}
