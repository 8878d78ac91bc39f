// Reads from the keystore what a product is given.
import type { PrivateJwk, PublicJwk } from '../../jose/jwk.ts';
import type { Keystore, OpenSet } from '../../keystore/keystore.ts';
import type { ManifestKey } from '../../keystore/manifest.ts';
import type { Reader } from '../../keystore/reader.ts';
import { stateOf } from '../../lifecycle/key.ts';
import { heldKeys, publishedKeys } from '../../lifecycle/publication.ts';
import { signersOf } from '../../lifecycle/signer.ts';
import type { Instant } from '../../lifecycle/time.ts';
import { type ExportRequest, merge, refuseEmpty } from '../export-jwks.ts';
import { keysOf, openSets, selectSets, skewOf, timeOf } from '../select-sets.ts';
import type { ProductInput, ProductKey } from './product.ts';

export interface ProductRequest extends ExportRequest {
  readonly issuer?: string | undefined;
}

/** Without private halves; `held` tells which there are. */
export async function readPublicInput(
  reader: Reader,
  clock: Instant,
  request: ProductRequest,
): Promise<ProductInput> {
  const manifests = await selectSets(reader, request.sets);
  const sets = manifests.map((manifest) => ({ manifest, privateKeys: [] }));
  return { ...join(sets, clock, request), isPrivate: false };
}

export async function readPrivateInput(
  keystore: Keystore,
  clock: Instant,
  request: ProductRequest,
): Promise<ProductInput> {
  const sets = await openSets(keystore, request.sets);
  return { ...join(sets, clock, request), isPrivate: true };
}

type KeySet = Pick<OpenSet, 'manifest' | 'privateKeys'>;

/** Equal kids of different keys are refused, as in every export; the same key in two sets stands once. */
function join(
  keySets: readonly KeySet[],
  clock: Instant,
  request: ProductRequest,
): Omit<ProductInput, 'isPrivate'> {
  const parts = keySets.map((keySet) => choose(keySet, clock, request));
  const published = parts.flatMap((part) => part.published);
  const held = parts.flatMap((part) => part.held);
  const isMeant = { ...request, kid: undefined, allowEmpty: true };
  merge<PublicJwk>(
    published.flatMap(({ publicJwk }) => publicJwk ?? []),
    isMeant,
  );
  merge<PrivateJwk>(
    held.flatMap(({ privateJwk }) => privateJwk ?? []),
    isMeant,
  );
  if (published.length === 0 && held.length === 0) refuseEmpty(request);
  const sets = keySets.map(({ manifest }) => manifest.set);
  return {
    published: once(published),
    held: once(held),
    sets,
    issuer: request.issuer,
    isNamed: request.kid !== undefined,
  };
}

function choose({ manifest, privateKeys }: KeySet, clock: Instant, request: ProductRequest) {
  const at = timeOf(manifest, clock, request.at);
  const skew = skewOf(manifest, at);
  const keys = keysOf(manifest, request.at);
  const signers = new Set(signersOf(keys, at, skew));
  const toProductKey = (key: ManifestKey): ProductKey => ({
    key,
    state: stateOf(key, at),
    isSigner: signers.has(key),
    publicJwk: key.jwk,
    privateJwk: privateKeys.find(({ kid }) => kid === key.kid),
  });
  const isChosen = ({ kid }: ManifestKey) => request.kid === undefined || kid === request.kid;
  return {
    published: publishedKeys(keys, at, skew).filter(isChosen).map(toProductKey),
    held: heldKeys(keys, at, skew).filter(isChosen).map(toProductKey),
  };
}

function once(keys: readonly ProductKey[]): ProductKey[] {
  const byKid = new Map<string, ProductKey>();
  for (const one of keys) if (!byKid.has(one.key.kid)) byKid.set(one.key.kid, one);
  return [...byKid.values()];
}
