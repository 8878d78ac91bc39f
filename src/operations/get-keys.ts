// The keys of sets as Ory shows them: newest first, every key that is not a tombstone.
import type { PrivateJwk } from '../jose/jwk.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type ListedKey, toListedSet } from './list-sets.ts';
import { noKey, openSets, selectSets } from './select-sets.ts';

export interface GotSet {
  readonly manifest: Manifest;
  readonly at: Instant;
  readonly keys: readonly ListedKey[];
  /** The private halves by kid, where they were asked for; public-only keys have none. */
  readonly privateKeys: ReadonlyMap<string, PrivateJwk>;
}

export interface GetRequest {
  readonly sets: readonly SetId[];
  /** Only the key with this kid, which each of the sets must have. */
  readonly kid?: string | undefined;
}

/** Needs no secret. A set, or a `kid`, that is not there is exit 3. */
export async function getKeys(reader: Reader, clock: Instant, request: GetRequest): Promise<GotSet[]> {
  const manifests = await selectSets(reader, request.sets);
  return manifests.map((manifest) => chooseKeys(manifest, clock, request));
}

/** As `getKeys`, with the private halves. */
export async function getPrivateKeys(
  keystore: Keystore,
  clock: Instant,
  request: GetRequest,
): Promise<GotSet[]> {
  const opened = await openSets(keystore, request.sets);
  return opened.map(({ manifest, privateKeys }) => ({
    ...chooseKeys(manifest, clock, request),
    privateKeys: new Map(privateKeys.map((jwk) => [jwk.kid ?? '', jwk])),
  }));
}

function chooseKeys(manifest: Manifest, clock: Instant, { kid }: GetRequest): GotSet {
  const { at, keys } = toListedSet(manifest, clock, {});
  const chosen = keys.filter(({ key }) => kid === undefined || key.kid === kid);
  if (kid !== undefined && chosen.length === 0) throw noKey(manifest.set, kid);
  return { manifest, at, keys: chosen, privateKeys: new Map() };
}
