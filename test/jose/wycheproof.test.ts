// Project Wycheproof's keys: what is no sound key is refused with a code, and nothing makes us stumble.
import { diffieHellman } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { holdsPrivateMember, toPrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { parsePublicKeys } from '../../src/jose/parse-public.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { hasCollections, readCollected, withCollections } from '../support/vectors.ts';
import { forNode } from './keys.ts';

interface KeyGroup {
  readonly comment: string;
  readonly private: { readonly keys: readonly object[] };
  readonly public?: object;
  readonly tests: readonly { readonly comment: string }[];
}

interface Exchange {
  readonly tcId: number;
  readonly public: { readonly kty?: string; readonly crv?: string };
  readonly private: object;
  readonly shared: string;
  readonly result: 'valid' | 'acceptable' | 'invalid';
  readonly flags: readonly string[];
}

function outcomeOf(value: object): 'read' | string {
  try {
    for (const { jwk } of parsePublicKeys(JSON.stringify(value), 'key'))
      expect(jwk.kty === 'oct' || !holdsPrivateMember(jwk)).toBe(true);
    return 'read';
  } catch (error) {
    if (error instanceof JwksError) return error.code;
    throw error;
  }
}

function groupsOf<T>(file: string): T[] {
  return hasCollections ? JSON.parse(readCollected(`wycheproof/${file}`)).testGroups : [];
}

// Some are wrong in what they are used for, not in themselves: those are the verifier's to refuse.
// The second value under a duplicate kid has bits that count for nothing.
const unsound = ['empty_key', 'invalid_point', 'wrong_curve', 'wrong_kty', 'jws_duplicate_kid'];

describe.skipIf(!hasCollections)(withCollections('collected vectors'), () => {
  const groups = groupsOf<KeyGroup>('json_web_key_test.json');
  const rows = groups.map((group) => [`${group.comment}, ${group.tests[0]?.comment}`, group] as const);

  test.each(rows)('%s', (title, group) => {
    const isUnsound = unsound.some((word) => title.includes(word));
    const expected = isUnsound ? 'bad-key' : 'read';
    const outcomes = [group.private, group.public ?? group.private].map(outcomeOf);
    expect(outcomes).toEqual([expected, expected]);
  });

  test('X25519: every key of RFC 7748 is read, and agrees', () => {
    const exchanges = groupsOf<{ tests: Exchange[] }>('x25519_jwk_test.json').flatMap(({ tests }) => tests);
    const good = exchanges.filter(
      ({ result, flags }) => result !== 'invalid' && !flags.includes('ZeroSharedSecret'),
    );
    expect(good.length).toBeGreaterThan(400);
    for (const exchange of good) {
      expect([exchange.tcId, outcomeOf(exchange.public)]).toEqual([exchange.tcId, 'read']);
      const privateKey = toKeyObject(toPrivateJwk(exchange.private));
      const secret = diffieHellman({ privateKey, publicKey: forNode(toPublicJwk(exchange.public)) });
      expect([exchange.tcId, secret.toString('hex')]).toEqual([exchange.tcId, exchange.shared]);
    }
    const bad = exchanges.filter(({ result }) => result === 'invalid');
    for (const { public: key } of bad) expect(['read', 'bad-key']).toContain(outcomeOf(key));
    const pretending = bad.filter(({ public: { kty, crv } }) => crv === 'X25519' && kty !== 'OKP');
    expect(pretending.map(({ public: key }) => outcomeOf(key))).toEqual(pretending.map(() => 'bad-key'));
  });
});
