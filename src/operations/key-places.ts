// Where the key of a token is looked for: one set, all sets, or a JWKS from elsewhere.
import type { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Reader } from '../keystore/reader.ts';
import { parseSetId } from '../keystore/set-id.ts';
import type { Instant } from '../lifecycle/time.ts';
import { fetchJwks } from './fetch-jwks.ts';
import type { FetchUrl } from './fetch-url.ts';
import { readNamed } from './select-sets.ts';
import { keysOfServed, keysOfSet, keysOfText, type TokenKey } from './token-keys.ts';
import type { KeyPlace } from './verify-token.ts';

/** A keystore that is opened no further than is needed. */
export interface Doors {
  readonly read: () => Promise<Reader>;
  readonly unlock: () => Promise<Keystore>;
}

export function inSet(doors: Doors, clock: Instant, name: string): KeyPlace {
  const set = parseSetId(name);
  return {
    name: `in set "${set}"`,
    wantsKid: false,
    keys: async () => {
      const manifest = await readNamed(await doors.read(), set);
      return keysOfSet(manifest, clock, doors.unlock);
    },
  };
}

/** Also sets that were deleted: their keys are names with an end. */
export function inAllSets(doors: Doors, clock: Instant): KeyPlace {
  return {
    name: 'in any set',
    wantsKid: true,
    keys: async (kid) => {
      const faults: JwksError[] = [];
      const manifests = await (await doors.read()).readManifests((_, fault) => faults.push(fault));
      const keys = manifests.flatMap((manifest) => keysOfSet(manifest, clock, doors.unlock));
      const named = keys.filter((key) => key.kid === kid);
      // The key may be of a set that cannot be read, and then "unknown" would be a lie.
      if (named.length === 0 && faults[0] !== undefined) throw faults[0];
      return named;
    },
  };
}

export function inText(text: string, name: string): KeyPlace {
  const keys = keysOfText(text, name);
  return { name: `in ${name}`, wantsKid: false, keys: async () => keys };
}

/** `onPrivate` is told where private keys are published: whoever verifies by that is deceived easily. */
export async function atUrl(fetchUrl: FetchUrl, url: string, onPrivate: () => void): Promise<KeyPlace> {
  const served = await fetchJwks(fetchUrl, url);
  if (served.holdsPrivate) onPrivate();
  const keys: TokenKey[] = keysOfServed(served);
  return { name: `at ${served.url}`, wantsKid: false, keys: async () => keys };
}
