// The keys of sets as Ory shows them: newest first, every key that is not a tombstone.
import type { PrivateJwk } from '../jose/jwk.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetDocument } from '../keystore/set-document.ts';
import type { SetId } from '../keystore/set-id.ts';
import { stateOf } from '../lifecycle/key.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type ListedKey, listSets } from './list-sets.ts';
import { noKey, selectSets } from './select-sets.ts';

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

export async function getKeys(reader: Reader, clock: Instant, request: GetRequest): Promise<GotSet[]> {
  const sets = await listSets(reader, clock, { sets: request.sets });
  return sets.map(({ manifest, at, keys }) => {
    const chosen = keys.filter(({ key }) => request.kid === undefined || key.kid === request.kid);
    if (request.kid !== undefined && chosen.length === 0) throw noKey(manifest.set, request.kid);
    return { manifest, at, keys: chosen, privateKeys: new Map() };
  });
}

/** As `getKeys`, with the private halves. */
export async function getPrivateKeys(keystore: Keystore, clock: Instant, request: GetRequest): Promise<GotSet[]> {
  const documents = await selectSets(keystore.reader, request.sets);
  const got = await getKeys(keystore.reader, clock, request);
  return Promise.all(got.map(async (set, index) => ({ ...set, privateKeys: await open(keystore, documents[index], set) })));
}

async function open(keystore: Keystore, document: SetDocument | undefined, { at }: GotSet): Promise<Map<string, PrivateJwk>> {
  if (document === undefined) return new Map();
  const { manifest, privateKeys } = await keystore.open(document);
  const usable = manifest.keys.filter((key) => key.held && !['retired', 'revoked'].includes(stateOf(key, at)));
  return new Map(
    usable.flatMap(({ kid }) => privateKeys.filter((jwk) => jwk.kid === kid).map((jwk) => [kid, jwk] as const)),
  );
}
