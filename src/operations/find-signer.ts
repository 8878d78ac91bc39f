// The key of a set that signs now, with its private half.
import { JwksError } from '../errors.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { ManifestKey } from '../keystore/manifest.ts';
import type { SetId } from '../keystore/set-id.ts';
import { signersOf } from '../lifecycle/signer.ts';
import type { Instant } from '../lifecycle/time.ts';
import { noSet, skewOf, timeOf } from './select-sets.ts';

export interface SignerRequest {
  readonly set: SetId;
  /** Which, where the set has signers for several algorithms. */
  readonly alg?: string | undefined;
}

export async function findSigner(
  keystore: Keystore,
  clock: Instant,
  { set, alg }: SignerRequest,
): Promise<{ readonly key: ManifestKey; readonly privateJwk: PrivateJwk }> {
  const opened = await keystore.openSet(set);
  if (opened === undefined || opened.manifest.deleted !== undefined) throw noSet(set);
  const { manifest, privateKeys } = opened;
  const now = timeOf(manifest, clock, undefined);
  const signers = signersOf(manifest.keys, now, skewOf(manifest, now));
  const [key, ...others] = signers.filter((one) => alg === undefined || one.alg === alg);
  const privateJwk = privateKeys.find(({ kid }) => kid === key?.kid);
  if (key === undefined || privateJwk === undefined) {
    throw new JwksError(
      'not-found',
      `set "${set}" has no key that signs${alg === undefined ? '' : ` ${alg}`}`,
    );
  }
  if (others.length > 0) {
    const algs = [key, ...others].map((one) => one.alg).join(', ');
    throw new JwksError('conflict', `set "${set}" has signers for several algorithms (${algs}): say which`);
  }
  return { key, privateJwk };
}
