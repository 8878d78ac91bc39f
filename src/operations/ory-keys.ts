// The keys of a set in the shapes that Ory Hydra's admin API answers with.
import { type PrivateJwk, type PublicJwk, toPublicJwk } from '../jose/jwk.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { nowFor } from '../lifecycle/clock.ts';
import { isTombstone } from '../lifecycle/key.ts';
import type { Instant } from '../lifecycle/time.ts';

/** What Ory's strict client knows: it refuses a key with any other member. */
const publicMembers = ['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'x5c', 'y'] as const;
const privateMembers = ['d', 'dp', 'dq', 'k', 'p', 'q', 'qi'] as const;

export type OryKey = Readonly<
  Partial<Record<(typeof publicMembers)[number] | (typeof privateMembers)[number], unknown>>
>;

export interface OryRequest {
  readonly set: SetId;
  /** Only the key with this kid. */
  readonly kid?: string | undefined;
}

/** The public halves, newest first. Undefined: there is no such set or key, or none that is left. */
export async function readOryKeys(
  reader: Reader,
  clock: Instant,
  request: OryRequest,
): Promise<readonly OryKey[] | undefined> {
  const manifest = (await reader.readSet(request.set))?.manifest;
  return show(manifest, clock, request, (key) => pick(publicOf(key), publicMembers));
}

/** The same with the private members of those keys whose private half is held. */
export async function openOryKeys(
  keystore: Keystore,
  clock: Instant,
  request: OryRequest,
): Promise<readonly OryKey[] | undefined> {
  const opened = await keystore.openSet(request.set);
  const privateKeys = new Map(opened?.privateKeys.map((jwk) => [jwk.kid, jwk]));
  return show(opened?.manifest, clock, request, (key) => {
    const open = publicOf(key);
    const whole = key.held ? privateKeys.get(key.kid) : undefined;
    return { ...pick(open, publicMembers), ...(whole && pick(whole, privateMembers)) };
  });
}

function show(
  manifest: Manifest | undefined,
  clock: Instant,
  { kid }: OryRequest,
  toOry: (key: ManifestKey) => OryKey,
): readonly OryKey[] | undefined {
  if (manifest === undefined || manifest.deleted !== undefined) return undefined;
  const now = nowFor(clock, manifest.updated);
  const keys = manifest.keys
    .filter((key) => !isTombstone(key, now) && (kid === undefined || key.kid === kid))
    .sort((one, other) => other.created - one.created);
  return keys.length === 0 ? undefined : keys.map(toOry);
}

function publicOf({ jwk, kid, alg, use }: ManifestKey): PublicJwk {
  // Of a symmetric key only its names are public.
  return toPublicJwk(jwk ?? { kty: 'oct', kid, alg, use });
}

function pick(jwk: PublicJwk | PrivateJwk, names: readonly (keyof OryKey)[]): OryKey {
  return Object.fromEntries(
    names.filter((name) => Object.hasOwn(jwk, name)).map((name) => [name, jwk[name]]),
  );
}
