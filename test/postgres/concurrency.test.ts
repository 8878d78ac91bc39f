// Many at once on one keystore in PostgreSQL: each key that was reported as made is there, once.
import { expect, test } from 'vitest';
import { finish, jwks, start } from '../support/command.ts';
import { ofExtent } from '../support/extent.ts';
import { postgresMissing } from '../support/postgres.ts';
import { postgresMachine } from '../support/postgres-machine.ts';

const missing = await postgresMissing();
/** JWKS_FAULTS=more: more of them. */
const many = ofExtent({ few: 20, more: 50 });

async function kidsOf({ ok }: Awaited<ReturnType<typeof postgresMachine>>, set: string): Promise<string[]> {
  const { sets } = JSON.parse((await ok(`list ${set} --format json`)).stdout);
  return sets[0].keys.map(({ kid }: { kid: string }) => kid);
}

test.skipIf(missing !== undefined)(
  `${many} creators into one set: a key each`,
  { timeout: 60_000 },
  async () => {
    const own = await postgresMachine();
    await own.ok('init');
    const made = await Promise.all(
      Array.from({ length: many }, async () => (await own.ok('create -q --alg ES256 auth')).stdout.trim()),
    );
    expect(new Set(made).size).toBe(many);
    expect((await kidsOf(own, 'auth')).sort()).toEqual(made.sort());
    const [row] = await own.sql("SELECT revision FROM documents WHERE kind = 'sets'");
    expect(Number(row?.['revision'])).toBe(many);
  },
);

test.skipIf(missing !== undefined)(
  'processes, each at its own pace, and one that is killed',
  { timeout: 60_000 },
  async () => {
    const own = await postgresMachine();
    await own.ok('init');
    const env = { PATH: process.env['PATH'] ?? '', HOME: own.machine.home, JWKS_KEYSTORE: own.url };
    const killed = start(['create', '-q', '--alg', 'ES256', 'auth', 'killed'], { env });
    const end = finish(killed);
    setTimeout(() => killed.kill('SIGKILL'), 120);
    const runs = Array.from({ length: 10 }, (_, index) =>
      jwks(['create', '-q', '--alg', 'ES256', 'auth', `k${index}`], { env }),
    );
    for (const { status, stderr } of await Promise.all(runs)) expect([status, stderr]).toEqual([0, '']);
    await end;
    const kids = (await kidsOf(own, 'auth')).filter((kid) => kid !== 'killed');
    expect(kids.sort()).toEqual(Array.from({ length: 10 }, (_, index) => `k${index}`));
  },
);
