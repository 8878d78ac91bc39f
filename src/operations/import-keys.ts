// Takes keys from elsewhere into a set: all of them, proved, in one step.
import { JwksError } from '../errors.ts';
import { type KidScheme, kidOf } from '../jose/generate.ts';
import { isSymmetric, nameJwk, namePublicJwk, type PrivateJwk, toPublicJwk } from '../jose/jwk.ts';
import { type ProvedKey, proveKeys } from '../jose/prove/prove-key.ts';
import { collect, Faults } from '../jose/read/faults.ts';
import type { ReadOptions } from '../jose/read/read-context.ts';
import { readKeys } from '../jose/read/read-keys.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import { parseKeyId, parseNote, type SetId } from '../keystore/set-id.ts';
import { isNew } from '../lifecycle/draft.ts';
import { stateOf, type Use } from '../lifecycle/key.ts';
import { supersededBy } from '../lifecycle/plan-create.ts';
import { type Placement, planImport } from '../lifecycle/plan-import.ts';
import type { Policy } from '../lifecycle/policy.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import {
  type Changed,
  type ChangeRequest,
  changeSet,
  lifeOf,
  refuseTaken,
  refuseUnlisted,
} from './change-set.ts';

/** A file of keys, as its bytes. */
export interface KeyFile {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** For keys that do not say it themselves. */
export interface WantedKey {
  readonly alg?: string | undefined;
  readonly use?: Use | undefined;
}

/** A key of a file that is good to be taken in. */
export interface Incoming {
  readonly proved: ProvedKey;
  readonly kid: string;
}

export interface ImportRequest extends ChangeRequest {
  readonly set: SetId;
  readonly incoming: readonly Incoming[];
  readonly placement: Placement;
  /** The policy of a set that is made. */
  readonly policy?: Policy | undefined;
}

export interface Imported extends Changed {
  readonly imported: readonly ManifestKey[];
  /** Those of them that there are, by kid. */
  readonly privateKeys: ReadonlyMap<string, PrivateJwk>;
  /** What signed until the first of them did. */
  readonly superseded: ManifestKey | undefined;
}

/**
 * Reads and proves the keys of files, in their order. All faults are told together, and one is enough for none to be
 * taken in. A key without a kid gets one.
 */
export async function readIncoming(
  files: readonly KeyFile[],
  wanted: WantedKey,
  options: ReadOptions,
  scheme: KidScheme = 'thumbprint',
): Promise<Incoming[]> {
  const proved = await collect(files, async ({ name, bytes }) => {
    const faults = new Faults();
    const onRefused = (fault: unknown) => faults.hold(fault);
    const keys: ProvedKey[] = [];
    await faults.attempt(async () => {
      keys.push(...(await proveKeys(await readKeys(bytes, name, { ...options, onRefused }), wanted)));
    });
    faults.throwIfAny();
    return keys;
  });
  const known = new Set<string>();
  return collect(proved.flat(), (one) => {
    const kid = one.kid === undefined ? kidOf(one.jwk, scheme) : checkKid(one.kid, one.where);
    if (known.has(kid)) {
      throw new JwksError('bad-key', `${one.where}: a key before it has the kid "${kid}" too`);
    }
    known.add(kid);
    return { proved: one, kid };
  });
}

/** The private keys of a file as they stand in it, for opening what is encrypted to them. */
export async function readPrivateKeys(
  { name, bytes }: KeyFile,
  passphrase: ReadOptions['passphrase'],
): Promise<PrivateJwk[]> {
  const found = await readKeys(bytes, name, { passphrase });
  const keys = found.flatMap((key) => (key.isPrivate ? [key.jwk] : []));
  if (keys.length === 0) throw new JwksError('bad-key', `${name} holds no private key`);
  return keys;
}

function checkKid(kid: string, where: string): string {
  try {
    return parseKeyId(kid);
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    throw new JwksError('bad-key', `${where}: ${error.message}`, { hint: error.hint });
  }
}

/** A kid that the set has had, and a key that it has revoked, are exit 5: nothing is taken in then. */
export async function importKeys(keystore: Keystore, request: ImportRequest): Promise<Imported> {
  const { set, incoming, placement } = request;
  refusePassive(request);
  const keys = incoming.map(toManifestKey);
  const privateKeys = new Map(incoming.flatMap(toPrivateEntry));
  const sources = new Map(incoming.map(({ kid, proved }) => [kid, describeSource(proved)]));
  const create = { policy: request.policy };
  const changed = await changeSet(keystore, set, { ...request, create }, ({ manifest }, now) => {
    refuseKeys(manifest, keys, request.force);
    refusePast(placement, now);
    const plan = planImport(lifeOf(manifest), now, keys, placement, ({ kid }) => sources.get(kid) ?? '');
    return { ...plan, privateKeys: [...privateKeys.values()] };
  });
  const kids = new Set(keys.map(({ kid }) => kid));
  const imported = changed.keys.filter((key): key is ManifestKey => !isNew(key) && kids.has(key.kid));
  const first = imported.find((key) => key.held && stateOf(key, changed.at) === 'active');
  const superseded = first && supersededBy(changed.before.keys, first, changed.at, 0);
  return { ...changed, imported, privateKeys, superseded };
}

/** What can be refused before there is a keystore, so that none is made for it. */
export function refuseFirst(request: ImportRequest, clock: Instant): ManifestKey[] {
  const { incoming, placement, policy, set } = request;
  if (request.note !== undefined) parseNote(request.note);
  refusePast(placement, clock);
  refusePassive(request);
  const keys = incoming.map(toManifestKey);
  refuseKeys({ set, keys: [], policy }, keys, request.force);
  return keys;
}

export function toManifestKey({ kid, proved }: Incoming): ManifestKey {
  const { alg, use, jwk, isPrivate } = proved;
  const symmetric = isSymmetric(jwk);
  return {
    kid,
    alg,
    use,
    symmetric,
    held: isPrivate,
    thumbprint: symmetric ? undefined : thumbprintOf(jwk),
    jwk: symmetric ? undefined : namePublicJwk(toPublicJwk(jwk), { kid, alg, use }),
    created: 0 as Instant,
  };
}

export function toPrivateEntry({ kid, proved }: Incoming): [string, PrivateJwk][] {
  if (!proved.isPrivate) return [];
  return [[kid, nameJwk(proved.jwk, { kid, alg: proved.alg, use: proved.use })]];
}

export function describeSource({ where, repairs, isPrivate }: ProvedKey): string {
  const half = isPrivate ? '' : ' (public half only)';
  const mended = repairs.length === 0 ? '' : `; mended: ${repairs.join(', ')}`;
  return `from ${where}${half}${mended}`;
}

/** What the set does not take in: see `importKeys`; and an algorithm that its policy does not list. */
export function refuseKeys(
  manifest: Pick<Manifest, 'set' | 'keys' | 'policy'>,
  keys: readonly ManifestKey[],
  force: boolean | undefined,
): void {
  for (const key of keys) {
    refuseTaken(manifest, key, {
      what: 'taken in',
      hint: 'nothing was changed; jwks list --all shows it',
    });
    refuseUnlisted(manifest, key.alg, { force, hint: 'use another set, or add --force' });
  }
}

/** A private key that its own file lets only verify must not become the one that signs. */
export function refusePassive({ incoming, placement }: Pick<ImportRequest, 'incoming' | 'placement'>): void {
  const passive = incoming.find(({ proved }) => proved.isPrivate && proved.isPassive === true);
  if (passive === undefined || placement.kind === 'retiring') return;
  throw new JwksError('bad-key', `${passive.proved.where}: its "key_ops" do not let it sign or decrypt`, {
    hint: 'take it in with --retiring, in an import of its own',
  });
}

function refusePast(placement: Placement, now: Instant): void {
  if (placement.kind !== 'retiring' || placement.retires === undefined || placement.retires > now) return;
  throw new JwksError('usage', `--retire-at ${formatInstant(placement.retires)} is past`);
}
