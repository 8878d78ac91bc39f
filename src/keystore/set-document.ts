// A set as it lies in the keystore: the private JWK Set sealed as a JWE whose `aad` is the signed manifest.
import { createHash } from 'node:crypto';
import * as v from 'valibot';
import { JwksError } from '../errors.ts';
import { decodeBase64url, encodeBase64url } from '../jose/base64url.ts';
import {
  type Identity,
  type PrivateIdentity,
  type SignatureChecker,
  type Signed,
  sign,
} from '../jose/identity.ts';
import { type PrivateJwk, toPrivateJwk, toPublicJwk } from '../jose/jwk.ts';
import { headerOf, open, type Sealed, seal } from '../jose/sealing.ts';
import { fromManifest, type Manifest, parseDocument, parseManifest, refuseNewer } from './manifest.ts';
import { type MasterKey, sealedMembers } from './master-document.ts';
import { parseCanonicalJson, toCanonicalJson } from './schema.ts';
import { type DocumentName, documentOf } from './set-id.ts';

export interface SetDocument {
  readonly manifest: Manifest;
  readonly sealed: Sealed;
  readonly signer: Identity;
}

const documentSchema = v.strictObject({
  ...sealedMembers,
  aad: sealedMembers.protected,
  signature: v.string(),
});

/**
 * Reads a set document whose signature is good and whose manifest belongs where it was found. Whether the signer
 * is to be trusted is the caller's question.
 */
export async function parseSetDocument(
  bytes: Uint8Array,
  name: DocumentName,
  revision: number,
  checker: SignatureChecker,
): Promise<SetDocument> {
  const what = `${name}, revision ${revision},`;
  const document = parseCanonicalJson(bytes, what);
  const { signature, ...sealed } = parseDocument(documentSchema, document, 'aad', what);
  const aad = decodeBase64url(sealed.aad) ?? Buffer.alloc(0);
  const value = parseManifestJson(aad, what);
  refuseNewer(value, what);
  const signer = await checker.signerOf(toSigned(signature, sealed.aad, what), 'jwks-set+jws');
  if (signer === undefined) throw new JwksError('damaged', `${what} is damaged: its signature is not good`);
  const manifest = parseManifest(value, what);
  if (documentOf(manifest.set) !== name || manifest.revision !== revision) {
    throw new JwksError('damaged', `${what} is damaged: it is revision ${manifest.revision} of another set`);
  }
  return { manifest, sealed, signer };
}

function parseManifestJson(aad: Buffer, what: string): unknown {
  try {
    return JSON.parse(aad.toString());
  } catch {
    throw new JwksError('damaged', `${what} is damaged: its manifest is not JSON`);
  }
}

/** RFC 7515 appendix F: the payload of the detached signature is the `aad`. */
function toSigned(compact: string, payload: string, what: string): Signed {
  const [header, empty, signature, ...more] = compact.split('.');
  const isDetached = empty === '' && more.length === 0;
  if (
    header === undefined ||
    signature === undefined ||
    !isDetached ||
    decodeBase64url(signature) === undefined
  ) {
    throw new JwksError('damaged', `${what} is damaged: its signature is not a detached JWS`);
  }
  return { protected: header, payload, signature };
}

/** The document as it is written. */
export async function serializeSet(
  manifest: Manifest,
  privateKeys: readonly PrivateJwk[],
  masterKey: MasterKey,
  identity: PrivateIdentity,
): Promise<Buffer> {
  const aad = Buffer.from(JSON.stringify(fromManifest(manifest)));
  const sealed = await seal(
    Buffer.from(JSON.stringify({ keys: privateKeys })),
    { alg: 'A256GCMKW', ...masterKey },
    aad,
  );
  const { protected: header, signature } = await sign(aad, 'jwks-set+jws', identity);
  return Buffer.from(toCanonicalJson({ ...sealed, signature: `${header}..${signature}` }));
}

/** The private keys of a set, in the order of its manifest. `undefined`: sealed under a key that is not here. */
export async function openSet(
  { manifest, sealed }: SetDocument,
  masterKeys: readonly MasterKey[],
): Promise<PrivateJwk[] | undefined> {
  const what = `the sealed half of set "${manifest.set}"`;
  const masterKey = masterKeys.find(({ kid }) => kid === headerOf(sealed)?.kid);
  if (masterKey === undefined) return undefined;
  const plaintext = await open(sealed, { alg: 'A256GCMKW', ...masterKey });
  if (plaintext === undefined) throw new JwksError('damaged', `${what} is damaged: it does not open`);
  const keys = parsePrivateKeys(plaintext, what);
  const held = manifest.keys.filter((key) => key.held);
  const isWhole = held.length === keys.length && held.every((key, index) => isHalfOf(key, keys[index]));
  if (!isWhole) throw new JwksError('damaged', `${what} is damaged: its keys are not those of the manifest`);
  return keys;
}

function parsePrivateKeys(plaintext: Uint8Array, what: string): PrivateJwk[] {
  try {
    const { keys } = JSON.parse(Buffer.from(plaintext).toString()) as { keys: object[] };
    return keys.map(toPrivateJwk);
  } catch {
    throw new JwksError('damaged', `${what} is damaged: it is not a private JWK Set`);
  }
}

function isHalfOf(key: Manifest['keys'][number], jwk: PrivateJwk | undefined): boolean {
  if (jwk === undefined || jwk.kid !== key.kid || jwk.alg !== key.alg || jwk.use !== key.use) return false;
  return key.symmetric ? jwk.kty === 'oct' : JSON.stringify(toPublicJwk(jwk)) === JSON.stringify(key.jwk);
}

/** Base64url of SHA-256: how a document is known to those that saw it before. */
export function digestOf(bytes: Uint8Array): string {
  return encodeBase64url(createHash('sha256').update(bytes).digest());
}
