// What is wrong with the keys of a set together: kids that do not tell them apart, one key under two names.
import { createHash } from 'node:crypto';
import { isKty, requiredMembers } from '../jwk.ts';
import type { Fault } from './finding.ts';
import type { LintedKey } from './linted-key.ts';

/** A fault with the key that shows it; none: it is the set's. */
export interface SetFault extends Fault {
  readonly key?: LintedKey | undefined;
}

export function lintNames(keys: readonly LintedKey[]): SetFault[] {
  return [...lintMissingKids(keys), ...lintDoubleKids(keys), ...lintSameKeys(keys)];
}

function lintMissingKids(keys: readonly LintedKey[]): SetFault[] {
  const nameless = keys.filter(({ record, kid }) => !record.has('kid') || kid === '');
  const code = nameless.length > 1 ? 'kids-missing' : 'kid-missing';
  return nameless.map((key) => ({ code, key, what: 'no kid' }));
}

function lintDoubleKids(keys: readonly LintedKey[]): SetFault[] {
  return repeats(keys, ({ kid }) => (kid === '' ? undefined : kid)).map(([key, first]) => ({
    code: 'kid-duplicate',
    key,
    member: 'kid',
    what: `the kid of ${first.place} again`,
  }));
}

function lintSameKeys(keys: readonly LintedKey[]): SetFault[] {
  return repeats(keys, materialOf)
    .filter(([key, first]) => key.kid !== first.kid)
    .map(([key, first]) => ({ code: 'same-key', key, what: `the same key as ${first.place}` }));
}

/** Each key whose name was there before, with the first of that name. */
function repeats(
  keys: readonly LintedKey[],
  nameOf: (key: LintedKey) => string | undefined,
): (readonly [key: LintedKey, first: LintedKey])[] {
  const firsts = new Map<string, LintedKey>();
  return keys.flatMap((key) => {
    const name = nameOf(key);
    if (name === undefined) return [];
    const first = firsts.get(name);
    if (first !== undefined) return [[key, first] as const];
    firsts.set(name, key);
    return [];
  });
}

/** One text for one key, however it is encoded. The members of RFC 7638, but the bytes and not their spelling. */
function materialOf(key: LintedKey): string | undefined {
  const { kty = '', crv = '' } = key;
  if (!isKty(kty) || kty === 'oct') return undefined;
  const names = requiredMembers(kty).filter((name) => !['kty', 'crv', 'alg'].includes(name));
  const hash = createHash('sha256').update(`${kty} ${crv}`);
  for (const name of names) {
    const bytes = key.bytes(name);
    if (bytes === undefined) return undefined;
    hash.update(` ${bytes.toString('hex').replace(/^(?:00)+/, '')}`);
  }
  return hash.digest('base64url');
}
