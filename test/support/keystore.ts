// Keystores for tests: in memory and in a temporary directory, with a clock and a secret that are made up.
import { join } from 'node:path';
import { JwksError } from '../../src/errors.ts';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { SignatureChecker } from '../../src/jose/identity.ts';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { thumbprintOf } from '../../src/jose/thumbprint.ts';
import { DirectoryPlace } from '../../src/keystore/directory-place.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { type Change, type Decide, Keystore } from '../../src/keystore/keystore.ts';
import type { ManifestKey } from '../../src/keystore/manifest.ts';
import { openSlots, parseMaster, type Unlocked } from '../../src/keystore/master-document.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { makeKeystore } from '../../src/keystore/new-keystore.ts';
import type { Author } from '../../src/keystore/reader.ts';
import { generateSecretText, parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import type { Storage } from '../../src/keystore/storage.ts';
import { type Instant, toInstant } from '../../src/lifecycle/time.ts';
import type { Access } from '../../src/operations/open.ts';
import { temporaryDirectory } from './temporary.ts';

export const noon: Instant = toInstant(Date.parse('2026-02-01T12:00:00Z') / 1000);
export const auth: SetId = parseSetId('auth');

/** Moves when a test says so. */
export function authorAt(now: Instant = noon): { -readonly [member in keyof Author]: Author[member] } {
  return { now: () => now, by: 'alice@laptop' };
}

export interface MadeKeystore<S extends Storage> {
  readonly storage: S;
  readonly secret: Secret;
  readonly text: string;
  readonly fingerprint: string;
  open(options?: {
    readonly storage?: Storage;
    readonly author?: Author;
    readonly acceptRollback?: boolean;
    readonly expected?: string;
  }): Promise<Keystore>;
  unlocked(): Promise<Unlocked>;
}

export async function makeKeystoreIn<S extends Storage>(storage: S): Promise<MadeKeystore<S>> {
  const text = generateSecretText();
  const secret = parseSecret(text, 'a test');
  const fingerprint = await makeKeystore(storage, secret, authorAt(), 'EdDSA');
  if (fingerprint === undefined) throw new Error('there is a keystore already');
  return {
    storage,
    secret,
    text,
    fingerprint,
    open: ({ storage: other, author, acceptRollback = false, expected } = {}) => {
      const seenFiles = new SeenFiles(realFileSystem, undefined);
      const options = { storage: other ?? storage, seenFiles, acceptRollback };
      return Keystore.open(options, secret, author ?? authorAt(), expected);
    },
    unlocked: async () => {
      const { bytes, revision } = await mustRead(storage, 'master');
      const { master } = await parseMaster(bytes, revision, new SignatureChecker());
      const opened = await openSlots(master.slots, secret);
      if (opened === undefined) throw new Error('the secret does not open');
      return opened.unlocked;
    },
  };
}

export async function memoryKeystore(): Promise<MadeKeystore<MemoryStorage>> {
  return makeKeystoreIn(new MemoryStorage());
}

export async function mustRead(storage: Storage, name: Parameters<Storage['read']>[0]) {
  const read = await storage.read(name);
  if (read === undefined) throw new Error(`${name} is absent`);
  return read;
}

/** Adds one new ES256 key in front. */
export async function addKey(keystore: Keystore, id: SetId = auth): Promise<string> {
  const { decide, kid } = await addition();
  await keystore.change(id, decide, { create: true });
  return kid;
}

/** The decision that adds one key, for tests that watch how it is asked. */
export async function addition(): Promise<{ readonly decide: Decide; readonly kid: string }> {
  const privateJwk = await generateKey(selectKeyShape({ alg: 'ES256' }), { scheme: 'thumbprint' });
  const kid = privateJwk.kid ?? '';
  const decide: Decide = (current, now): Change => {
    const jwk = toPublicJwk(privateJwk);
    const names = { kid, alg: 'ES256', use: 'sig', symmetric: false, held: true } as const;
    const key: ManifestKey = {
      ...names,
      thumbprint: thumbprintOf(privateJwk),
      created: now,
      activates: now,
      jwk,
    };
    return {
      keys: [key, ...(current?.manifest.keys ?? [])],
      privateKeys: [privateJwk, ...(current?.privateKeys ?? [])],
      policy: current?.manifest.policy,
      events: [{ event: 'created', kid }],
    };
  };
  return { decide, kid };
}

/** Writes one event and leaves the keys as they are. */
export function note(text: string): Decide {
  return (current) => ({
    keys: current?.manifest.keys ?? [],
    privateKeys: current?.privateKeys ?? [],
    policy: current?.manifest.policy,
    events: [{ event: 'noted', note: text }],
  });
}

/** What a command opens a keystore in a directory with. */
export type DirectoryAccess = Access & { readonly directory: string };

/** A home as the command sees it: nothing in it yet, and the keystore's default place. */
export function accessIn(
  home: string = temporaryDirectory(),
  {
    directory = join(home, 'share', 'jwks'),
    ...more
  }: Partial<Access> & { readonly directory?: string } = {},
): DirectoryAccess {
  const host = { fs: realFileSystem, uid: process.geteuid?.(), shield: undefined, ...more };
  return {
    ...host,
    directory,
    place: new DirectoryPlace(directory, host),
    isDefault: true,
    stateDirectory: join(home, 'state', 'jwks'),
    identity: undefined,
    acceptRollback: false,
    findSecret: async () => undefined,
    askSecret: async () => undefined,
    secretFile: join(home, 'config', 'jwks', 'secret'),
    author: authorAt(),
    isSecretNamed: false,
    warn: () => {},
    ...more,
  };
}

/** The same, on another file system or as another user. */
export function onHost(
  access: DirectoryAccess,
  host: { readonly fs?: FileSystem; readonly uid?: number },
): DirectoryAccess {
  const other = { ...access, ...host };
  return { ...other, place: new DirectoryPlace(access.directory, other) };
}

/** A secret that is set, as `findSecret` would give it. */
export function secretOf(text: string): Access['findSecret'] {
  return async () => ({ text, source: 'a test' });
}

/** The code of the JwksError that it ends with; anything else, also no error, fails the test. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof JwksError) return error.code;
    throw error;
  }
  throw new Error('it did not fail');
}
