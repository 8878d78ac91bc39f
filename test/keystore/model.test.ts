// Any sequence of commands leaves a keystore as its model has it: which keys there are, which are names only, who signs.
//
// JWKS_RUNS=<sequences> and JWKS_SEED=<seed>; a difference is printed with both.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { thumbprintOf } from '../../src/jose/thumbprint.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import { stateOf } from '../../src/lifecycle/key.ts';
import { signersOf } from '../../src/lifecycle/signer.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { deleteKey, deleteSet, retireKey, revokeKeys } from '../../src/operations/remove-keys.ts';
import { rotateSets } from '../../src/operations/rotate-sets.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import { auth, authorAt, memoryKeystore, noon } from '../support/keystore.ts';
import { type Act, type Answer, firstPeriod, SetModel, spans, stateAt } from '../support/keystore-model.ts';

const seed = Number(process.env['JWKS_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const numRuns = Number(process.env['JWKS_RUNS'] ?? 16);
const names = [auth, parseSetId('other')] as const;

interface Model {
  now: number;
  readonly sets: SetModel[];
}

interface Real {
  readonly author: { now: () => ReturnType<typeof toInstant> };
  keystore: Keystore;
  readonly reopen: () => Promise<Keystore>;
}

/** An act with its place for a kid, which is known when it is done. */
type Wish = { readonly set: 0 | 1; readonly place: number } & (
  | { readonly kind: 'create'; readonly kid: string | undefined }
  | { readonly kind: 'rotate' | 'now' | 'cancel' | 'due' | 'delete-set' | 'retire' | 'revoke' | 'delete' }
  | { readonly kind: 'policy'; readonly period: number | undefined; readonly destroyRetiring: boolean }
);

const told: Record<string, number> = {};

function actOf(wish: Wish, { keys }: SetModel): Act {
  if (wish.kind !== 'retire' && wish.kind !== 'revoke' && wish.kind !== 'delete') return wish as Act;
  return { kind: wish.kind, kid: keys[wish.place]?.kid ?? 'nobody' };
}

async function perform(
  keystore: Keystore,
  clock: Real['author']['now'],
  set: SetId,
  act: Act,
): Promise<Answer> {
  try {
    await operate(keystore, clock, set, act);
    return 'done';
  } catch (error) {
    if (error instanceof JwksError) return error.code as Answer;
    throw error;
  }
}

async function operate(
  keystore: Keystore,
  clock: Real['author']['now'],
  set: SetId,
  act: Act,
): Promise<void> {
  switch (act.kind) {
    case 'create': {
      const policy = { facts: { ...spans, rotateEvery: firstPeriod }, was: [] };
      await createKey(keystore, clock, { set, kid: act.kid, alg: 'ES256', policy });
      return;
    }
    case 'rotate':
    case 'now':
    case 'cancel':
    case 'due': {
      const kind = act.kind === 'rotate' ? 'successor' : act.kind;
      const fetchUrl = () => Promise.reject(new Error('nothing is fetched'));
      const { failed } = await rotateSets({ keystore, clock, fetchUrl }, { sets: [set], how: { kind } });
      if (failed[0] !== undefined) throw failed[0].error;
      return;
    }
    case 'retire':
      await retireKey(keystore, { set, kid: act.kid });
      return;
    case 'revoke':
      await revokeKeys(keystore, { set, keys: [act.kid], reason: 'superseded' });
      return;
    case 'delete':
      await deleteKey(keystore, { set, kid: act.kid });
      return;
    case 'delete-set':
      await deleteSet(keystore, { set });
      return;
    case 'policy': {
      const changes = { rotateEvery: act.period ?? null, destroyRetiring: act.destroyRetiring || null };
      await setPolicy(keystore, { set, changes, force: true });
    }
  }
}

/** A set in a form that both have; kids that the model does not know are what they are in the keystore. */
function shapeOf(set: SetModel, now: number): unknown {
  if (set.revision === 0) return undefined;
  return {
    revision: set.revision,
    updated: set.updated,
    isDeleted: set.isDeleted,
    period: set.period,
    destroyRetiring: set.destroyRetiring,
    signer: set.isThere ? set.signer(now)?.kid : undefined,
    keys: set.keys.map((key) => ({ ...datesOf(key), state: stateAt(key, now) })),
  };
}

function datesOf({
  kid,
  created,
  activates,
  deactivates,
  retires,
  revoked,
  held,
  whole,
}: SetModel['keys'][0]) {
  return { kid, created, activates, deactivates, retires, revoked, held, whole };
}

async function look(keystore: Keystore, id: SetId, now: number) {
  const opened = await keystore.openSet(id);
  if (opened === undefined) return { kids: [], shape: undefined };
  const { manifest, privateKeys } = opened;
  const at = toInstant(now);
  const signers = signersOf(manifest.keys, at, spans.skew as never);
  // Whoever is said to be there is, and is who it is said to be.
  expect(privateKeys.map((jwk) => [jwk.kid, thumbprintOf(jwk)])).toEqual(
    manifest.keys.filter(({ held }) => held).map(({ kid, thumbprint }) => [kid, thumbprint]),
  );
  return {
    kids: manifest.keys.map(({ kid }) => kid),
    shape: {
      revision: manifest.revision,
      updated: manifest.updated as number,
      isDeleted: manifest.deleted !== undefined,
      period: manifest.policy?.facts.rotateEvery,
      destroyRetiring: manifest.policy?.facts.destroyRetiring === true,
      signer: signers[0]?.kid,
      keys: manifest.keys.map((key) => ({
        ...datesOf({ ...key, revoked: key.revoked?.at, whole: key.jwk !== undefined }),
        state: stateOf(key, at),
      })),
    },
  };
}

/** Names of keys that were made at random come from the keystore. */
function bind(set: SetModel, kids: readonly string[]): SetModel {
  const bound = set.copy();
  for (const [index, key] of bound.keys.entries())
    if (key.kid.startsWith('?')) key.kid = kids[index] ?? key.kid;
  return bound;
}

class Doing implements fc.AsyncCommand<Model, Real> {
  readonly wishes: readonly Wish[];

  /** One, or two writers at once. */
  constructor(...wishes: readonly Wish[]) {
    this.wishes = wishes;
  }

  check = () => true;

  async run(model: Model, real: Real): Promise<void> {
    const [first, second] = this.wishes;
    if (first === undefined) return;
    const id = names[first.set];
    const before = model.sets[first.set] ?? new SetModel();
    const acts = [first, ...(second === undefined ? [] : [second])].map((wish) => actOf(wish, before));
    const keystores = [real.keystore, ...(second === undefined ? [] : [await real.reopen()])];
    const answers = await Promise.all(
      acts.map((act, index) => perform(keystores[index] ?? real.keystore, real.author.now, id, act)),
    );
    const found = await look(real.keystore, id, model.now);
    const orders =
      second === undefined
        ? [[0]]
        : [
            [0, 1],
            [1, 0],
          ];
    const outcomes = orders.map((order) => {
      let set = before;
      const expected: Answer[] = [];
      for (const index of order) {
        const act = acts[index];
        if (act === undefined) continue;
        const outcome = set.after(act, model.now);
        expected[index] = outcome.answer;
        set = outcome.set;
      }
      return { expected, set: bind(set, found.kids) };
    });
    const shapes = outcomes.map(({ expected, set }) => ({
      answers: expected,
      shape: shapeOf(set, model.now),
    }));
    const actual = { answers, shape: found.shape };
    const fitting = shapes.findIndex((shape) => isEqual(shape, actual));
    if (fitting < 0) expect(actual, `${JSON.stringify(acts)} now ${model.now}`).toEqual(shapes[0]);
    const chosen = outcomes[Math.max(fitting, 0)];
    if (chosen !== undefined) model.sets[first.set] = chosen.set;
    for (const [index, act] of acts.entries()) {
      const what = `${second === undefined ? '' : 'at once: '}${act.kind} ${answers[index]}`;
      told[what] = (told[what] ?? 0) + 1;
    }
  }

  toString = () => JSON.stringify(this.wishes);
}

function isEqual(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

class Waiting implements fc.AsyncCommand<Model, Real> {
  readonly span: number;

  constructor(span: number) {
    this.span = span;
  }

  check = () => true;

  async run(model: Model, real: Real): Promise<void> {
    model.now += this.span;
    const { now } = model;
    real.author.now = () => toInstant(now);
    // Time alone changes states, and nothing else.
    await expectSame(model, real);
  }

  toString = () => `wait ${this.span}`;
}

class Reopening implements fc.AsyncCommand<Model, Real> {
  check = () => true;

  async run(model: Model, real: Real): Promise<void> {
    real.keystore = await real.reopen();
    await expectSame(model, real);
  }

  toString = () => 'reopen';
}

async function expectSame({ sets, now }: Model, { keystore }: Real): Promise<void> {
  for (const [index, set] of sets.entries()) {
    const { shape } = await look(keystore, names[index] ?? auth, now);
    expect(shape, `now ${now}`).toEqual(shapeOf(set, now));
  }
}

const set = fc.constantFrom(0 as const, 0 as const, 0 as const, 1 as const);
const place = fc.nat({ max: 3 });
const kid = fc.option(fc.constantFrom('k1', 'k2', 'k3', 'k4'), { nil: undefined });
const kinds = ['rotate', 'now', 'cancel', 'due', 'retire', 'revoke', 'delete'] as const;
const wish: fc.Arbitrary<Wish> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('create' as const), set, place, kid }) },
  { weight: 20, arbitrary: fc.record({ kind: fc.constantFrom(...kinds), set, place }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete-set' as const), set, place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      set,
      place,
      period: fc.constantFrom(undefined, 180, 400, 4_000),
      destroyRetiring: fc.boolean(),
    }),
  },
);
const pair = fc.tuple(wish, wish).map(([one, other]) => new Doing(one, { ...other, set: one.set }));
const day = 86_400;
const short = fc.constantFrom(0, 1, 9, 10, 30, 50, 60, 80, 90, 120);
const commands = fc.commands(
  [
    wish.map((one) => new Doing(one)),
    wish.map((one) => new Doing(one)),
    wish.map((one) => new Doing(one)),
    pair,
    short.map((span) => new Waiting(span)),
    short.map((span) => new Waiting(span)),
    fc.constantFrom(310, 400, day, 401 * day).map((span) => new Waiting(span)),
    fc.constant(new Reopening()),
  ],
  { maxCommands: 40, size: 'max' },
);

test('a keystore and its model do not differ', { timeout: 60_000 + numRuns * 1_000 }, async () => {
  let count = 0;
  let steps = 0;
  await fc.assert(
    fc.asyncProperty(commands, async (sequence) => {
      count += 1;
      await fc.asyncModelRun(async () => {
        const made = await memoryKeystore();
        const author = authorAt();
        const reopen = () => made.open({ author });
        const model: Model = { now: noon, sets: [new SetModel(), new SetModel()] };
        const real: Real = { author, keystore: await reopen(), reopen };
        await new Doing({ kind: 'create', set: 0, place: 0, kid: undefined }).run(model, real);
        return { model, real };
      }, sequence);
      steps += [...sequence].length;
    }),
    { seed, numRuns },
  );
  console.log(`${count} sequences, ${steps} commands, JWKS_SEED=${seed}: ${JSON.stringify(told)}`);
});
