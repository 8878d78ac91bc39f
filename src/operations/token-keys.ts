// The keys that a token may have been signed by: of sets, or of a published JWKS; each with what stands against it.
import { JwksError } from '../errors.ts';
import type { PrivateJwk, PublicJwk } from '../jose/jwk.ts';
import { parsePublicKeys } from '../jose/parse-public.ts';
import { describePublicFault } from '../jose/prove/public-fault.ts';
import { verifyingAlgorithms } from '../jose/token-signature.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { SetId } from '../keystore/set-id.ts';
import { type KeyState, stateOf } from '../lifecycle/key.ts';
import { formatInstant, type Instant, type Seconds } from '../lifecycle/time.ts';
import type { ServedJwks } from './fetch-jwks.ts';
import { isObject, mayVerify, parseForeign } from './foreign-json.ts';
import { quote } from './quote.ts';
import { skewOf, timeOf } from './select-sets.ts';
import type { Reason } from './token-reasons.ts';

export interface TokenKey {
  /** `key "k" of set "auth"`, for messages. */
  readonly name: string;
  readonly set?: SetId;
  readonly state?: KeyState;
  readonly kid: string | undefined;
  /** What it may verify; never asked of a token. */
  readonly algs: readonly string[];
  readonly obstacle: Reason | undefined;
  /** The half that verifies; `undefined` where it is destroyed. */
  readonly half: () => Promise<PublicJwk | PrivateJwk | undefined>;
  /** What time it is for this key; absent: for everybody. */
  readonly time?: { readonly now: Instant; readonly skew: Seconds };
}

/** The keys of a set. `unlock` opens the keystore: only symmetric keys are not known without. */
export function keysOfSet(manifest: Manifest, clock: Instant, unlock: () => Promise<Keystore>): TokenKey[] {
  const now = timeOf(manifest, clock, undefined);
  const skew = skewOf(manifest, now);
  return manifest.keys.map((key): TokenKey => {
    const name = `key ${quote(key.kid)} of set "${manifest.set}"`;
    const obstacle = obstacleOf(manifest, key, name, now, skew);
    // Nobody is asked for a secret only to be told more of what is refused anyway.
    const isLocked = key.symmetric && key.held && obstacle === undefined;
    return {
      name,
      set: manifest.set,
      state: stateOf(key, now),
      kid: key.kid,
      algs: key.use === 'sig' ? [key.alg] : [],
      obstacle,
      half: async () => (isLocked ? openSymmetric(manifest, key, unlock) : key.jwk),
      time: { now, skew },
    };
  });
}

async function openSymmetric(
  { set }: Manifest,
  { kid }: ManifestKey,
  unlock: () => Promise<Keystore>,
): Promise<PrivateJwk | undefined> {
  const opened = await (await unlock()).openSet(set);
  return opened?.privateKeys.find((jwk) => jwk.kid === kid);
}

function obstacleOf(
  manifest: Manifest,
  key: ManifestKey,
  name: string,
  now: Instant,
  skew: Seconds,
): Reason | undefined {
  if (key.use === 'enc') return { code: 'wrong-use', message: `${name} is for encryption` };
  switch (stateOf(key, now)) {
    case 'revoked': {
      const { at = now, reason = 'unspecified' } = key.revoked ?? {};
      return { code: 'revoked', message: `${name} was revoked on ${formatInstant(at)} (${reason})` };
    }
    case 'retired': {
      const isDeleted = manifest.events.some(({ event, kid }) => event === 'deleted' && kid === key.kid);
      const how = isDeleted ? 'deleted' : 'retired';
      return { code: 'retired', message: `${name} was ${how} on ${formatInstant(key.retires ?? now)}` };
    }
    case 'next': {
      const { activates } = key;
      // A signer whose clock is ahead of ours may have begun.
      if (activates !== undefined && activates <= now + skew) return undefined;
      const when =
        activates === undefined
          ? 'was not yet seen where it is published'
          : `signs from ${formatInstant(activates)}`;
      return { code: 'not-active', message: `${name} is not yet active: it ${when}` };
    }
    case 'active':
    case 'retiring':
      return undefined;
  }
}

/** A JWKS, or one JWK, as text: also with symmetric keys, since whoever names the file has it. */
export function keysOfText(text: string, name: string): TokenKey[] {
  const value = parseForeign(text);
  const entries: unknown = isObject(value) && 'keys' in value ? value.keys : [value];
  if (!isObject(value) || !Array.isArray(entries))
    throw new JwksError('bad-key', `${name} is not a JWK or JWK Set in JSON`);
  // RFC 7517 section 5: a key that is not understood does not spoil the others.
  return entries.flatMap((entry: unknown) => readEntry(entry, name));
}

/** A JWKS that was fetched: public keys only. */
export function keysOfServed({ url, keys }: ServedJwks): TokenKey[] {
  return keys.map(({ jwk, verifies }) => ({
    ...toTokenKey(jwk, jwk.kid, url),
    ...(verifies ? {} : { algs: [] }),
  }));
}

function readEntry(entry: unknown, name: string): TokenKey[] {
  try {
    return parsePublicKeys(JSON.stringify({ keys: [entry] }), name).map(({ jwk, kid }) => ({
      ...toTokenKey(jwk, kid, name),
      ...(mayVerify(entry) ? {} : { algs: [] }),
    }));
  } catch (error) {
    // JSON.stringify recurses, and a mebibyte has room for half a million levels.
    if (error instanceof JwksError || error instanceof RangeError) return [];
    throw error;
  }
}

function toTokenKey(jwk: PublicJwk | PrivateJwk, kid: string | undefined, from: string): TokenKey {
  const name = kid === undefined ? `a key in ${from}` : `key ${quote(kid)} in ${from}`;
  const algs = verifyingAlgorithms(jwk);
  const isOther = jwk.use !== undefined && jwk.use !== 'sig';
  const fault = isOther ? undefined : describePublicFault(jwk);
  const obstacle: Reason | undefined = isOther
    ? { code: 'wrong-use', message: `${name} is not for signatures` }
    : fault === undefined
      ? undefined
      : { code: 'weak-key', message: `${name} proves nothing: ${fault}` };
  return { name, kid, algs, obstacle, half: async () => jwk };
}
