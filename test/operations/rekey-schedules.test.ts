// Rekeys, writers, new secrets and readers in turns that chance chooses, call by call, and some are killed: what was
// acknowledged is there afterwards, and opens. JWKS_RUNS=5000 for more; JWKS_SEED=... runs one schedule again.
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { addSecret } from '../../src/operations/secrets.ts';
import { type Backend, backends } from '../support/backends.ts';
import { Chance } from '../support/fleet-random.ts';
import { addKey, authorAt, type MadeKeystore, makeKeystoreIn, note } from '../support/keystore.ts';
import { type Kill, Scheduler } from '../support/scheduler.ts';

const [first = Math.floor(Math.random() * 2 ** 31), runs] = [
  process.env['JWKS_SEED'] === undefined ? undefined : Number(process.env['JWKS_SEED']),
  process.env['JWKS_SEED'] === undefined ? Number(process.env['JWKS_RUNS'] ?? 10) : 1,
];
/** So many schedules at a time: they wait now and then, as their actors do after a conflict. */
const atOnce = 8;
const ids = ['a', 'b', 'A'.repeat(100), 'B'.repeat(100)].map(parseSetId);

interface Told {
  schedules: number;
  calls: number;
  kills: number;
  rekeys: number;
  /** Of those, after ending another one. */
  others: number;
  keys: number;
  secrets: number;
  reads: number;
  refused: Record<string, number>;
}

const nothing = (): Told => ({
  schedules: 0,
  calls: 0,
  kills: 0,
  rekeys: 0,
  others: 0,
  keys: 0,
  secrets: 0,
  reads: 0,
  refused: {},
});

class Schedule {
  readonly #made: MadeKeystore<Storage>;
  readonly #chance: Chance;
  readonly #told: Told;
  readonly #scheduler: Scheduler;
  readonly #kids = new Map<SetId, string[]>();
  readonly #secrets = [1, 2].map((count) => parseSecret(generateSecretText(), `a test, ${count}`));
  readonly #opening = new Set<number>();

  constructor(made: MadeKeystore<Storage>, chance: Chance, told: Told) {
    this.#made = made;
    this.#chance = chance;
    this.#told = told;
    this.#scheduler = new Scheduler(made.storage, chance);
  }

  get calls(): readonly string[] {
    return this.#scheduler.calls;
  }

  async run(): Promise<void> {
    const chance = this.#chance;
    if (chance.is(0.7)) await this.#write(this.#made.storage, ids[0]);
    const actors = new Map<string, { kill: Kill | undefined; work: (storage: Storage) => Promise<void> }>();
    const add = (name: string, work: (storage: Storage) => Promise<void>) => {
      const kill = chance.is(0.25) ? { at: chance.from(1, 40), isDone: chance.is(0.5) } : undefined;
      actors.set(`${name}-${actors.size}`, { kill, work });
    };
    for (let count = chance.from(1, 3); count > 0; count--) {
      const request = {
        secrets: chance.is(0.8) ? this.#secrets : [],
        drop: [],
        newIdentity: chance.is(0.25),
      };
      add('rekey', (storage) => this.#rekey(storage, request));
    }
    for (let count = chance.from(1, 3); count > 0; count--) {
      const sets = Array.from({ length: chance.from(1, 3) }, () => chance.pick(ids));
      add('create', async (storage) => {
        for (const set of sets) await this.#write(storage, set);
      });
    }
    for (const index of this.#secrets.keys())
      if (chance.is(0.4)) add('secret', (storage) => this.#addSecret(storage, index));
    if (chance.is(0.5)) add('read', (storage) => this.#read(storage));
    await this.#scheduler.run(actors);
    this.#told.kills += this.#scheduler.kills;
    await this.#expectAll();
    const last = { secrets: this.#secrets, drop: [], newIdentity: chance.is(0.3) };
    await rekey(await this.#open(), last);
    await this.#expectAll();
    const { slot, reader } = await this.#open();
    const { masterKeys, before } = slot.unlocked;
    expect([masterKeys.length, before, reader.master.identities.length]).toEqual([1, undefined, 1]);
    this.#told.schedules += 1;
    this.#told.calls += this.calls.length;
  }

  async #write(storage: Storage, set: SetId | undefined): Promise<void> {
    if (set === undefined) return;
    await this.#unless(['identity'], async () => {
      const keystore = await this.#open(storage);
      const kid = await addKey(keystore, set);
      this.#kids.set(set, [...(this.#kids.get(set) ?? []), kid]);
      this.#told.keys += 1;
      // Once more with the keystore as it was opened then.
      if (this.#chance.is(0.3)) await keystore.change(set, note('again'));
    });
  }

  /** When it is done nothing opens with a key of before, and the identity is another if that was asked for. */
  async #rekey(storage: Storage, request: Parameters<typeof rekey>[1]): Promise<void> {
    // Without the secrets that were added it is refused.
    await this.#unless(request.secrets.length === 0 ? ['identity', 'conflict'] : ['identity'], async () => {
      const keystore = await this.#open(storage);
      const former = await this.#made.unlocked();
      const done = await rekey(keystore, request);
      const { masterKeys, identity } = await this.#made.unlocked();
      const kids = former.masterKeys.map(({ kid }) => kid);
      expect(masterKeys.filter(({ kid }) => kids.includes(kid))).toEqual([]);
      if (request.newIdentity) expect(identity.fingerprint).not.toBe(former.identity.fingerprint);
      this.#told.rekeys += 1;
      if (done.isOtherEnded) this.#told.others += 1;
    });
  }

  async #addSecret(storage: Storage, index: number): Promise<void> {
    const key = this.#secrets[index];
    if (key === undefined) return;
    await this.#unless(['identity'], async () => {
      await addSecret(await this.#open(storage), { key, label: undefined });
      this.#opening.add(index);
      this.#told.secrets += 1;
    });
  }

  async #read(storage: Storage): Promise<void> {
    await this.#unless(['identity'], async () => {
      const keystore = await this.#open(storage);
      for (let count = 0; count < 6; count++) {
        const [set, kids = []] = this.#chance.pick([...this.#kids]) ?? [];
        const opened = set && (await keystore.openSet(set));
        if (set === undefined) await keystore.slot.refresh();
        for (const kid of [...kids]) expect(opened?.privateKeys.map((key) => key.kid)).toContain(kid);
        this.#told.reads += 1;
      }
    });
  }

  /** All that was acknowledged, with every secret. */
  async #expectAll(): Promise<void> {
    const secrets = this.#secrets.filter((_, index) => this.#opening.has(index));
    for (const secret of [this.#made.secret, ...secrets]) {
      const keystore = await this.#open(this.#made.storage, secret);
      for (const name of await this.#made.storage.list()) await keystore.openDocument(name);
      for (const [set, kids] of this.#kids) {
        const opened = await keystore.openSet(set);
        expect(opened?.manifest).toMatchObject({ set });
        expect(opened?.privateKeys.map(({ kid }) => kid)).toEqual(expect.arrayContaining(kids));
      }
    }
  }

  #open(storage: Storage = this.#made.storage, secret = this.#made.secret): Promise<Keystore> {
    const seenFiles = new SeenFiles(realFileSystem, undefined);
    return Keystore.open({ storage, seenFiles, acceptRollback: false }, secret, authorAt(), undefined);
  }

  async #unless(codes: readonly string[], work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      const isUnconfirmed = thrown instanceof JwksError && thrown.code === 'unconfirmed';
      // Written, and a new identity is there before it could be read again.
      const error = isUnconfirmed ? thrown.cause : thrown;
      if (!(error instanceof JwksError) || !codes.includes(error.code)) throw thrown;
      this.#told.refused[error.code] = (this.#told.refused[error.code] ?? 0) + 1;
    }
  }
}

/** Returns its calls. */
async function runOne(make: Backend, seed: number, told = nothing()): Promise<readonly string[]> {
  const schedule = new Schedule(await makeKeystoreIn(await make()), new Chance(seed), told);
  try {
    await schedule.run();
    return schedule.calls;
  } catch (error) {
    console.log(`JWKS_SEED=${seed}\n${schedule.calls.join('\n')}`);
    throw error;
  }
}

describe.each(await backends())('%s', (backend, make) => {
  test('nothing that was acknowledged is lost', { timeout: 3_600_000 }, async () => {
    const count = backend === 'memory' || runs === 1 ? runs : Math.ceil(runs / 8);
    const told = nothing();
    let next = 0;
    const work = async () => {
      while (next < count) await runOne(make, first + next++, told);
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    console.log(`${backend}, from JWKS_SEED=${first}: ${JSON.stringify(told)}`);
    expect(told.schedules).toBe(count);
  });
});

test('a seed is a schedule', async () => {
  const make: Backend = async () => new MemoryStorage();
  expect(await runOne(make, first)).toEqual(await runOne(make, first));
});
