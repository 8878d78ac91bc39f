// The last proof of a key: what one half signs or seals, the other verifies or opens.
import {
  constants,
  createPublicKey,
  diffieHellman,
  generateKeyPair,
  type JsonWebKey,
  type KeyObject,
  type SignKeyObjectInput,
  sign,
  verify,
} from 'node:crypto';
import { type Algorithm, curves } from '../algorithms.ts';
import { type PrivateJwk, type PublicJwk, toPublicJwk } from '../jwk.ts';
import { toKeyObject } from '../private-key.ts';
import type { FoundKey } from '../read/found-key.ts';

const message = Buffer.from('jwks proves a key');

/** Whether a private key does with its public half what its algorithm wants. Of a public key: whether it can be used. */
export async function isUsable(found: FoundKey, algorithm: Algorithm): Promise<boolean> {
  const { alg, use, kty } = algorithm;
  const { jwk, isPrivate } = found;
  try {
    if (jwk.kty === 'oct') return use === 'sig' || (isPrivate && (await opensWhatItSeals(jwk, alg)));
    const open = publicKeyOf(jwk);
    if (kty === 'EC or OKP') return await agrees(open, isPrivate ? toKeyObject(jwk) : undefined, jwk['crv']);
    if (!isPrivate) return true;
    return use === 'sig'
      ? await verifiesWhatItSigns(toKeyObject(jwk), open, alg)
      : await opensWhatItSeals(jwk, alg);
  } catch {
    return false;
  }
}

function publicKeyOf(jwk: PublicJwk | PrivateJwk): KeyObject {
  return createPublicKey({ key: toPublicJwk(jwk) as unknown as JsonWebKey, format: 'jwk' });
}

/** On other threads, and by node:crypto: jose's import of the same key takes as long again. */
function verifiesWhatItSigns(key: KeyObject, open: KeyObject, alg: string): Promise<boolean> {
  const hash = /^(?:RS|PS|ES)/.test(alg) ? `sha${alg.slice(2)}` : null;
  const padding = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {};
  const how = (half: KeyObject): SignKeyObjectInput => ({ key: half, ...padding });
  return new Promise((resolve) => {
    sign(hash, message, how(key), (error, signature) => {
      resolve(error === null && verify(hash, message, how(open), signature));
    });
  });
}

interface Pair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}
const others = new Map<string, Promise<Pair>>();

/** The agreement that ECDH-ES is built on (RFC 7518 section 4.6), with one partner for all keys on a curve. */
async function agrees(open: KeyObject, closed: KeyObject | undefined, crv: unknown): Promise<boolean> {
  const name = String(crv);
  const other = others.get(name) ?? makePartner(name);
  others.set(name, other);
  const { privateKey, publicKey } = await other;
  // It throws for a public key of small order.
  const secret = diffieHellman({ privateKey, publicKey: open });
  return closed === undefined || diffieHellman({ privateKey: closed, publicKey }).equals(secret);
}

function makePartner(crv: string): Promise<Pair> {
  const type = curves[crv]?.type ?? 'ec';
  return new Promise((resolve, reject) => {
    const make = generateKeyPair as unknown as (
      type: string,
      options: object,
      done: (error: Error | null, publicKey: KeyObject, privateKey: KeyObject) => void,
    ) => void;
    make(type, type === 'ec' ? { namedCurve: crv } : {}, (error, publicKey, privateKey) =>
      error === null ? resolve({ publicKey, privateKey }) : reject(error),
    );
  });
}

async function opensWhatItSeals(jwk: PrivateJwk, alg: string): Promise<boolean> {
  const { CompactEncrypt, compactDecrypt } = await import('jose');
  const closed = toKeyObject(jwk);
  // A key that is used directly has the length that its `enc` wants.
  const enc = alg === 'dir' ? encFor(closed.symmetricKeySize) : 'A128GCM';
  const sealed = await new CompactEncrypt(message)
    .setProtectedHeader({ alg, enc })
    .encrypt(jwk.kty === 'oct' ? closed : publicKeyOf(jwk));
  const { plaintext } = await compactDecrypt(sealed, closed);
  return message.equals(plaintext);
}

function encFor(octets = 0): string {
  const encs: Readonly<Record<number, string>> = {
    16: 'A128GCM',
    24: 'A192GCM',
    32: 'A256GCM',
    48: 'A192CBC-HS384',
    64: 'A256CBC-HS512',
  };
  return encs[octets] ?? '';
}
