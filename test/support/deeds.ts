// Every operation that writes, each with a keystore that is made up for it.
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import type { Keystore } from '../../src/keystore/keystore.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { type Instant, toInstant } from '../../src/lifecycle/time.ts';
import { changeSecret } from '../../src/operations/change-secret.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { importKeys, readIncoming } from '../../src/operations/import-keys.ts';
import { type Access, initKeystore, openKeystore, openWith } from '../../src/operations/open.ts';
import { putSet } from '../../src/operations/put-keys.ts';
import { rekey } from '../../src/operations/rekey.ts';
import { deleteKey, deleteSet, retireKey, revokeKeys } from '../../src/operations/remove-keys.ts';
import { type RotateHow, rotateSets } from '../../src/operations/rotate-sets.ts';
import { addSecret, removeSecret } from '../../src/operations/secrets.ts';
import { setPolicy } from '../../src/operations/set-policy.ts';
import { auth, noon, secretOf } from './keystore.ts';

const [due, still, fresh] = ['due', 'still', 'fresh'].map(parseSetId) as [
  typeof auth,
  typeof auth,
  typeof auth,
];
const text = generateSecretText();
/** What `secret change` makes it. */
export const otherText = generateSecretText();
export const later = toInstant(noon + 100 * 86_400);
export const clock = () => later;

/** What every access to such a keystore has. */
export function accessAt(now: Instant = later, secret = text) {
  return {
    isDefault: false,
    findSecret: secretOf(secret),
    author: { now: () => now, by: 'alice@laptop' },
  } satisfies Partial<Access>;
}

export interface Deed {
  readonly run: (keystore: Keystore, access: Access) => Promise<unknown>;
  /** What must have been done before. */
  readonly prepare?: (keystore: Keystore) => Promise<unknown>;
  /** Private keys that are gone where it was done. */
  readonly mayLose?: readonly string[];
  /** It is several steps: each document for itself is old or new. */
  readonly inSteps?: boolean;
}

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

const importAs = (kid: string, set: typeof auth) => async (keystore: Keystore) => {
  const incoming = await readIncoming([{ name: 'in.json', bytes: body({ ...made, kid }) }], {}, {});
  return importKeys(keystore, { set, incoming, placement: { kind: 'next' } });
};

const rekeyed = (newIdentity: boolean) => (keystore: Keystore) => {
  // One that was interrupted may have dropped it.
  const drop = keystore.reader.master.slots.map(({ label }) => label).filter((label) => label === 'spare');
  return rekey(keystore, { secrets: [], drop, newIdentity });
};

export const deeds: Readonly<Record<string, Deed>> = {
  create: { run: (keystore) => createKey(keystore, clock, { set: auth, alg: 'ES256' }) },
  'create, a new set': { run: (keystore) => createKey(keystore, clock, { set: fresh, alg: 'ES256' }) },
  import: { run: importAs('in', auth) },
  rotate: { run: rotate({ kind: 'successor' }) },
  'rotate --now': { run: rotate({ kind: 'now' }) },
  'rotate --cancel': {
    run: rotate({ kind: 'cancel' }, [due]),
    // One that is cancelled has been begun.
    prepare: importAs('due-next', due),
    mayLose: ['due-next'],
  },
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
  'secret add': {
    run: (keystore) => addSecret(keystore, { key: parseSecret(otherText, 'another'), label: 'another' }),
  },
  'secret remove': { run: (keystore) => removeSecret(keystore, 'spare') },
  'secret change': {
    run: (keystore, access) =>
      changeSecret(keystore, {
        text: otherText,
        source: 'another',
        keeping: undefined,
        open: (secret) => openWith(access, secret),
      }),
    inSteps: true,
  },
  rekey: { run: rekeyed(false), inSteps: true },
  'rekey --new-identity': { run: rekeyed(true), inSteps: true },
};

/** With keys made at noon, so that one of the sets is due; the other has nothing to do. */
export async function fillKeystore(access: Access): Promise<void> {
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
}
