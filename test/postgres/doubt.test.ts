// A change whose answer was lost: done once or not at all, and never reported as what it may not be.
import { expect, onTestFinished, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { type PostgresOptions, PostgresStorage } from '../../src/keystore/postgres-storage.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import { type Fault, PostgresProxy, type Statement } from '../support/postgres-proxy.ts';

const missing = await postgresMissing();
const name = 'sets/a';
const [old, ours, theirs] = ['old', 'ours', 'theirs'].map((text) => Buffer.from(text));
const isChange = ({ text }: Statement): boolean => text.includes('pg_notify');

interface Stage {
  readonly proxy: PostgresProxy;
  /** Past the proxy. */
  readonly others: PostgresStorage;
  /** Behind it. */
  readonly storage: PostgresStorage;
  readonly told: string[];
}

/** Revision 1 is there. */
async function stage(options: PostgresOptions = {}): Promise<Stage> {
  const url = await postgresSchema();
  const proxy = await PostgresProxy.before(url);
  const told: string[] = [];
  const shield = { raise: () => void told.push('raised'), lower: () => void told.push('lowered') };
  const at = (place: string) =>
    new PostgresStorage(parseDatabaseUrl(place, { env: {}, cwd: '/' }), { shield, ...options });
  const [others, storage] = [at(url), at(proxy.url(url))];
  onTestFinished(async () => {
    await proxy.close();
    await Promise.all([others.close(), storage.close()]);
  });
  await others.make();
  await others.replace(name, 0, old ?? Buffer.of());
  told.splice(0);
  return { proxy, others, storage, told };
}

/** The first change, or the first few, meet these faults. */
function faulty({ proxy }: Stage, ...faults: readonly Fault[]): void {
  let count = 0;
  proxy.expect((statement) => (isChange(statement) ? faults[count++] : undefined));
}

async function content({ proxy, others }: Stage): Promise<[number | undefined, string | undefined]> {
  await proxy.settle();
  const there = await others.read(name);
  return [there?.revision, there && Buffer.from(there.bytes).toString()];
}

const replace = ({ storage }: Stage) => storage.replace(name, 1, ours ?? Buffer.of());

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  test.each(['never', 'before', 'meanwhile', 'after-next', 'at-end'] as const)(
    'without an answer, and delivered %s: committed once',
    async (delivered) => {
      const on = await stage();
      faulty(on, { delivered });
      expect(await replace(on)).toBe('committed');
      expect(await content(on)).toEqual([2, 'ours']);
      expect(on.told).toEqual(['raised']);
    },
  );

  test.each(['never', 'before', 'meanwhile', 'after-next', 'at-end'] as const)(
    'a restored revision without an answer, and delivered %s: committed once',
    async (delivered) => {
      const on = await stage();
      faulty(on, { delivered });
      expect(await on.storage.seed('sets/b', 0, 7, ours ?? Buffer.of())).toBe('committed');
      await on.proxy.settle();
      expect(await on.others.read('sets/b')).toEqual({ revision: 7, bytes: ours });
    },
  );

  test('without an answer again and again, and all of them delivered late', async () => {
    const on = await stage();
    faulty(on, ...Array.from({ length: 4 }, () => ({ delivered: 'at-end' }) as const));
    expect(await replace(on)).toBe('committed');
    expect(await content(on)).toEqual([2, 'ours']);
  });

  test.each(['never', 'at-end'] as const)(
    'others were first while it was in doubt, and it is delivered %s: a conflict',
    async (delivered) => {
      const on = await stage();
      const meanwhile = () => on.others.replace(name, 1, theirs ?? Buffer.of());
      faulty(on, { delivered, meanwhile });
      expect(await replace(on)).toBe('conflict');
      expect(await content(on)).toEqual([2, 'theirs']);
      expect(on.told.at(-1)).toBe('lowered');
    },
  );

  test('others went on from ours before it was known: unconfirmed, and the shield stays up', async () => {
    const on = await stage();
    const lowered: number[] = [];
    const meanwhile = async () => {
      await on.others.replace(name, 2, theirs ?? Buffer.of());
      lowered.push(on.told.length);
    };
    faulty(on, { delivered: 'before', meanwhile });
    await expect(replace(on)).rejects.toMatchObject({ code: 'unconfirmed' });
    expect(await content(on)).toEqual([3, 'theirs']);
    expect(on.told.slice(lowered[0])).toEqual([]);
  });

  test('others made two revisions while ours never came: unconfirmed, as it cannot be told apart', async () => {
    const on = await stage();
    const meanwhile = async () => {
      for (const revision of [1, 2]) await on.others.replace(name, revision, theirs ?? Buffer.of());
    };
    faulty(on, { delivered: 'never', meanwhile });
    await expect(replace(on)).rejects.toMatchObject({ code: 'unconfirmed' });
    expect(await content(on)).toEqual([3, 'theirs']);
  });

  test('others come between after a serialization failure, which leaves no doubt: a conflict', async () => {
    const on = await stage();
    const meanwhile = async () => {
      for (const revision of [1, 2]) await on.others.replace(name, revision, theirs ?? Buffer.of());
    };
    faulty(on, { delivered: 'never', answer: '40001', meanwhile });
    expect(await replace(on)).toBe('conflict');
  });

  test('what the server refuses for good is no doubt, unless an earlier try is in doubt', async () => {
    const on = await stage({ patience: 200 });
    const full = { delivered: 'never', answer: '53100' } as const;
    faulty(on, full);
    await expect(replace(on)).rejects.toMatchObject({ code: 'failed' });
    expect(on.told).toEqual(['raised', 'lowered']);
    faulty(on, { delivered: 'at-end' }, ...Array.from({ length: 20 }, () => full));
    await expect(replace(on)).rejects.toMatchObject({ code: 'unconfirmed' });
    expect(on.told).toEqual(['raised', 'lowered', 'raised']);
    expect(await content(on)).toEqual([2, 'ours']);
  });

  test('the server stays away: unconfirmed when patience is at its end, and soon', async () => {
    const on = await stage({ patience: 200 });
    faulty(on, { delivered: 'before', isGone: true });
    const begin = performance.now();
    await expect(replace(on)).rejects.toMatchObject({ code: 'unconfirmed' });
    expect(performance.now() - begin).toBeLessThan(5_000);
    expect(await content(on)).toEqual([2, 'ours']);
  });

  test('the server was not there to begin with: failed, and nothing is in doubt', async () => {
    const on = await stage();
    on.proxy.expect(undefined, { isGone: true });
    await expect(replace(on)).rejects.toMatchObject({ code: 'failed' });
    expect(await content(on)).toEqual([1, 'old']);
  });

  test('an idle connection that broke meanwhile is no doubt for what is done next', async () => {
    const on = await stage();
    await on.storage.read(name);
    await on.proxy.settle();
    expect(await replace(on)).toBe('committed');
    expect(await content(on)).toEqual([2, 'ours']);
  });

  test.each(['never', 'before', 'at-end'] as const)(
    'a place that was being made when the connection broke can be made again, delivered %s',
    async (delivered) => {
      for (let at = 1; ; at++) {
        const { proxy, storage, others } = await unmade();
        proxy.expect(({ index }) => (index === at ? { delivered } : undefined));
        const isMade = await storage.make().then(
          () => true,
          () => false,
        );
        await proxy.settle();
        // For who looks now it is not there, or it is whole.
        await others.isThere();
        if (!isMade) await storage.make();
        expect(await storage.replace(name, 0, ours ?? Buffer.of())).toBe('committed');
        if (isMade) return;
      }
    },
  );
}

async function unmade(): Promise<Pick<Stage, 'proxy' | 'storage' | 'others'>> {
  const url = await postgresSchema();
  const proxy = await PostgresProxy.before(url);
  const at = (place: string) => new PostgresStorage(parseDatabaseUrl(place, { env: {}, cwd: '/' }));
  const [others, storage] = [at(url), at(proxy.url(url))];
  onTestFinished(async () => {
    await proxy.close();
    await Promise.all([others.close(), storage.close()]);
  });
  return { proxy, storage, others };
}
