// The key that a set works with now, with its private half and the facts that bound what it signs.
import { JwksError } from '../errors.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { SetId } from '../keystore/set-id.ts';
import { stateOf, type Use } from '../lifecycle/key.ts';
import { factsInForce, type PolicyFacts } from '../lifecycle/policy.ts';
import { signersOf } from '../lifecycle/signer.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import { noKey, openNamed, timeOf } from './select-sets.ts';

export interface OpenSigner {
  readonly key: ManifestKey;
  readonly privateJwk: PrivateJwk;
  readonly facts: PolicyFacts;
  /** When the set was last changed: it is not earlier now. */
  readonly updated: Instant;
}

export interface OpenSignerRequest {
  readonly set: SetId;
  /** Default: `sig`; a set that is for encryption only has its key for that. */
  readonly use?: Use | undefined;
  /** Which, where the set has signers for several algorithms. */
  readonly alg?: string | undefined;
  /** A key that is active, in place of the signer. */
  readonly kid?: string | undefined;
}

export async function openSigner(
  keystore: Keystore,
  clock: Instant,
  request: OpenSignerRequest,
): Promise<OpenSigner> {
  const { manifest, privateKeys } = await openNamed(keystore, request.set);
  const now = timeOf(manifest, clock, undefined);
  const facts = factsInForce(manifest.policy, now);
  const all = signersOf(manifest.keys, now, facts.skew);
  const wanted = request.use ?? (all.some(({ use }) => use === 'sig') ? 'sig' : 'enc');
  const signers = all.filter(
    ({ use, alg }) => use === wanted || (request.use === undefined && alg === request.alg),
  );
  const key = request.kid === undefined ? choose(signers, request) : find(manifest, signers, now, request);
  const privateJwk = privateKeys.find(({ kid }) => kid === key.kid);
  if (privateJwk === undefined)
    throw new JwksError('internal', `the private half of key ${key.kid} is missing`);
  return { key, privateJwk, facts, updated: manifest.updated };
}

function choose(signers: readonly ManifestKey[], { set, alg }: OpenSignerRequest): ManifestKey {
  const [key, ...others] = signers.filter((one) => alg === undefined || one.alg === alg);
  if (key === undefined) {
    throw new JwksError(
      'not-found',
      `set "${set}" has no key that signs${alg === undefined ? '' : ` ${alg}`}`,
      { hint: 'jwks list shows its keys: one that signs is active, for sig, and has its private half here' },
    );
  }
  if (others.length > 0) {
    const algs = [key, ...others].map((one) => one.alg).join(', ');
    throw new JwksError('conflict', `set "${set}" has signers for several algorithms: ${algs}`, {
      hint: 'say which with --alg',
    });
  }
  return key;
}

function find(
  manifest: Manifest,
  signers: readonly ManifestKey[],
  now: Instant,
  { set, alg, kid = '' }: OpenSignerRequest,
): ManifestKey {
  const key = manifest.keys.find((one) => one.kid === kid);
  if (key === undefined) throw noKey(set, kid);
  const obstacle =
    alg !== undefined && key.alg !== alg ? `is for ${key.alg}, not ${alg}` : obstacleOf(key, signers, now);
  if (obstacle === undefined) return key;
  throw new JwksError('conflict', `key "${kid}" of set "${set}" ${obstacle}`);
}

/** Why a key may not sign now; `undefined` where it may. */
function obstacleOf(key: ManifestKey, signers: readonly ManifestKey[], now: Instant): string | undefined {
  if (key.use === 'enc') return 'is for encryption';
  switch (stateOf(key, now)) {
    case 'next':
      if (signers.includes(key)) return undefined;
      return key.activates === undefined
        ? 'does not sign before it was seen published'
        : `does not sign before ${formatInstant(key.activates)}`;
    case 'active':
      return key.held ? undefined : 'has no private half here, and only verifies';
    case 'retiring':
      return `does not sign any more since ${formatInstant(key.deactivates ?? now)}`;
    case 'retired':
      return `was retired on ${formatInstant(key.retires ?? now)}`;
    case 'revoked':
      return `was revoked on ${formatInstant(key.revoked?.at ?? now)}`;
  }
}
