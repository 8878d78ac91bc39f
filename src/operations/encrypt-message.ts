// Encrypts to the key of a set that senders should use now.
import { JwksError } from '../errors.ts';
import type { PrivateJwk, PublicJwk } from '../jose/jwk.ts';
import {
  type ContentEncryption,
  canEncrypt,
  contentEncryptionFor,
  contentEncryptions,
  encrypt,
} from '../jose/token-encryption.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { stateOf } from '../lifecycle/key.ts';
import type { Instant } from '../lifecycle/time.ts';
import { noKey, readNamed, timeOf } from './select-sets.ts';

/** A message is no longer than this. */
export const mostMessageBytes = 1_048_576;

export interface EncryptRequest {
  readonly set: SetId;
  /** Which, where the set has keys for several algorithms. */
  readonly alg?: string | undefined;
  readonly kid?: string | undefined;
  readonly enc?: string | undefined;
  readonly cty?: string | undefined;
}

/** A compact JWE. `unlock` opens the keystore: only symmetric keys are not known without. */
export async function encryptMessage(
  reader: Reader,
  unlock: () => Promise<Keystore>,
  clock: Instant,
  request: EncryptRequest,
  plaintext: Uint8Array,
): Promise<string> {
  const { set, cty } = request;
  const asked = parseEnc(request.enc);
  const manifest = await readNamed(reader, set);
  const key = choose(manifest, clock, request);
  const jwk = key.symmetric ? await openKey(await unlock(), set, key.kid) : key.jwk;
  if (jwk === undefined) throw noKey(set, key.kid);
  if (!canEncrypt(jwk))
    throw new JwksError('unsupported', `key "${key.kid}" is on a curve that this does not encrypt to: X448`);
  const enc = contentEncryptionFor(jwk, key.alg, asked);
  if (enc === undefined)
    throw new JwksError(
      'usage',
      `--enc ${asked} does not fit key "${key.kid}": it takes a key of another size`,
    );
  return encrypt(plaintext, jwk, { alg: key.alg, enc, kid: key.kid, cty });
}

function parseEnc(text: string | undefined): ContentEncryption | undefined {
  const known = contentEncryptions.find((name) => name === text);
  if (text === undefined || known !== undefined) return known;
  throw new JwksError('usage', `--enc ${text} is not one of ${contentEncryptions.join(', ')}`);
}

/** Of the active keys the one activated last, the earlier in the set where that is a tie, as for signers. */
function choose(manifest: Manifest, clock: Instant, { set, alg, kid }: EncryptRequest): ManifestKey {
  const now = timeOf(manifest, clock, undefined);
  const active = manifest.keys.filter(
    (key) =>
      key.use === 'enc' &&
      stateOf(key, now) === 'active' &&
      (alg === undefined || key.alg === alg) &&
      (kid === undefined || key.kid === kid),
  );
  const [first, ...others] = active;
  if (first === undefined) {
    if (kid !== undefined && !manifest.keys.some((key) => key.kid === kid)) throw noKey(set, kid);
    const which = kid === undefined ? 'no key' : `a key "${kid}", but not one`;
    const what = alg === undefined ? '' : ` by ${alg}`;
    throw new JwksError('not-found', `set "${set}" has ${which} to encrypt to now${what}`, {
      hint: 'jwks list shows its keys: one to encrypt to is active and for enc',
    });
  }
  const algs = new Set(active.map((key) => key.alg));
  if (algs.size > 1) {
    const names = [...algs].join(', ');
    throw new JwksError('conflict', `set "${set}" has keys to encrypt to for several algorithms: ${names}`, {
      hint: 'say which with --alg',
    });
  }
  return others.reduce((best, key) => ((key.activates ?? 0) > (best.activates ?? 0) ? key : best), first);
}

async function openKey(
  keystore: Keystore,
  set: SetId,
  kid: string,
): Promise<PrivateJwk | PublicJwk | undefined> {
  const opened = await keystore.openSet(set);
  return opened?.privateKeys.find((jwk) => jwk.kid === kid);
}
