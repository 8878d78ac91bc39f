// What is found where an endpoint publishes something else than it should.
import { expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { type PublicJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { thumbprintOf } from '../../src/jose/thumbprint.ts';
import type { KeyState } from '../../src/lifecycle/key.ts';
import { defaultFacts } from '../../src/lifecycle/policy.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { type Comparison, comparePublished, type KnownKey } from '../../src/operations/compare-published.ts';
import type { ServedKey, UnreadableKey } from '../../src/operations/fetch-jwks.ts';

const makeKey = async (kid: string): Promise<PublicJwk> =>
  toPublicJwk(await generateKey(selectKeyShape({ alg: 'Ed25519' }), { kid }));

const [a, b, c] = await Promise.all([makeKey('a'), makeKey('b'), makeKey('c')]);
const named = (jwk: PublicJwk, members: object): PublicJwk => toPublicJwk({ ...jwk, ...members });
const known = (jwk: PublicJwk, state: KeyState, more: Partial<KnownKey> = {}): KnownKey => {
  return { kid: jwk.kid ?? '', state, thumbprint: thumbprintOf(jwk), ...more };
};
const goodHeaders = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=3600' };

interface Scene extends Partial<Omit<Comparison, 'served'>> {
  readonly served?: readonly PublicJwk[];
  readonly unreadable?: readonly UnreadableKey[];
  readonly headers?: Record<string, string>;
  readonly holdsPrivate?: boolean;
}

function compare(scene: Scene) {
  const { served = [], unreadable = [], headers = goodHeaders, holdsPrivate = false, ...rest } = scene;
  const keys = served.map(
    (jwk): ServedKey => ({ kid: jwk.kid, thumbprint: thumbprintOf(jwk), jwk, verifies: true }),
  );
  return comparePublished({
    expected: [],
    known: [],
    facts: defaultFacts,
    ...rest,
    served: { url: 'https://issuer.example/jwks.json', headers, keys, unreadable, holdsPrivate },
  });
}
const codesOf = (scene: Scene): string[] =>
  compare(scene).map(({ code, kid, severity }) => [severity[0], code, kid].filter(Boolean).join(' '));

const both = { expected: [a, b], known: [known(a, 'active'), known(b, 'next')] };

test('what should be there and nothing else: no findings, in any order', () => {
  expect(compare({ ...both, served: [a, b] })).toEqual([]);
  expect(compare({ ...both, served: [b, a] })).toEqual([]);
  expect(compare({})).toEqual([]);
});

test('members that a server leaves out or adds are no difference', () => {
  const { alg: _, use: __, ...bare } = a;
  expect(compare({ ...both, served: [toPublicJwk(bare), named(b, { x5c: ['AA=='] })] })).toEqual([]);
});

test('a key that is missing', () => {
  expect(compare({ ...both, served: [a] })).toEqual([
    {
      kid: 'b',
      code: 'missing',
      severity: 'error',
      message: 'https://issuer.example/jwks.json: key "b" is not served, though it is to sign next',
    },
  ]);
});

test.each(['revoked', 'retired'] as const)('a key that is %s', (state) => {
  const scene = { expected: [a], known: [known(a, 'active'), known(b, state)] };
  expect(codesOf({ ...scene, served: [a, b] })).toEqual([`e ${state}-published b`]);
  // The tokens of a revoked key are taken under whatever name it has.
  expect(codesOf({ ...scene, served: [a, named(b, { kid: 'x' })] })).toEqual([`e ${state}-published x`]);
  const unreadable = [{ kid: 'b', reason: 'has no "x"' }];
  expect(codesOf({ ...scene, served: [a], unreadable })).toEqual([`e ${state}-published b`]);
  const masked = [named(b, { kid: 'a' })];
  expect(codesOf({ ...scene, served: masked })).toEqual(['e differs a', `e ${state}-published a`]);
});

test('a key that is not to be published', () => {
  const scene = {
    expected: [a],
    known: [known(a, 'active'), known(b, 'next'), { kid: 's', state: 'active' as const }],
  };
  expect(codesOf({ ...scene, served: [a, b] })).toEqual(['e not-to-publish b']);
  const unreadable = [{ kid: 's', reason: 'is a symmetric key' }];
  expect(codesOf({ ...scene, served: [a], unreadable })).toEqual(['e not-to-publish s']);
});

test('a key that nobody knows', () => {
  expect(codesOf({ ...both, served: [a, b, c] })).toEqual(['e unknown-published c']);
  const unreadable = [{ kid: undefined, reason: 'has no "kty" that is supported' }];
  const [finding, ...others] = compare({ ...both, served: [a, b], unreadable });
  expect(others).toEqual([]);
  expect(finding).toEqual({
    code: 'unknown-published',
    severity: 'error',
    message:
      'https://issuer.example/jwks.json: a key without kid is served, but is not in the keystore (it has no "kty" that is supported)',
  });
});

test('another key under the same kid', () => {
  expect(codesOf({ ...both, served: [a, named(c, { kid: 'b' })] })).toEqual(['e differs b']);
  expect(codesOf({ ...both, served: [a, named(b, { alg: 'EdDSA' })] })).toEqual(['e differs b']);
  expect(codesOf({ ...both, served: [a, named(b, { use: 'enc' })] })).toEqual(['e differs b']);
  expect(codesOf({ ...both, served: [a], unreadable: [{ kid: 'b', reason: 'x' }] })).toEqual(['e differs b']);
  const tombstone = { expected: [a], known: [known(a, 'active'), known(b, 'revoked')] };
  expect(codesOf({ ...tombstone, served: [a, named(c, { kid: 'b' })] })).toEqual(['e differs b']);
});

test('the same key under another kid, or none', () => {
  const { kid: _, ...unnamed } = b;
  expect(codesOf({ ...both, served: [a, named(b, { kid: 'x' })] })).toEqual(['e differs x', 'e missing b']);
  expect(codesOf({ ...both, served: [a, toPublicJwk(unnamed)] })).toEqual(['e differs', 'e missing b']);
});

test('a key that was imported under two kids counts by the one that must least be there', () => {
  const scene = { expected: [a], served: [a, named(b, { kid: 'x' })] };
  const states = ['revoked', 'retiring', 'active'] as const;
  for (const order of [states, states.toReversed()]) {
    const twins = order.map((state) => known(named(b, { kid: state }), state));
    const [finding, ...others] = compare({ ...scene, known: [known(a, 'active'), ...twins] });
    expect([finding?.code, others]).toEqual(['revoked-published', []]);
    expect(finding?.message).toMatch(/: key "x" is served, but, as "revoked", was revoked$/);
  }
});

test('a key under another kid that is to be served under none', () => {
  const scene = { expected: [a], known: [known(a, 'active'), known(b, 'next')] };
  const [finding, ...others] = compare({ ...scene, served: [a, named(b, { kid: 'x' })] });
  expect([finding?.code, others]).toEqual(['not-to-publish', []]);
  expect(finding?.message).toMatch(/: key "x" is served, but, as "b", is not to be published \(next\)$/);
});

test('a key that should be there, in a form that cannot be used', () => {
  const unreadable = [{ kid: 'b', reason: 'has no "x"' }];
  const [finding] = compare({ ...both, served: [a], unreadable });
  expect(finding?.message).toMatch(/: key "b" is served in a form that cannot be used: it has no "x"$/);
});

test('a kid that is there twice; that two have none is not one', () => {
  expect(codesOf({ ...both, served: [a, b, a, a] })).toEqual(['e duplicate a']);
  const unnamed = { kid: undefined, reason: 'is no JWK' };
  expect(codesOf({ ...both, served: [a, b], unreadable: [unnamed, unnamed] })).toEqual([
    ...['e unknown-published', 'e unknown-published'],
  ]);
});

test('private members come first', () => {
  const codes = codesOf({ ...both, served: [c], holdsPrivate: true, headers: {} });
  expect(codes).toEqual([
    ...['e private-published', 'e unknown-published c', 'e missing a', 'e missing b', 'e content-type'],
    'w no-cache-header',
  ]);
});

test('what changed less than publishLag ago is a warning, unless it was revoked', () => {
  const changed = toInstant(1_000_000);
  const { publishLag } = defaultFacts;
  const scene = {
    expected: [a],
    known: [
      known(a, 'active', { changed }),
      known(b, 'retired', { changed }),
      known(c, 'revoked', { changed }),
    ],
    served: [b, c],
  };
  const soon = toInstant(changed + publishLag);
  expect(codesOf({ ...scene, now: soon })).toEqual([
    ...['e revoked-published c', 'w retired-published b', 'w missing a'],
  ]);
  const late = toInstant(changed + publishLag + 1);
  const errors = ['e retired-published b', 'e revoked-published c', 'e missing a'];
  expect(codesOf({ ...scene, now: late })).toEqual(errors);
  expect(codesOf(scene)).toEqual(errors);
});

test('a key that signs already is missed from the first second on', () => {
  const changed = toInstant(1_000_000);
  const missing = (isUrgent: boolean) => ({
    expected: [a],
    known: [known(a, 'active', { changed, isUrgent })],
    now: changed,
  });
  expect(codesOf(missing(true))).toEqual(['e missing a']);
  expect(codesOf(missing(false))).toEqual(['w missing a']);
});

test.each([
  ['application/jwk-set+json', []],
  ['Application/JWK-Set+JSON; charset=utf-8', []],
  ['application/json;charset=utf-8', ['w json-content-type']],
  ['text/html', ['e content-type']],
  ['application/jwk+json', ['e content-type']],
  ['', ['e content-type']],
])('the content type "%s"', (type, codes) => {
  expect(codesOf({ headers: { ...goodHeaders, 'content-type': type } })).toEqual(codes);
});

const facts = { ...defaultFacts, cacheMaxAge: 3_600, staleIfError: 600 };

test.each([
  ['max-age=3600', []],
  ['max-age=3601', ['e cache-too-long']],
  ['max-age=60, s-maxage=7200', ['e cache-too-long']],
  ['max-age=3600, stale-if-error=600', []],
  ['max-age=3600, stale-if-error=601', ['e stale-too-long']],
  ['max-age=3600, stale-while-revalidate=601', ['e stale-too-long']],
  ['max-age=7200, stale-if-error=600', ['e cache-too-long']],
  ['max-age=7200, stale-if-error=601', ['e cache-too-long', 'e stale-too-long']],
  ['max-age=600, stale-while-revalidate=3600', []],
  ['max-age=600, stale-while-revalidate=3601', ['e stale-too-long']],
  ['no-store', []],
  ['no-cache, max-age=9999', []],
  ['public', ['w no-cache-header']],
  ['stale-if-error=601', ['e stale-too-long', 'w no-cache-header']],
])('Cache-Control: %s', (header, codes) => {
  expect(codesOf({ facts, headers: { ...goodHeaders, 'cache-control': header } })).toEqual(codes);
});

test('a kid of any length fits into a message', () => {
  const [finding] = compare({ served: [named(a, { kid: 'k'.repeat(100_000) })] });
  expect(finding?.message.length).toBeLessThan(200);
});
