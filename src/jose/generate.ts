// Makes new keys of every algorithm of the table.
import { generateKeyPair, randomBytes, randomUUID } from 'node:crypto';
import { JwksError } from '../errors.ts';
import { curves, type KeyShape, ktyOf, missingSupport, mldsaNode } from './algorithms.ts';
import { encodeBase64url } from './base64url.ts';
import { nameJwk, type PrivateJwk, type PublicJwk, toPrivateJwk, toPublicJwk } from './jwk.ts';
import { spkiSha256Of, thumbprintOf } from './thumbprint.ts';

/** How a kid is made when none is given; a symmetric key has a UUID whatever is asked. */
export const kidSchemes = ['thumbprint', 'uuid', 'spki-sha256'] as const;
export type KidScheme = (typeof kidSchemes)[number];

/**
 * A new private key with `kid`, `alg` and `use`. A kid that is made never begins with `-`, which a command line
 * would take for an option: then another key is drawn.
 */
export async function generateKey(
  shape: KeyShape,
  naming: { readonly kid: string } | { readonly scheme: KidScheme },
): Promise<PrivateJwk> {
  const { alg, use } = shape.algorithm;
  for (;;) {
    const jwk = await generateJwk(shape);
    const kid = 'kid' in naming ? naming.kid : kidOf(jwk, naming.scheme);
    if ('kid' in naming || !kid.startsWith('-')) return nameJwk(jwk, { kid, alg, use });
  }
}

/** The kid that a key is given where it has none. */
export function kidOf(jwk: PrivateJwk | PublicJwk, scheme: KidScheme): string {
  if (scheme === 'uuid' || jwk.kty === 'oct') return randomUUID();
  return scheme === 'spki-sha256' ? spkiSha256Of(toPublicJwk(jwk)) : thumbprintOf(jwk);
}

async function generateJwk(shape: KeyShape): Promise<PrivateJwk> {
  const { algorithm, bits = 0, crv = '' } = shape;
  switch (ktyOf(shape)) {
    case 'oct':
      return toPrivateJwk({ kty: 'oct', k: encodeBase64url(randomBytes(bits / 8)) });
    case 'RSA':
      return toPrivateJwk(await generateRsa(bits));
    case 'EC':
      return toPrivateJwk(await makePair('ec', { namedCurve: crv }));
    case 'OKP':
      return toPrivateJwk(await makePair(curves[crv]?.type ?? 'ed25519', {}));
    case 'AKP':
      return toPrivateJwk(await makePair(algorithm.alg.toLowerCase(), {}));
  }
}

/** Throws what making such a key would throw, where this Node cannot. */
export function refuseUnavailable({ algorithm, crv }: KeyShape): void {
  const missing = missingSupport(algorithm);
  if (missing.all || missing.curves.some((name) => name === crv)) {
    throw unsupported(algorithm.kty === 'AKP' ? algorithm.alg.toLowerCase() : algorithm.alg, undefined);
  }
}

/** Up to here one search is as short as the start of the processes that would race. */
const longestAlone = 2048;

async function generateRsa(bits: number): Promise<object> {
  const alone = () => makePair('rsa', { modulusLength: bits, publicExponent: 65_537 });
  if (bits <= longestAlone) return alone();
  const { raceRsa } = await import('./rsa-race.ts');
  return (await raceRsa(bits)) ?? alone();
}

// The asynchronous call with a JWK encoding: generating synchronously and exporting in a loop can deadlock Node 20.
function makePair(type: string, options: object): Promise<object> {
  const encoding = { publicKeyEncoding: { format: 'jwk' }, privateKeyEncoding: { format: 'jwk' } };
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, _public: unknown, key: unknown) => {
      if (error === null && typeof key === 'object' && key !== null) resolve(key);
      else reject(unsupported(type, error));
    };
    try {
      // The typings of Node 20 know neither the JWK encoding nor ML-DSA.
      const make = generateKeyPair as unknown as (
        type: string,
        options: object,
        callback: typeof done,
      ) => void;
      make(type, { ...options, ...encoding }, done);
    } catch (error) {
      reject(unsupported(type, error));
    }
  });
}

function unsupported(type: string, cause: unknown): JwksError {
  const hint = type.startsWith('ml-dsa')
    ? `ML-DSA takes Node ${mldsaNode} or newer`
    : 'jwks algs shows what this machine can do';
  return new JwksError('unsupported', `Node ${process.versions.node} cannot make a key of type ${type}`, {
    cause,
    hint,
  });
}
