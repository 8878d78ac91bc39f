// Every system call of every operation that writes fails, or is the last one, in turn: old or new, and nothing lost.
//
// JWKS_FAULTS=all tries each call with each error; otherwise the errors take turns, and deaths too.
import { cpSync, mkdirSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { parseSetId, setNameOf } from '../../src/keystore/set-id.ts';
import { stateOf } from '../../src/lifecycle/key.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { importKeys, readIncoming } from '../../src/operations/import-keys.ts';
import { initKeystore, openKeystore } from '../../src/operations/open.ts';
import { putSet } from '../../src/operations/put-keys.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { deleteKey, deleteSet, retireKey, revokeKeys } from '../../src/operations/remove-keys.ts';
import { type RotateHow, rotateSets } from '../../src/operations/rotate-sets.ts';
import { addSecret, removeSecret } from '../../src/operations/secrets.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import {
  type Call,
  Death,
  type Interfere,
  interferedFileSystem,
  type Operation,
  systemError,
} from '../support/faulty-file-system.ts';
import { accessIn, auth, type DirectoryAccess, noon, secretOf } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const isLong = process.env['JWKS_FAULTS'] === 'all';
const errors = ['ENOSPC', 'EIO', 'EACCES', 'EROFS', 'EMFILE', 'EINTR'];
const [due, still, fresh] = ['due', 'still', 'fresh'].map(parseSetId) as [
  typeof auth,
  typeof auth,
  typeof auth,
];
const text = generateSecretText();
const another = parseSecret(generateSecretText(), 'another');
const later = toInstant(noon + 100 * 86_400);

interface Deed {
  readonly run: (keystore: Keystore) => Promise<unknown>;
  /** Private keys that are gone where it was done. */
  readonly mayLose?: readonly string[];
  /** It is several steps: each document for itself is old or new. */
  readonly inSteps?: boolean;
}

const clock = () => later;
const body = (value: unknown) => Buffer.from(JSON.stringify(value));
const made = {
  ...(await generateKey(selectKeyShape({ alg: 'ES256' }), { scheme: 'thumbprint' })),
  kid: 'in',
};
const rotate =
  (how: RotateHow, sets: readonly (typeof auth)[] | 'all' = [auth]) =>
  async (keystore: Keystore) => {
    const fetchUrl = () => Promise.reject(new Error('nothing is fetched'));
    const { failed } = await rotateSets({ keystore, clock, fetchUrl }, { sets, how, force: true });
    if (failed[0] !== undefined) throw failed[0].error;
  };

const deeds: Readonly<Record<string, Deed>> = {
  create: { run: (keystore) => createKey(keystore, clock, { set: auth, alg: 'ES256' }) },
  'create, a new set': { run: (keystore) => createKey(keystore, clock, { set: fresh, alg: 'ES256' }) },
  import: {
    run: async (keystore) => {
      const incoming = await readIncoming([{ name: 'in.json', bytes: body(made) }], {}, {});
      return importKeys(keystore, { set: auth, incoming, placement: { kind: 'next' } });
    },
  },
  rotate: { run: rotate({ kind: 'successor' }) },
  'rotate --now': { run: rotate({ kind: 'now' }) },
  'rotate --cancel': { run: rotate({ kind: 'cancel' }, [due]), mayLose: ['due-next'] },
  'rotate --due': { run: rotate({ kind: 'due' }, 'all'), inSteps: true },
  retire: { run: (keystore) => retireKey(keystore, { set: auth, kid: 'a2' }) },
  revoke: {
    run: (keystore) => revokeKeys(keystore, { set: auth, keys: 'signer', reason: 'keyCompromise' }),
    mayLose: ['a2'],
  },
  'delete, a key': {
    run: (keystore) => deleteKey(keystore, { set: auth, kid: 'a1' }),
    mayLose: ['a1'],
  },
  'delete, a set': { run: (keystore) => deleteSet(keystore, { set: auth }), mayLose: ['a1', 'a2'] },
  policy: {
    run: (keystore) => setPolicy(keystore, { set: auth, changes: { tokenTtl: 60 }, force: true }),
  },
  put: {
    run: (keystore) => putSet(keystore, { set: auth, body: body({ keys: [made] }) }),
    mayLose: ['a1', 'a2'],
  },
  'secret add': { run: (keystore) => addSecret(keystore, { key: another, label: 'another' }) },
  'secret remove': { run: (keystore) => removeSecret(keystore, 'spare') },
  rekey: {
    run: (keystore) => rekey(keystore, { secrets: [], drop: ['spare'], newIdentity: false }),
    inSteps: true,
  },
  'rekey --new-identity': {
    run: (keystore) => rekey(keystore, { secrets: [], drop: ['spare'], newIdentity: true }),
    inSteps: true,
  },
};

function accessFor(home: string, fs: FileSystem, now = later): DirectoryAccess {
  const author = { now: () => now, by: 'alice@laptop' };
  return accessIn(home, { fs, isDefault: false, findSecret: secretOf(text), author });
}

/** With keys made long ago, so that one of the sets is due; the other has nothing to do. */
async function template(): Promise<string> {
  const home = temporaryDirectory();
  const access = accessFor(home, realFileSystem, noon);
  mkdirSync(access.directory, { recursive: true });
  await initKeystore(access, 'EdDSA');
  const keystore = await openKeystore(access, undefined);
  const make = (set: typeof auth, kid: string) => createKey(keystore, () => noon, { set, kid, alg: 'ES256' });
  for (const kid of ['a1', 'a2']) await make(auth, kid);
  await make(due, 'due-signer');
  await make(still, 'still-signer');
  await setPolicy(keystore, { set: due, changes: {} });
  await setPolicy(keystore, { set: auth, changes: {} });
  await addSecret(keystore, { key: parseSecret(generateSecretText(), 'spare'), label: 'spare' });
  keystore.reader.remember(true);
  return home;
}

/** Each document in words in which a kid that was made at random is the same as another. */
interface State {
  readonly documents: Readonly<Record<string, string>>;
  readonly held: readonly string[];
}

const known = /^(?:a\d|due-.*|still-.*|in)$/;
const named = (kid: string | undefined) => (kid !== undefined && known.test(kid) ? kid : 'new');

async function stateIn(home: string): Promise<State> {
  const keystore = await openKeystore(accessFor(home, realFileSystem), undefined);
  const { master, storage } = keystore.reader;
  const documents: Record<string, string> = {
    master: JSON.stringify({
      revision: master.revision,
      slots: master.slots.map(({ label }) => label),
      keys: keystore.slot.unlocked.masterKeys.length,
      identities: master.identities.length,
    }),
  };
  const held: string[] = [];
  for (const name of await storage.list()) {
    const set = parseSetId(setNameOf(name));
    const opened = await keystore.openSet(set);
    if (opened === undefined) continue;
    const { manifest, privateKeys } = opened;
    held.push(...privateKeys.map(({ kid }) => kid ?? ''));
    documents[name] = JSON.stringify({
      revision: manifest.revision,
      deleted: manifest.deleted,
      policy: manifest.policy,
      keys: manifest.keys.map((key) => [
        named(key.kid),
        stateOf(key, later),
        key.held,
        key.jwk !== undefined,
      ]),
      held: privateKeys.map(({ kid }) => named(kid)),
      events: manifest.events.map(({ event, kid }) => [event, named(kid)]),
    });
  }
  return { documents, held };
}

async function attempt(home: string, { run }: Deed, fs: FileSystem): Promise<unknown> {
  try {
    const keystore = await openKeystore(accessFor(home, fs), undefined);
    await run(keystore);
    keystore.reader.remember(true);
    return 'done';
  } catch (error) {
    return error;
  }
}

function copyOf(home: string): string {
  const copy = temporaryDirectory();
  cpSync(home, copy, { recursive: true, preserveTimestamps: true });
  return copy;
}

/** No disk is waited for: that it was asked to keep something is enough here. */
function interfered(interfere: Interfere): FileSystem {
  return interferedFileSystem((call, proceed) =>
    interfere(call, () => (call.operation === 'fsync' ? undefined : proceed())),
  );
}

const quick = interfered((_, proceed) => proceed());

function failingOnce(index: number, code: string): FileSystem {
  return interfered((call, proceed) => {
    if (call.index === index) throw systemError(code);
    return proceed();
  });
}

/** As a disk is that has become full, until something is removed. */
function fullFrom(index: number): FileSystem {
  return interfered((call, proceed) => {
    if (call.index >= index && ['write', 'mkdir', 'openNew', 'link'].includes(call.operation))
      throw systemError('ENOSPC');
    return proceed();
  });
}

/** The process dies before that call, or when it is done. */
function dyingAt(index: number, isDone: boolean): FileSystem {
  return interfered((call, proceed) => {
    if (call.index > index || (call.index === index && !isDone)) throw new Death();
    const answer = proceed();
    if (call.index === index) throw new Death();
    return answer;
  });
}

const reading: readonly Operation[] = [
  'readdir',
  'subdirectories',
  'readFile',
  'lstat',
  'stat',
  'realpath',
  'fstat',
  'openDirectory',
  'close',
];

interface Point {
  readonly what: string;
  readonly fs: FileSystem;
}

/** What is tried at a call: everything, or each time something else. */
function pointsAt({ index, operation }: Call, turn: number, isSampled: boolean): Point[] {
  const failing: Point[] = errors.map((code) => ({ what: code, fs: failingOnce(index, code) }));
  const failingOn = { what: 'ENOSPC from here on', fs: fullFrom(index) };
  const deaths = [
    { what: 'death before', fs: dyingAt(index, false) },
    { what: 'death after', fs: dyingAt(index, true) },
  ];
  if (isLong) return [...failing, failingOn, ...deaths];
  const at = (index + turn) / (isSampled ? 9 : 3);
  if (!Number.isInteger(at)) return [];
  const [failure, death] = [failing[at % failing.length], deaths[at % deaths.length]];
  // What only reads is much the same for all, and where it dies nothing was done since.
  const isReading = reading.includes(operation);
  const chosen = isReading ? [at % 5 === 0 ? failure : undefined] : [failure, death];
  return chosen.filter((point) => point !== undefined);
}

const tried: Record<string, number> = {};

afterAll(() => {
  const total = Object.values(tried).reduce((sum, count) => sum + count, 0);
  console.log(`commands: ${total} points tried: ${JSON.stringify(tried)}`);
});

test.each(Object.entries(deeds))('%s', { timeout: isLong ? 1_200_000 : 60_000 }, async (name, deed) => {
  const home = await template();
  // One that is cancelled has been begun.
  if (name === 'rotate --cancel') await prepareCancel(home);
  const before = await stateIn(home);
  const undisturbed = copyOf(home);
  const calls: Call[] = [];
  const recording = interfered((call, proceed) => {
    calls.push(call);
    return proceed();
  });
  expect(await attempt(undisturbed, deed, recording)).toBe('done');
  const after = await stateIn(undisturbed);
  expect(after.documents).not.toEqual(before.documents);
  expect(before.held.filter((kid) => !after.held.includes(kid)).sort()).toEqual(
    [...(deed.mayLose ?? [])].sort(),
  );
  let points = 0;
  const turn = Object.keys(deeds).indexOf(name);
  for (const call of calls) {
    for (const { what, fs } of pointsAt(call, turn, deed.inSteps === true)) {
      const place = `${name}: call ${call.index} (${call.operation}) ${what}`;
      const copy = copyOf(home);
      const said = await attempt(copy, deed, fs);
      // Who is dead says nothing.
      const report = what.startsWith('death') && said !== 'done' ? new Death() : said;
      points += 1;
      if (!(report instanceof JwksError || report instanceof Death)) expect(report, place).toBe('done');
      const found = await stateIn(copy);
      expectOldOrNew(found, before, after, deed, report, place);
      if (isLong || points % 3 === 0 || deed.inSteps === true)
        await expectGoesOn(copy, deed, before, found, place);
    }
  }
  tried[name] = points;
});

async function prepareCancel(home: string): Promise<void> {
  const keystore = await openKeystore(accessFor(home, realFileSystem), undefined);
  const incoming = await readIncoming(
    [{ name: 'in.json', bytes: body({ ...made, kid: 'due-next' }) }],
    {},
    {},
  );
  await importKeys(keystore, { set: due, incoming, placement: { kind: 'next' } });
}

function expectOldOrNew(
  found: State,
  before: State,
  after: State,
  { mayLose = [], inSteps = false }: Deed,
  report: unknown,
  place: string,
): void {
  const isDone = report === 'done';
  if (isDone) expect(found.documents, place).toEqual(after.documents);
  else if (!inSteps) {
    const isNew = JSON.stringify(found.documents) === JSON.stringify(after.documents);
    if (!isNew) expect(found.documents, place).toEqual(before.documents);
    // What is said to have failed was not done; of what was not confirmed it is not known.
    if (report instanceof JwksError && report.code !== 'unconfirmed')
      expect(found.documents, `${place}: ${report.code} ${report.message}`).toEqual(before.documents);
  } else {
    for (const [document, state] of Object.entries(found.documents)) {
      if (document === 'master') continue;
      expect([before.documents[document], after.documents[document]], place).toContain(state);
    }
  }
  const lost = before.held.filter((kid) => !found.held.includes(kid));
  expect(mayLose, place).toEqual(expect.arrayContaining(lost));
}

/** What was interrupted can be done again or ended, and the next change goes through. */
async function expectGoesOn(
  home: string,
  deed: Deed,
  before: State,
  found: State,
  place: string,
): Promise<void> {
  if (deed.inSteps === true) {
    const again = await attempt(home, deed, quick);
    if (!(again instanceof JwksError && again.code === 'not-found')) expect(again, place).toBe('done');
    const ended = await stateIn(home);
    expect(ended.held, place).toEqual(expect.arrayContaining([...before.held]));
    expect(ended.documents['master'], place).toContain('"keys":1,"identities":1');
  }
  const access = accessFor(home, quick);
  await createKey(await openKeystore(access, undefined), clock, { set: auth, kid: 'next', alg: 'ES256' });
  const { held } = await stateIn(home);
  expect(held, place).toEqual(
    expect.arrayContaining(['next', ...found.held.filter((kid) => known.test(kid))]),
  );
}
