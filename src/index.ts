// The library's face: a keystore for Node programs. Everything else in this package is private.
import type { KeyObject } from 'node:crypto';
import { resolve } from 'node:path';
import { JwksError } from './errors.ts';
import type { KidScheme } from './jose/generate.ts';
import type { IdentityAlgorithm } from './jose/identity.ts';
import type { PublicJwk } from './jose/jwk.ts';
import { toKeyObject } from './jose/private-key.ts';
import { realFileSystem } from './keystore/file-system.ts';
import type { Keystore as UnlockedKeystore } from './keystore/keystore.ts';
import { toPlace } from './keystore/place.ts';
import type { Reader } from './keystore/reader.ts';
import { generateSecretText } from './keystore/secret.ts';
import { parseKeyId, parseSetId } from './keystore/set-id.ts';
import type { KeyState, Use } from './lifecycle/key.ts';
import { type Instant, toInstant } from './lifecycle/time.ts';
import { createKey } from './operations/create-key.ts';
import { exportPublic } from './operations/export-jwks.ts';
import { listSets } from './operations/list-sets.ts';
import { type Access, initKeystore, openReader, openKeystore as openUnlocked } from './operations/open.ts';
import { openSigner } from './operations/open-signer.ts';

export { type ErrorCode, JwksError } from './errors.ts';
export type { PublicJwk } from './jose/jwk.ts';
export type { KeyState, Use } from './lifecycle/key.ts';

/** Where a keystore is and what speaks for it. */
export interface KeystoreOptions {
  /** The keystore's directory, or its `postgres://` URL. It must exist; `makeKeystore` makes one. */
  readonly keystore: string;
  /**
   * The secret itself, as text: a generated secret or a passphrase of 16 characters or more. Needed for `create`
   * and `signer`; without it, `identity` says whom to trust.
   */
  readonly secret?: string | undefined;
  /** RFC 7638 thumbprint of the key that signs the keystore, 43 base64url characters. */
  readonly identity?: string | undefined;
  /**
   * Directory in which this host remembers the highest revisions it has seen, to notice a keystore that went
   * back (the command uses `$XDG_STATE_HOME/jwks`). Absent: nothing is remembered beyond this object.
   */
  readonly stateDirectory?: string | undefined;
  /** Who makes the changes, for the history. Default `library`. */
  readonly actor?: string | undefined;
  /** The clock. Default: the host's. */
  readonly now?: (() => Date) | undefined;
}

/** A key of a set as anybody may see it. Dates that are not set yet are absent. */
export interface KeyInfo {
  readonly kid: string;
  readonly alg: string;
  readonly use: Use;
  readonly state: KeyState;
  /** Whether it is the one that signs its algorithm's tokens now. */
  readonly isSigner: boolean;
  readonly created: Date;
  readonly activates?: Date;
  readonly deactivates?: Date;
  readonly retires?: Date;
  /** The public half; of a symmetric key and a tombstone there is none. */
  readonly publicJwk?: PublicJwk;
}

export interface SetInfo {
  readonly set: string;
  /** Rises by one with every change. */
  readonly revision: number;
  readonly keys: readonly KeyInfo[];
}

/** RFC 7517 section 5. */
export interface PublicJwkSet {
  readonly keys: readonly PublicJwk[];
}

export interface CreateOptions {
  /** `alg` of RFC 7518, 8037, 9864 or 9964. Default `RS256`. */
  readonly alg?: string | undefined;
  /** Size of an RSA or symmetric key in bits. Default: RSA 4096, symmetric what the algorithm needs. */
  readonly bits?: number | undefined;
  /** Curve, where the algorithm leaves a choice. */
  readonly crv?: string | undefined;
  /** Given by hand; absent: made by `kidFrom`. */
  readonly kid?: string | undefined;
  /** Default `thumbprint` (RFC 7638); a symmetric key always has a UUID. */
  readonly kidFrom?: KidScheme | undefined;
  /** Be content with a key of that algorithm that is active already. */
  readonly ifMissing?: boolean | undefined;
  /** For the history. */
  readonly note?: string | undefined;
}

export interface CreatedKey {
  readonly kid: string;
  /** False: with `ifMissing`, there was one already. */
  readonly made: boolean;
  /** Of a symmetric key there is none. */
  readonly publicJwk: PublicJwk | undefined;
}

/** The key to sign (or, for `enc`, to decrypt) with now. `key` goes into jose and node:crypto as it is. */
export interface Signer {
  readonly kid: string;
  readonly alg: string;
  readonly use: Use;
  readonly key: KeyObject;
}

/** What every method may throw besides: JwksError `failed`, where the disk or the database does not do its part. */
export interface Keystore {
  /** The RFC 7638 thumbprint by which readers without the secret can trust this keystore. */
  readonly identity: string;

  /**
   * Makes a key that signs at once, in a set that is made if need be.
   * @throws JwksError `usage` for options that contradict each other, `conflict` for a kid that the set has had,
   * `secret` without a secret, `unsafe` where this host's clock is behind the set's last change, `unsupported` for
   * an algorithm of which this Node makes no keys
   */
  create(set: string, options?: CreateOptions): Promise<CreatedKey>;

  /**
   * Sets and their keys, tombstones too; all sets where none is named.
   * @throws JwksError `not-found`, `damaged`, `rolled-back`
   */
  list(sets?: readonly string[]): Promise<SetInfo[]>;

  /**
   * What `/.well-known/jwks.json` should serve: the publishable keys of the sets, merged in their order.
   * @throws JwksError `not-found`, `unsafe` where there is nothing to publish, `conflict` where sets have
   * different keys with one kid, `damaged`, `rolled-back`
   */
  publicJwks(sets: readonly string[]): Promise<PublicJwkSet>;

  /**
   * The key that signs now. Ask again before each batch of tokens: it changes when the set is rotated.
   * @param alg which, where the set has signers for several algorithms
   * @throws JwksError `not-found` where nothing signs, `conflict` where `alg` is needed and missing, `secret`
   */
  signer(set: string, alg?: string): Promise<Signer>;
}

/**
 * Opens a keystore, by its secret or, for reading, by its fingerprint.
 * @throws JwksError `not-found`, `secret`, `identity` (also where neither was given), `damaged`, `newer-format`,
 * `rolled-back`, `untrusted-file`
 */
export async function openKeystore(options: KeystoreOptions): Promise<Keystore> {
  const access = toAccess(options);
  const clock = () => access.author.now();
  if (options.secret === undefined) {
    const reader = await openReader(access);
    if (!reader.isTrusted) throw new JwksError('identity', 'neither a secret nor a fingerprint was given');
    return toKeystore(reader, undefined, clock);
  }
  const keystore = await openUnlocked(access, undefined);
  return toKeystore(keystore.reader, keystore, clock);
}

/**
 * Makes a keystore in a directory that is empty or missing, or in a database, and opens it.
 * @param options.identityAlg what the keystore signs with, default `EdDSA`
 * @throws JwksError `conflict` where something is there, `secret`, `unsupported` without hard links
 */
export async function makeKeystore(
  options: KeystoreOptions & { readonly secret: string; readonly identityAlg?: IdentityAlgorithm },
): Promise<Keystore> {
  await initKeystore(toAccess(options), options.identityAlg ?? 'EdDSA');
  return openKeystore(options);
}

/** A new secret: `jwks_secret_` and 256 random bits as 43 base64url characters. */
export function generateSecret(): string {
  return generateSecretText();
}

function toAccess(options: KeystoreOptions): Access {
  const { keystore, secret, identity, stateDirectory, actor = 'library', now } = options;
  const host = { fs: realFileSystem, uid: process.geteuid?.(), shield: undefined };
  return {
    ...host,
    // As it is now: a program may change its working directory.
    place: toPlace(keystore, { ...host, cwd: process.cwd(), env: process.env }),
    isDefault: false,
    stateDirectory: stateDirectory === undefined ? undefined : resolve(stateDirectory),
    identity,
    acceptRollback: false,
    findSecret: async () => (secret === undefined ? undefined : { text: secret, source: 'the options' }),
    askSecret: async () => undefined,
    secretFile: undefined,
    author: { now: () => toInstant((now?.() ?? new Date()).getTime() / 1000), by: actor },
    isSecretNamed: true,
    warn: () => {},
  };
}

function toKeystore(reader: Reader, unlocked: UnlockedKeystore | undefined, clock: () => Instant): Keystore {
  const locked = (): UnlockedKeystore => {
    if (unlocked === undefined) throw new JwksError('secret', 'this keystore was opened without its secret');
    return unlocked;
  };
  const remembered = <T>(result: T): T => {
    reader.remember(unlocked !== undefined);
    return result;
  };
  return {
    identity: reader.fingerprint,
    async create(set, { alg = 'RS256', kid, bits, crv, kidFrom, ifMissing, note } = {}) {
      const names = { set: parseSetId(set), kid: kid === undefined ? undefined : parseKeyId(kid) };
      const request = { alg, bits, crv, kidFrom, ifMissing, note, ...names };
      const { key, outcome } = await createKey(locked(), clock, request);
      if (key === undefined) throw new JwksError('internal', 'no key was made');
      return remembered({ kid: key.kid, made: outcome === 'made', publicJwk: key.jwk });
    },
    async list(sets) {
      const chosen = sets?.map(parseSetId) ?? 'all';
      const listed = await listSets(reader, clock(), { sets: chosen, tombstones: true });
      return remembered(listed).map(({ manifest, keys }) => ({
        set: manifest.set,
        revision: manifest.revision,
        keys: keys.map(({ key, state, isSigner }) => ({
          kid: key.kid,
          alg: key.alg,
          use: key.use,
          state,
          isSigner,
          created: toDate(key.created),
          ...dates(key),
          ...(key.jwk === undefined ? {} : { publicJwk: key.jwk }),
        })),
      }));
    },
    async publicJwks(sets) {
      return remembered(await exportPublic(reader, clock(), { sets: sets.map(parseSetId) }));
    },
    async signer(set, alg) {
      const { key, privateJwk } = await openSigner(locked(), clock(), { set: parseSetId(set), alg });
      return { kid: key.kid, alg: key.alg, use: key.use, key: toKeyObject(privateJwk) };
    },
  };
}

function dates(key: { readonly [name in 'activates' | 'deactivates' | 'retires']?: Instant | undefined }) {
  const { activates, deactivates, retires } = key;
  const set = Object.entries({ activates, deactivates, retires }).filter(([, at]) => at !== undefined);
  return Object.fromEntries(set.map(([name, at]) => [name, toDate(at as Instant)]));
}

const toDate = (at: Instant): Date => new Date(at * 1000);
