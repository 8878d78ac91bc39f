// The JWK Set that verifiers fetch, of one set or several merged; or the private one for servers that sign.
import { JwksError } from '../errors.ts';
import type { PrivateJwk, PublicJwk } from '../jose/jwk.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { heldKeys, publishedKeys } from '../lifecycle/publication.ts';
import type { Instant } from '../lifecycle/time.ts';
import { keysOf, openSets, selectSets, skewOf, timeOf } from './select-sets.ts';

export interface ExportRequest {
  readonly sets: readonly SetId[] | 'all';
  readonly kid?: string | undefined;
  /** Absent: now. */
  readonly at?: Instant | undefined;
  readonly allowEmpty?: boolean | undefined;
  /** Is told of keys that were published at that time and whose public half is destroyed since. */
  readonly onLost?: ((kid: string) => void) | undefined;
}

/** RFC 7517 section 5. */
export interface JwkSet<K extends PublicJwk | PrivateJwk> {
  readonly keys: readonly K[];
}

/**
 * The publishable keys, in the order in which verifiers should see them. Nothing to publish is exit 5, since an
 * emptied JWKS is an outage, as are two different keys with one kid.
 */
export async function exportPublic(
  reader: Reader,
  clock: Instant,
  request: ExportRequest,
): Promise<JwkSet<PublicJwk>> {
  const manifests = await selectSets(reader, request.sets);
  const lost: string[] = [];
  const chosen = manifests.flatMap((manifest) => {
    const at = timeOf(manifest, clock, request.at);
    const keys = publishedKeys(keysOf(manifest, request.at), at, skewOf(manifest, at));
    return pick(keys, request).flatMap(({ kid, jwk }) => {
      if (jwk === undefined) lost.push(kid);
      return jwk ?? [];
    });
  });
  refuseLost(chosen, lost);
  const keys = manifests.flatMap((manifest) => manifest.keys.filter(({ held }) => held));
  const isSymmetric = keys.length > 0 && keys.every(({ symmetric }) => symmetric);
  if (chosen.length === 0 && isSymmetric && request.allowEmpty !== true) {
    throw new JwksError('unsafe', 'there is no key to publish: symmetric keys never are', {
      hint: '--private hands them out',
    });
  }
  for (const kid of lost) request.onLost?.(kid);
  return merge(chosen, request);
}

/** Every private half that is kept and still has a use, `enc` and symmetric ones too. */
export async function exportPrivate(
  keystore: Keystore,
  clock: Instant,
  request: ExportRequest,
): Promise<JwkSet<PrivateJwk>> {
  const opened = await openSets(keystore, request.sets);
  const lost: string[] = [];
  const chosen = opened.flatMap(({ manifest, privateKeys }) => {
    const at = timeOf(manifest, clock, request.at);
    const keys = heldKeys(keysOf(manifest, request.at), at, skewOf(manifest, at));
    return pick(keys, request).flatMap(({ kid }) => {
      const found = privateKeys.filter((jwk) => jwk.kid === kid);
      if (found.length === 0) lost.push(kid);
      return found;
    });
  });
  refuseLost(chosen, lost);
  for (const kid of lost) request.onLost?.(kid);
  return merge(chosen, request);
}

/** Of a time that is past nothing may be left. */
function refuseLost(chosen: readonly unknown[], lost: readonly string[]): void {
  if (chosen.length > 0 || lost.length === 0) return;
  throw new JwksError('not-found', `what there was then is destroyed since: ${lost.join(', ')}`);
}

function pick(keys: readonly ManifestKey[], request: ExportRequest): ManifestKey[] {
  return keys.filter(({ kid }) => request.kid === undefined || kid === request.kid);
}

/** One set of the keys of several: the same key stands once, and different keys with one kid are exit 5. */
export function merge<K extends PublicJwk | PrivateJwk>(
  keys: readonly K[],
  request: ExportRequest,
): JwkSet<K> {
  const merged = mergeKeys(keys);
  const [twice] = merged.conflicts;
  if (twice !== undefined) {
    throw new JwksError('conflict', describeConflict(twice), { hint: 'export them on their own' });
  }
  if (merged.keys.length === 0) refuseEmpty(request);
  return { keys: merged.keys };
}

/**
 * The same key of several sets stands once. Of different keys with one kid the first stands, unless a later one
 * comes before it; `conflicts` are such kids.
 */
export function mergeKeys<K extends PublicJwk | PrivateJwk>(
  keys: readonly K[],
  comesBefore: (key: K, other: K) => boolean = () => false,
): { readonly keys: readonly K[]; readonly conflicts: readonly string[] } {
  const merged = new Map<string, K>();
  const conflicts = new Set<string>();
  for (const key of keys) {
    const kid = key.kid ?? '';
    const before = merged.get(kid);
    const isOther = before !== undefined && textOf(before) !== textOf(key);
    if (isOther) conflicts.add(kid);
    // Of two that are the same one may have certificates.
    const isBetter = isOther ? comesBefore(key, before) : key['x5c'] !== undefined;
    if (before === undefined || isBetter) merged.set(kid, key);
  }
  return { keys: [...merged.values()], conflicts: [...conflicts] };
}

export function describeConflict(kid: string): string {
  return `two of these sets have different keys with the kid "${kid}"`;
}

/** A key without what certifies it. */
function textOf(key: PublicJwk | PrivateJwk): string {
  return JSON.stringify({ ...key, x5c: undefined, 'x5t#S256': undefined });
}

/** Where there is nothing to publish, unless that is meant. */
export function refuseEmpty({ kid, allowEmpty }: ExportRequest): void {
  if (kid !== undefined) {
    throw new JwksError('not-found', `there is no key "${kid}" to export`, {
      hint: 'jwks list --all shows all keys',
    });
  }
  if (allowEmpty === true) return;
  throw new JwksError('unsafe', 'there is no key to publish: an empty JWKS would lock everybody out', {
    hint: 'if that is what you want, add --allow-empty',
  });
}
