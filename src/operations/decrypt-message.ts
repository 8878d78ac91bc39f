// Opens a message that was encrypted to a key of a set.
import { JwksError } from '../errors.ts';
import { canEncrypt, decrypt, type Message, parseMessage } from '../jose/token-encryption.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { SetId } from '../keystore/set-id.ts';
import { isTombstone, stateOf } from '../lifecycle/key.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import { quote } from './quote.ts';
import { openNamed, timeOf } from './select-sets.ts';

/** What a message of the longest plaintext takes as text, with room for its header. */
export const mostCompactBytes = 1_500_000;

/**
 * The plaintext. The key is the one that the message names, or of a message that names none any that fits; its
 * algorithm is the key's. Keys that are `next` open too: a sender's clock may be ahead, or its cache new.
 */
export async function decryptMessage(
  keystore: Keystore,
  clock: Instant,
  set: SetId,
  compact: string,
): Promise<Buffer> {
  const { manifest, privateKeys } = await openNamed(keystore, set);
  const message = compact.length > mostCompactBytes ? 'is too long' : parseMessage(compact);
  if (typeof message === 'string') throw bad(`the message ${message}`);
  for (const key of candidates(manifest, timeOf(manifest, clock, undefined), message)) {
    const jwk = privateKeys.find(({ kid }) => kid === key.kid);
    if (jwk === undefined) continue;
    if (!canEncrypt(jwk))
      throw new JwksError('unsupported', `key "${key.kid}" is on a curve that this does not open: X448`);
    const plaintext = await decrypt(compact, jwk, key.alg);
    if (plaintext !== undefined) return plaintext;
  }
  const which = message.kid === undefined ? 'no key' : `key ${quote(message.kid)}`;
  throw bad(`${which} of set "${set}" ${message.kid === undefined ? 'opens' : 'does not open'} the message`);
}

function candidates(manifest: Manifest, now: Instant, { kid, alg }: Message): readonly ManifestKey[] {
  const held = manifest.keys.filter((key) => key.use === 'enc' && key.held && !isTombstone(key, now));
  const name = quote(alg);
  if (kid === undefined) {
    const fitting = held.filter((key) => key.alg === alg);
    if (fitting.length > 0) return fitting;
    throw missing(`set "${manifest.set}" has no key that opens ${name}`);
  }
  const key = manifest.keys.find((one) => one.kid === kid);
  if (key === undefined) throw missing(`set "${manifest.set}" has no key ${quote(kid)}`);
  if (!held.includes(key)) throw missing(`key ${quote(kid)} of set "${manifest.set}" ${whyNot(key, now)}`);
  if (key.alg !== alg) throw bad(`key ${quote(kid)} is for ${key.alg}, and the message says ${name}`);
  return [key];
}

/** Why a key opens nothing, in the words of its history. */
function whyNot(key: ManifestKey, now: Instant): string {
  const state = stateOf(key, now);
  if (state === 'revoked') return `was revoked on ${formatInstant(key.revoked?.at ?? now)}`;
  if (state === 'retired') return `was retired on ${formatInstant(key.retires ?? now)}`;
  return key.use === 'sig' ? 'is for signatures' : 'has no private half here';
}

function missing(message: string): JwksError {
  return new JwksError('not-found', message, { hint: 'jwks list --all shows the keys there are and were' });
}

function bad(message: string): JwksError {
  return new JwksError('damaged', message, { hint: 'ask whoever made it for another one' });
}
