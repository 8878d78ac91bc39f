// Which algorithm and use a foreign key has: what it says itself, else what is asked for, else what its kind suggests.
import { JwksError } from '../../errors.ts';
import type { Use } from '../../lifecycle/key.ts';
import { type Algorithm, algorithms, findAlgorithm } from '../algorithms.ts';
import { decodeBase64url } from '../base64url.ts';
import { Faults, refusal } from '../read/faults.ts';
import type { FoundKey } from '../read/found-key.ts';

/** For keys that do not say it themselves. */
export interface Wanted {
  readonly alg?: string | undefined;
  readonly use?: Use | undefined;
}

const operations: Readonly<Record<Use, readonly string[]>> = {
  sig: ['sign', 'verify'],
  enc: ['encrypt', 'decrypt', 'wrapKey', 'unwrapKey', 'deriveKey', 'deriveBits'],
};

/** A longer HMAC key is hashed first (RFC 2104): it only costs. */
const mostSecretBits = 65_536;

/** `bad-key` where what the key says, or what is asked for, does not fit it. */
export function chooseAlgorithm(found: FoundKey, wanted: Wanted): Algorithm {
  const use = found.use ?? (found.alg === undefined ? (useOf(found.keyOps) ?? wanted.use) : undefined);
  const alg = found.alg ?? wanted.alg ?? defaultFor(found, use);
  const algorithm = findAlgorithm(alg);
  if (algorithm === undefined) {
    if (found.alg !== undefined)
      throw refusal(found.where, describeUnknown(found.alg), 'jwks algs lists those that are');
    throw new JwksError('usage', `unknown algorithm "${alg}"`, { hint: 'jwks algs lists them' });
  }
  const faults = new Faults();
  if (!fits(algorithm, found))
    faults.add(found.where, `algorithm ${algorithm.alg} does not fit ${describeKey(found)}`);
  if (found.use !== undefined && found.use !== algorithm.use)
    faults.add(
      found.where,
      `its "use" is ${found.use}, but algorithm ${algorithm.alg} is for ${algorithm.use}`,
    );
  else if (found.use === undefined && wanted.use !== undefined && wanted.use !== algorithm.use)
    faults.add(found.where, `algorithm ${algorithm.alg} is for use ${algorithm.use}, not ${wanted.use}`);
  const other = algorithm.use === 'sig' ? 'enc' : 'sig';
  if (found.keyOps?.some((operation) => operations[other].includes(operation)))
    faults.add(found.where, `its "key_ops" are at odds with use ${algorithm.use}`);
  faults.throwIfAny();
  return algorithm;
}

/** Names that IANA has registered and that people meet; no other text of a key is repeated. */
const registered =
  /^(?:none|ES256K|RS1|RSA1_5|dir|A(?:128|192|256)(?:GCM|CBC|CTR|CBC-HS256)|A192CBC-HS384|A256CBC-HS512|PBES2-HS(?:256\+A128KW|384\+A192KW|512\+A256KW))$/;

function describeUnknown(alg: string): string {
  return registered.test(alg) ? `algorithm ${alg} is not supported` : 'its "alg" is none that is supported';
}

function useOf(keyOps: readonly string[] | undefined): Use | undefined {
  const uses = (['sig', 'enc'] as const).filter((use) =>
    keyOps?.some((one) => operations[use].includes(one)),
  );
  return uses.length === 1 ? uses[0] : undefined;
}

function defaultFor(found: FoundKey, use: Use | undefined): string {
  const own = found.jwk.kty === 'AKP' ? found.jwk.alg : undefined;
  const fitting = algorithms.find(
    (one) => fits(one, found) && one.use === (use ?? one.use) && (own === undefined || one.alg === own),
  );
  if (fitting !== undefined) return fitting.alg;
  const purpose = use === undefined ? '' : ` and use ${use}`;
  throw refusal(found.where, `no algorithm fits ${describeKey(found)}${purpose}`);
}

function fits({ alg, kty, curves, use, bits }: Algorithm, { jwk }: FoundKey): boolean {
  const crv = jwk['crv'];
  if (kty === 'AKP') return jwk.kty === 'AKP' && jwk.alg === alg;
  if (curves.length > 0) return (jwk.kty === 'EC' || jwk.kty === 'OKP') && curves.some((one) => one === crv);
  if (kty !== jwk.kty) return false;
  if (kty !== 'oct') return true;
  const size = bitsOfSecret(jwk['k']);
  // RFC 7518 section 3.2: an HMAC key has at least the length of the hash; the others have one length.
  return use === 'sig' ? size >= Math.min(...bits) && size <= mostSecretBits : bits.includes(size);
}

function bitsOfSecret(k: unknown): number {
  return 8 * (typeof k === 'string' ? (decodeBase64url(k)?.length ?? 0) : 0);
}

/** The kind of key in words: its type, with its curve or size. */
function describeKey({ jwk }: FoundKey): string {
  switch (jwk.kty) {
    case 'RSA':
      return 'an RSA key';
    case 'AKP':
      return `a key for ${jwk.alg}`;
    case 'oct':
      return `a secret of ${bitsOfSecret(jwk['k'])} bits`;
    case 'EC':
    case 'OKP':
      return `a key on ${jwk['crv']}`;
  }
}
