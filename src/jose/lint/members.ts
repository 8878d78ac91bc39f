// Whether a key has the members of its type, and each of them the right kind of value.
import { isKty, requiredMembers } from '../jwk.ts';
import { type Fault, quote } from './finding.ts';
import { textsOf } from './json-text.ts';
import type { LintedKey } from './linted-key.ts';

/** RFC 7517 section 4; the members of the types themselves come on top. */
const texts = ['alg', 'use', 'x5u', 'x5t', 'x5t#S256'];
const lists = ['key_ops', 'x5c'];

export function lintMembers(key: LintedKey): Fault[] {
  return [...lintType(key), ...lintKid(key), ...lintKinds(key)];
}

function lintType({ record, kty }: LintedKey): Fault[] {
  if (!record.has('kty')) return [{ code: 'kty-missing', what: 'no kty' }];
  if (kty === undefined) return [{ code: 'member-type', member: 'kty', what: '"kty" is no text' }];
  if (!isKty(kty)) return [{ code: 'kty-unknown', member: 'kty', what: `kty ${quote(kty)}` }];
  // A symmetric key is a finding as such.
  const required = kty === 'oct' ? [] : requiredMembers(kty);
  return required
    .filter((name) => !record.has(name))
    .map((name) => ({ code: 'member-missing', what: `a key of type ${kty} without "${name}"` }));
}

function lintKid({ record, kid }: LintedKey): Fault[] {
  if (!record.has('kid') || kid !== undefined) return [];
  return [{ code: 'kid-type', member: 'kid', what: 'kid is no text' }];
}

function lintKinds({ record, kty = '' }: LintedKey): Fault[] {
  const own = isKty(kty) && kty !== 'oct' ? requiredMembers(kty).filter((name) => name !== 'kty') : [];
  const wrong = [...new Set([...texts, ...own])]
    .filter((name) => record.has(name) && typeof record.get(name) !== 'string')
    .map((name) => ({ member: name, what: `"${name}" is no text` }));
  const noLists = lists
    .filter((name) => record.has(name) && textsOf(record.get(name)) === undefined)
    .map((name) => ({ member: name, what: `"${name}" is no list of texts` }));
  return [...wrong, ...noLists].map((fault) => ({ code: 'member-type', ...fault }));
}
