// What a server publishes of several sets, and until when that holds.
import { expect, test } from 'vitest';
import type { Manifest, ManifestKey } from '../../src/keystore/manifest.ts';
import type { SetId } from '../../src/keystore/set-id.ts';
import { defaultFacts } from '../../src/lifecycle/policy.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { publish } from '../../src/operations/publish-sets.ts';

const now = 1_000_000 as Instant;
const later = (seconds: number) => (now + seconds) as Instant;

function key(kid: string, change: Partial<ManifestKey> = {}): ManifestKey {
  const thumbprint = change.thumbprint ?? `thumbprint of ${kid}`;
  const jwk = { kty: 'EC', crv: 'P-256', x: thumbprint, y: 'y', kid, alg: 'ES256', use: 'sig' };
  const common = { kid, alg: 'ES256', use: 'sig', symmetric: false, held: true, thumbprint } as const;
  return {
    ...common,
    jwk: jwk as unknown as ManifestKey['jwk'],
    created: later(-10),
    activates: later(-10),
    ...change,
  };
}

function set(name: string, keys: readonly ManifestKey[], facts?: Partial<typeof defaultFacts>): Manifest {
  const policy = facts && { facts: { ...defaultFacts, ...facts }, was: [] };
  return { set: name as SetId, revision: 1, master: 1, updated: later(-5), keys, events: [], policy };
}

const kids = (manifests: readonly Manifest[], at = now) =>
  publish(manifests, at).jwks.keys.map(({ kid }) => kid);

test('sets are merged in their order, the same key once, and the shortest times count', () => {
  const manifests = [
    set('b', [key('1'), key('2')], { cacheMaxAge: 600, staleIfError: 60 }),
    set('a', [key('2'), key('3')], { cacheMaxAge: 60, staleIfError: 600 }),
  ];
  const published = publish(manifests, now);
  expect(kids(manifests)).toEqual(['1', '2', '3']);
  expect(published).toMatchObject({ cacheMaxAge: 60, staleIfError: 60, conflicts: [], algs: ['ES256'] });
});

test('of two keys with one kid the one that was there first stands, whatever the order', () => {
  const old = set('old', [key('1', { thumbprint: 'old', created: later(-100) })]);
  const young = set('young', [key('1', { thumbprint: 'young' })]);
  for (const manifests of [
    [old, young],
    [young, old],
  ]) {
    const { jwks, conflicts } = publish(manifests, now);
    expect(jwks.keys.map((jwk) => jwk['x'])).toEqual(['old']);
    expect(conflicts).toEqual(['1']);
  }
  const twin = set('twin', [key('1', { thumbprint: 'twin' })]);
  expect(publish([young, twin], now).jwks.keys.map((jwk) => jwk['x'])).toEqual(['young']);
});

test('a private member in a manifest is not published', () => {
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    x: 'x',
    y: 'y',
    d: 'secret',
    kid: '1',
  } as unknown as ManifestKey['jwk'];
  const published = publish([set('a', [key('1', { jwk })])], now);
  expect(published.jwks.keys).toEqual([{ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid: '1' }]);
  expect(JSON.stringify(published)).not.toContain('secret');
});

test('the algorithms are those of published signing keys', () => {
  const manifests = [
    set('a', [
      key('1'),
      key('2', { alg: 'ECDH-ES', use: 'enc' }),
      key('3', { alg: 'EdDSA', retires: now }),
      key('4', { alg: 'HS256', symmetric: true, jwk: undefined }),
    ]),
  ];
  expect([kids(manifests), publish(manifests, now).algs]).toEqual([['1', '2'], ['ES256']]);
});

test('it holds until the next date, or until that is within skew', () => {
  const { skew } = defaultFacts;
  const manifests = [set('a', [key('1', { deactivates: later(1000), retires: later(2000) })])];
  expect(publish(manifests, now).until).toBe(later(1000 - skew));
  expect(publish(manifests, later(1000 - skew)).until).toBe(later(1000));
  expect(publish(manifests, later(1000)).until).toBe(later(2000 - skew));
  expect(kids(manifests, later(1999))).toEqual(['1']);
  expect(publish(manifests, later(1999)).until).toBe(later(2000));
  expect(kids(manifests, later(2000))).toEqual([]);
  expect(publish(manifests, later(2000)).until).toBeUndefined();
});

test('it holds until facts of before have had their time, and no longer than the clock is behind', () => {
  const was = [{ facts: { ...defaultFacts, skew: 900 }, until: later(50) }];
  const manifest = { ...set('a', [key('1')]), policy: { facts: defaultFacts, was } };
  expect(publish([manifest], now).until).toBe(later(50));
  expect(publish([manifest], later(50)).until).toBeUndefined();
  expect(publish([manifest], later(-6)).until).toBe(later(-5));
});
