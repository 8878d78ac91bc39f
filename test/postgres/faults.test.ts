// Every statement of every operation that writes goes wrong in turn: old or new, nothing twice, and no false report.
//
// JWKS_FAULTS=all tries each statement with each fault; otherwise the faults take turns, with JWKS_FAULTS=more at more of them.
import { afterAll, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { applyRestore } from '../../src/operations/apply-restore.ts';
import { makeBackup } from '../../src/operations/make-backup.ts';
import { type Access, initKeystore, openKeystore } from '../../src/operations/open.ts';
import { readBackup } from '../../src/operations/open-backup.ts';
import { planRestore } from '../../src/operations/plan-restore.ts';
import { DatabaseKeystore } from '../support/database-keystore.ts';
import {
  attempt,
  expectGoesOn,
  expectOldOrNew,
  readState,
  reportOf,
  type State,
} from '../support/deed-laws.ts';
import { deeds, later } from '../support/deeds.ts';
import { isAll as isLong, ofExtent } from '../support/extent.ts';
import { postgresMissing, postgresSchema } from '../support/postgres.ts';
import type { Fault, Interfere, Statement } from '../support/postgres-proxy.ts';

const missing = await postgresMissing();

/** The step that cannot be taken back; all other statements may be repeated. */
const isChange = ({ text }: Pick<Statement, 'text'>): boolean => text.includes('pg_notify');
const isWriting = ({ text }: Statement): boolean => /\b(?:UPDATE|INSERT|CREATE)\b/.test(text);

interface Kind {
  readonly fault: Fault;
  /** What a command says whose change it hits, and nothing else. */
  readonly says: 'done' | 'failed' | 'unconfirmed';
  /** From here on, wherever something is written. */
  readonly stays?: boolean;
}

const kinds: Readonly<Record<string, Kind>> = {
  cut: { fault: { delivered: 'never' }, says: 'done' },
  'reply lost': { fault: { delivered: 'before' }, says: 'done' },
  'cut while it is at work': { fault: { delivered: 'meanwhile' }, says: 'done' },
  'delivered after the next': { fault: { delivered: 'after-next' }, says: 'done' },
  'delivered at the end': { fault: { delivered: 'at-end' }, says: 'done' },
  'serialization failure': { fault: { delivered: 'never', answer: '40001' }, says: 'done' },
  shutdown: { fault: { delivered: 'never', answer: '57P01' }, says: 'done' },
  'shutdown when it was done': { fault: { delivered: 'before', answer: '57P01' }, says: 'done' },
  'disk full': { fault: { delivered: 'never', answer: '53100' }, says: 'failed' },
  'disk full from here on': {
    fault: { delivered: 'never', answer: '53100' },
    says: 'failed',
    stays: true,
  },
  gone: { fault: { delivered: 'never', isGone: true }, says: 'unconfirmed' },
  'reply lost, and gone': { fault: { delivered: 'before', isGone: true }, says: 'unconfirmed' },
  'delivered late, and gone': { fault: { delivered: 'at-end', isGone: true }, says: 'unconfirmed' },
};
const names = Object.keys(kinds);

/** Hits a statement by its text: who is slow asks once more what server is there, which moves all numbers. */
function interfere(statements: readonly string[], at: number, { fault, stays = false }: Kind): Interfere {
  const wanted = statements[at - 1];
  let left = statements.slice(0, at).filter((text) => text === wanted).length;
  return (statement) => {
    const isIt = statement.text === wanted && --left === 0;
    return isIt || (stays && left <= 0 && isWriting(statement)) ? fault : undefined;
  };
}

/** What is tried at a statement: everything, or each time something else, and more where it counts. */
function kindsAt(index: number, turn: number, text: string, isSampled: boolean): string[] {
  if (isLong) return names;
  const [times, apart] = isSampled
    ? ofExtent({ few: [13, 21], more: [8, 7] })
    : ofExtent({ few: [7, 13], more: [4, 3] });
  const at = index + turn;
  const chosen = (times: number) => names.filter((_, number) => (number + at) % times === 0);
  if (isChange({ text })) return chosen(times);
  return at % apart === 0 ? chosen(names.length) : [];
}

const tried: Record<string, number> = {};

afterAll(() => {
  const total = Object.values(tried).reduce((sum, count) => sum + count, 0);
  console.log(`commands on PostgreSQL: ${total} points tried: ${JSON.stringify(tried)}`);
});

interface Point {
  readonly place: string;
  readonly report: unknown;
  readonly index: number;
}

/** Does it undisturbed, and then once for each statement and fault. Returns how it was before and is afterwards. */
async function everywhere(
  name: string,
  keystore: DatabaseKeystore,
  act: (access: Access) => Promise<unknown>,
  look: (point: Point) => Promise<void>,
): Promise<void> {
  const { proxy } = keystore;
  const turn = Object.keys(deeds).indexOf(name);
  const isSampled = name === 'restore' || deeds[name]?.inSteps === true;
  proxy.expect();
  await keystore.reset();
  expect(await act(keystore.behind())).toBe('done');
  const statements = [...proxy.statements];
  await look({ place: `${name}, undisturbed`, report: 'done', index: 0 });
  let points = 0;
  for (const [before, text] of statements.entries()) {
    const index = before + 1;
    for (const kindName of kindsAt(index, turn, text, isSampled)) {
      const kind = kinds[kindName];
      if (kind === undefined) continue;
      await keystore.reset();
      proxy.expect(interfere(statements, index, kind));
      const report = await act(keystore.behind());
      await proxy.settle();
      points += 1;
      const said = report instanceof JwksError ? report.code : report;
      const place = `${name}: statement ${index} (${text.slice(0, 40)}) ${kindName}: ${String(said)} ${String(report)}`;
      expect(['done', 'failed', 'unconfirmed'], place).toContain(said);
      if (isChange({ text })) expect(said, place).toBe(kind.says);
      await look({ place, report, index });
    }
  }
  tried[name] = points;
}

if (missing !== undefined) test.skip(`PostgreSQL: ${missing}`, () => {});
else {
  const timeout = isLong ? 1_200_000 : 60_000;

  test.each(Object.entries(deeds))('%s', { timeout }, async (name, deed) => {
    const keystore = await DatabaseKeystore.filled(await postgresSchema(), deed);
    const before = await readState(keystore.access());
    let after: State | undefined;
    let points = 0;
    await everywhere(
      name,
      keystore,
      (access) => attempt(access, deed),
      async ({ place, report }) => {
        const found = await readState(keystore.access());
        after ??= found;
        expectOldOrNew(found, before, after, deed, report, place);
        points += 1;
        if (isLong || points % 3 === 0 || deed.inSteps === true)
          await expectGoesOn(keystore.access(), deed, before, found, place);
      },
    );
    expect(after?.documents).not.toEqual(before.documents);
  });

  test('init', { timeout }, async () => {
    const keystore = await DatabaseKeystore.empty(await postgresSchema());
    const init = (access: Access) => reportOf(initKeystore(access, 'EdDSA'));
    await everywhere('init', keystore, init, async ({ place, report }) => {
      const isThere = (await keystore.access().place.look()) === 'taken';
      expectAsSaid(isThere, report, place);
      if (!isThere) expect(await init(keystore.access()), place).toBe('done');
      const { documents } = await readState(keystore.access());
      expect(documents, place).toEqual({
        master: JSON.stringify({ revision: 1, slots: ['first'], keys: 1, identities: 1 }),
      });
    });
  });

  test('restore', { timeout }, async () => {
    const source = await DatabaseKeystore.filled(await postgresSchema(), {});
    const whole = await readState(source.access());
    const { reader } = await openKeystore(source.access(), undefined);
    const { bytes } = await makeBackup(reader, later, undefined);
    const backup = await readBackup(bytes, 'a backup', async () => undefined);
    const request = { backup, source: 'a backup', sets: [], force: false };
    const restore = (access: Access) =>
      reportOf(planRestore(access, request).then((plan) => applyRestore(access, plan)));
    const keystore = await DatabaseKeystore.empty(await postgresSchema());
    await everywhere('restore', keystore, restore, async ({ place, report }) => {
      const isThere = await hasMaster(keystore.access());
      expectAsSaid(isThere, report, place);
      if (!isThere) expect(await restore(keystore.access()), place).toBe('done');
      expect(await readState(keystore.access()), place).toEqual(whole);
    });
  });
}

function expectAsSaid(isThere: boolean, report: unknown, place: string): void {
  if (report === 'done') expect(isThere, place).toBe(true);
  if (report instanceof JwksError && report.code !== 'unconfirmed') expect(isThere, place).toBe(false);
}

async function hasMaster({ place }: Access): Promise<boolean> {
  if ((await place.look()) !== 'taken') return false;
  return (await (await place.open()).read('master')) !== undefined;
}
