// A file of keys in another form: read and proved as for an import, and written public unless private is asked for.
import { JwksError } from '../errors.ts';
import { isSymmetric, type PrivateJwk, type PublicJwk, toPrivateJwk, toPublicJwk } from '../jose/jwk.ts';
import { type ProvedKey, proveKeys } from '../jose/prove/prove-key.ts';
import type { ReadOptions } from '../jose/read/read-context.ts';
import { readKeys } from '../jose/read/read-keys.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';
import type { CertificateRequest } from '../jose/write/certificate.ts';
import {
  type LabelledDer,
  toPkcs1Private,
  toPkcs1Public,
  toPkcs8,
  toSec1,
  toSpki,
} from '../jose/write/key-der.ts';
import { toPem } from '../jose/write/pem.ts';
import type { KeyFile, WantedKey } from './import-keys.ts';

export type KeyForm = 'jwk' | 'jwks' | 'pem' | 'spki' | 'pkcs8' | 'pkcs1' | 'sec1' | 'der' | 'ssh';

export interface ConvertRequest {
  readonly to: KeyForm;
  readonly isPrivate: boolean;
  /** Only this key of the file; a single one that has no kid is given it. */
  readonly kid?: string | undefined;
  readonly wanted: WantedKey;
  readonly read: ReadOptions;
  /** Seals the private keys of a form that can be sealed. */
  readonly passphrase?: string | undefined;
  /** A new self-signed certificate for each key. */
  readonly certificate?: CertificateRequest | undefined;
}

export type Output =
  | { readonly kind: 'json'; readonly value: object }
  | { readonly kind: 'content'; readonly content: string | Buffer };

export interface Converted {
  readonly output: Output;
  /** What was mended in how the keys were written, as `place: what`. */
  readonly repairs: readonly string[];
  /** Symmetric keys that were left out, since they have no public half. */
  readonly leftOut: number;
}

/**
 * What contradicts itself is exit 2, no key with the kid exit 3, a key that does not stand the proof, or of which a half
 * is wanted that is not there, exit 6.
 */
export async function convertKeys(file: KeyFile, request: ConvertRequest): Promise<Converted> {
  refuseContradiction(request);
  const found = await readKeys(file.bytes, file.name, request.read);
  const keys = chooseKeys(await proveKeys(found, request.wanted), file.name, request);
  const { isPrivate } = request;
  const shown = keys.filter(({ jwk }) => isPrivate || !isSymmetric(jwk));
  if (shown.length === 0) {
    throw new JwksError('usage', `${file.name}: a symmetric key has no public half`, {
      hint: 'add --private if it may be shown',
    });
  }
  const publicOnly = shown.find((key) => !key.isPrivate);
  if (isPrivate && publicOnly !== undefined)
    throw new JwksError('bad-key', `${publicOnly.where}: there is no private half`);
  return {
    output: await write(shown, request),
    repairs: keys.flatMap(({ where, repairs }) => repairs.map((repair) => `${where}: ${repair}`)),
    leftOut: keys.length - shown.length,
  };
}

function refuseContradiction({ to, isPrivate, passphrase, certificate }: ConvertRequest): void {
  if (!isPrivate && (to === 'pkcs8' || to === 'sec1')) {
    throw new JwksError('usage', `${to} holds a private key`, {
      hint: 'add --private, or write the public half with --to spki',
    });
  }
  if (isPrivate && (to === 'spki' || to === 'ssh')) {
    throw new JwksError('usage', `${to} holds a public key: leave out --private`, {
      hint: to === 'ssh' ? 'ssh reads private keys in the form pkcs8 as well' : undefined,
    });
  }
  if (passphrase !== undefined && (!isPrivate || !['pem', 'pkcs8', 'der'].includes(to)))
    throw new JwksError('usage', '--encrypt-with goes with --private and --to pem, pkcs8 or der');
  if (certificate !== undefined && !['jwk', 'jwks', 'pem', 'der'].includes(to))
    throw new JwksError('usage', '--certificate goes with --to jwk, jwks, pem or der');
  if (certificate !== undefined && to === 'der' && isPrivate)
    throw new JwksError('usage', 'der holds one thing: a key with --private, or its certificate');
}

/** With a kid: the key that has it, or the only one if that has none. */
function chooseKeys(keys: readonly ProvedKey[], name: string, { kid, to }: ConvertRequest): ProvedKey[] {
  const [only] = keys;
  if (kid !== undefined && keys.length === 1 && only !== undefined && only.kid === undefined)
    return [nameKey(only, kid)];
  const chosen = keys.filter((key) => kid === undefined || key.kid === kid);
  if (chosen.length === 0) throw new JwksError('not-found', `${name} has no key "${kid}"`);
  if (chosen.length > 1 && (to === 'jwk' || to === 'der' || to === 'ssh')) {
    throw new JwksError('usage', `${name} holds ${chosen.length} keys, and ${to} is one`, {
      hint: 'say which with --kid, or use --to jwks or --to pem',
    });
  }
  return chosen.map((key) =>
    key.kid !== undefined || isSymmetric(key.jwk) ? key : nameKey(key, thumbprintOf(key.jwk)),
  );
}

function nameKey(key: ProvedKey, kid: string): ProvedKey {
  return key.isPrivate
    ? { ...key, kid, jwk: toPrivateJwk({ ...key.jwk, kid }) }
    : { ...key, kid, jwk: toPublicJwk({ ...key.jwk, kid }) };
}

async function write(keys: readonly ProvedKey[], request: ConvertRequest): Promise<Output> {
  const { to } = request;
  if (to === 'jwk' || to === 'jwks') {
    const jwks = await Promise.all(keys.map((key) => toJwk(key, request)));
    const [jwk = {}] = jwks;
    return { kind: 'json', value: to === 'jwk' ? jwk : { keys: jwks } };
  }
  if (to === 'ssh') {
    const { toSshLine } = await import('../jose/write/ssh-public.ts');
    return { kind: 'content', content: keys.map(({ jwk }) => toSshLine(toPublicJwk(jwk))).join('') };
  }
  const ders: LabelledDer[] = [];
  for (const key of keys) ders.push(...(await toDers(key, request)));
  return {
    kind: 'content',
    content: to === 'der' ? Buffer.concat(ders.map(({ der }) => der)) : ders.map(toPem).join(''),
  };
}

async function toJwk(key: ProvedKey, request: ConvertRequest): Promise<PrivateJwk | PublicJwk> {
  const members = { ...key.jwk, ...(await certificateOf(key, request)) };
  return request.isPrivate ? toPrivateJwk(members) : toPublicJwk(members);
}

async function certificateOf(key: ProvedKey, request: ConvertRequest): Promise<object> {
  const certificate = await certify(key, request);
  if (certificate === undefined) return {};
  const { certificateMembers } = await import('../jose/write/certificate.ts');
  return certificateMembers(certificate);
}

/** A public key beside its certificate would be said twice. */
async function toDers(key: ProvedKey, request: ConvertRequest): Promise<LabelledDer[]> {
  const certificate = await certify(key, request);
  if (certificate !== undefined && !request.isPrivate) return [certificate];
  const der =
    key.isPrivate && request.isPrivate ? toPrivateDer(key.jwk, request.to) : toPublicDer(key.jwk, request.to);
  const { passphrase } = request;
  const sealed = passphrase === undefined ? der : await seal(der, passphrase);
  return certificate === undefined ? [sealed] : [sealed, certificate];
}

async function seal(der: LabelledDer, passphrase: string): Promise<LabelledDer> {
  const { encryptPkcs8 } = await import('../jose/write/encrypted-pkcs8.ts');
  return encryptPkcs8(der, passphrase);
}

function toPrivateDer(jwk: PrivateJwk, to: KeyForm): LabelledDer {
  if (to === 'pkcs1') return toPkcs1Private(jwk);
  return to === 'sec1' ? toSec1(jwk) : toPkcs8(jwk);
}

function toPublicDer(jwk: PrivateJwk | PublicJwk, to: KeyForm): LabelledDer {
  const half = toPublicJwk(jwk);
  return to === 'pkcs1' ? toPkcs1Public(half) : toSpki(half);
}

async function certify(key: ProvedKey, { certificate }: ConvertRequest): Promise<LabelledDer | undefined> {
  if (certificate === undefined) return undefined;
  if (!key.isPrivate) throw new JwksError('bad-key', `${key.where}: a public key alone signs no certificate`);
  const { selfSign } = await import('../jose/write/certificate.ts');
  return selfSign(key.jwk, certificate);
}
