// Fetches a published JWK Set and reads of it what can be read.
import { JwksError } from '../errors.ts';
import { holdsPrivateMember, type PublicJwk, toPublicJwk } from '../jose/jwk.ts';
import { parsePublicKeys } from '../jose/parse-public.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';
import { describeUrl } from './fetch-target.ts';
import type { Fetched, FetchUrl } from './fetch-url.ts';
import { isObject, mayVerify, parseForeign } from './foreign-json.ts';

export interface ServedKey {
  readonly kid: string | undefined;
  /** RFC 7638. */
  readonly thumbprint: string;
  readonly jwk: PublicJwk;
  /** Its `key_ops`, where it has them, say that it verifies. */
  readonly verifies: boolean;
}

export interface UnreadableKey {
  readonly kid: string | undefined;
  /** Words that follow "it", such as `has no "n"`. Never quotes the key. */
  readonly reason: string;
}

export interface ServedJwks {
  /** For messages: without query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** In their order; a kid can be there more than once. */
  readonly keys: readonly ServedKey[];
  /** RFC 7517 section 5: a key that is not understood does not spoil the others. */
  readonly unreadable: readonly UnreadableKey[];
  /** A private member, or a symmetric key, is anywhere in it. */
  readonly holdsPrivate: boolean;
}

const mostKeys = 10_000;

/** What is no JWK Set is exit 6, what cannot be fetched exit 7. */
export async function fetchJwks(fetchUrl: FetchUrl, url: string): Promise<ServedJwks> {
  return readJwks(await fetchUrl(url));
}

function readJwks(fetched: Fetched): ServedJwks {
  const url = describeUrl(new URL(fetched.url));
  const { entries, holdsPrivate } = parseSet(fetched.text, url);
  const keys: ServedKey[] = [];
  const unreadable: UnreadableKey[] = [];
  for (const entry of entries) {
    const key = readKey(entry);
    if ('jwk' in key) keys.push(key);
    else unreadable.push(key);
  }
  return { url, headers: fetched.headers, keys, unreadable, holdsPrivate };
}

function parseSet(text: string, url: string): { entries: readonly unknown[]; holdsPrivate: boolean } {
  const value = parseForeign(text);
  const entries: unknown = isObject(value) ? Reflect.get(value, 'keys') : undefined;
  const holdsPrivate = looksPrivate(value, url);
  if (!Array.isArray(entries)) {
    const what = holdsPrivate ? 'a private key, and no JWK Set' : 'no JWK Set';
    throw new JwksError('bad-key', `${url} serves ${what}`);
  }
  if (entries.length > mostKeys) throw new JwksError('bad-key', `${url} serves more than ${mostKeys} keys`);
  return { entries, holdsPrivate };
}

function looksPrivate(value: unknown, url: string): boolean {
  try {
    return holdsPrivateMember(value);
  } catch (error) {
    // It recurses, and a megabyte has room for half a million levels.
    if (!(error instanceof RangeError)) throw error;
    throw new JwksError('bad-key', `${url} serves JSON that is nested too deeply`);
  }
}

function readKey(entry: unknown): ServedKey | UnreadableKey {
  const named: unknown = isObject(entry) ? Reflect.get(entry, 'kid') : undefined;
  const kid = typeof named === 'string' ? named : undefined;
  if (!isObject(entry)) return { kid, reason: 'is no JWK' };
  if (Reflect.get(entry, 'kty') === 'oct') return { kid, reason: 'is a symmetric key' };
  try {
    // Private members are dropped before anything else looks at the key.
    const jwk = toPublicJwk(entry);
    parsePublicKeys(JSON.stringify({ keys: [jwk] }), 'it');
    return { kid, thumbprint: thumbprintOf(jwk), jwk, verifies: mayVerify(entry) };
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    return { kid, reason: error.message.replace(/^(?:the key|it, key 1,) /, '') };
  }
}
