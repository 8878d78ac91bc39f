// The manifest: every member comes back as it was, and what is not as it should be is refused in words.
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { generateKey } from '../../src/jose/generate.ts';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import {
  fromFacts,
  fromManifest,
  type Manifest,
  parseDocument,
  parseManifest,
  readPayload,
  refuseNewer,
} from '../../src/keystore/manifest.ts';
import { defaultFacts } from '../../src/lifecycle/policy.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { auth, noon } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test takes documents apart as it likes.
type Json = any;
const privateJwk = await generateKey(selectKeyShape({ alg: 'ES256' }), { scheme: 'thumbprint' });
const jwk = toPublicJwk(privateJwk);
const kid = String(jwk.kid);
const at = (hours: number) => toInstant(noon + hours * 3_600);
const names = { alg: 'ES256', use: 'sig', symmetric: false } as const;

const manifest: Manifest = {
  set: auth,
  revision: 3,
  previous: 'A'.repeat(43),
  master: 2,
  updated: noon,
  deleted: at(1),
  policy: {
    facts: { ...defaultFacts, rotateEvery: 90 * 86_400, alg: ['ES256'] },
    was: [{ facts: { ...defaultFacts, skew: 60, destroyRetiring: true }, until: at(2) }],
  },
  keys: [
    {
      ...{ kid, ...names, held: true, thumbprint: kid, jwk, created: noon, seen: at(3) },
      ...{ activates: at(4), deactivates: at(5), retires: at(6) },
    },
    { kid: 'gone', ...names, held: false, created: noon, revoked: { at: at(7), reason: 'keyCompromise' } },
    { kid: 'sym', alg: 'HS256', use: 'sig', symmetric: true, held: true, created: noon, activates: noon },
  ],
  events: [
    { id: '1.1', at: noon, event: 'created', kid, by: 'alice@laptop', note: 'a note' },
    { id: '3.1', at: at(8), event: 'revoked', by: 'bob@desk' },
  ],
};
const written = (): Json => JSON.parse(JSON.stringify(fromManifest(manifest)));
const read = (change: (value: Json) => void = () => {}) => {
  const value = written();
  change(value);
  return parseManifest(value, 'it');
};

test('what is written has dates and spans as text', () => {
  expect(written()).toMatchObject({
    ...{ format: 'jwks-keystore', version: 1, set: 'auth', revision: 3, previous: 'A'.repeat(43), master: 2 },
    ...{ updated: '2026-02-01T12:00:00Z', deleted: '2026-02-01T13:00:00Z' },
    policy: {
      facts: { publishLag: '1d', rotateEvery: '90d', alg: ['ES256'] },
      was: [{ facts: { skew: '1m', destroyRetiring: true }, until: '2026-02-01T14:00:00Z' }],
    },
  });
  expect(written().keys[0]).toEqual({
    ...{ kid, alg: 'ES256', use: 'sig', thumbprint: kid, private: true, jwk },
    ...{ created: '2026-02-01T12:00:00Z', seen: '2026-02-01T15:00:00Z', activates: '2026-02-01T16:00:00Z' },
    ...{ deactivates: '2026-02-01T17:00:00Z', retires: '2026-02-01T18:00:00Z' },
  });
  expect(written().keys[1]).toEqual({
    ...{ kid: 'gone', alg: 'ES256', use: 'sig', created: '2026-02-01T12:00:00Z' },
    revoked: { at: '2026-02-01T19:00:00Z', reason: 'keyCompromise' },
  });
  expect(written().events[1]).toEqual({
    ...{ id: '3.1', at: '2026-02-01T20:00:00Z', event: 'revoked', by: 'bob@desk' },
  });
  expect(fromFacts({ ...defaultFacts, alg: ['ES256'] })).toMatchObject({
    staleIfError: '0s',
    alg: ['ES256'],
  });
});

test('and it comes back as it was', () => {
  expect(read()).toEqual(manifest);
  expect(Object.keys(read()).sort()).toEqual(Object.keys(manifest).sort());
  const bare: Manifest = { ...manifest, policy: undefined, deleted: undefined, previous: undefined };
  expect(parseManifest(JSON.parse(JSON.stringify(fromManifest(bare))), 'it')).toEqual(bare);
});

test('an algorithm that nobody knows yet stops nobody who reads', () => {
  expect(read(({ keys }) => Object.assign(keys[1], { alg: 'ML-NEW-1' })).keys[1]).toMatchObject({
    ...{ alg: 'ML-NEW-1', symmetric: false },
  });
});

const notAsItShouldBe = (place: string) => `it is damaged: ${place} is not what it should be`;
describe('is damaged', () => {
  test.each<[string, (value: Json) => void, string]>([
    ['a kid twice', ({ keys }) => keys.push(keys[1]), 'it is damaged: a kid is there twice'],
    ['an unknown member', (value) => Object.assign(value, { more: 1 }), notAsItShouldBe('more')],
    [
      'an unknown member of a key',
      ({ keys }) => Object.assign(keys[1], { d: 'x' }),
      notAsItShouldBe('keys.1.d'),
    ],
    ['another format', (value) => Object.assign(value, { format: 'other' }), notAsItShouldBe('format')],
    [
      'an id of no event',
      ({ events }) => Object.assign(events[0], { id: 'a1.1b' }),
      notAsItShouldBe('events.0.id'),
    ],
    [
      'a use of its own',
      ({ keys }) => Object.assign(keys[1], { use: 'both' }),
      notAsItShouldBe('keys.1.use'),
    ],
    [
      'a reason of its own',
      ({ keys }) => Object.assign(keys[1].revoked, { reason: 'bored' }),
      notAsItShouldBe('keys.1.revoked.reason'),
    ],
    [
      'a private half that is told not to be there',
      ({ keys }) => Object.assign(keys[1], { private: false }),
      notAsItShouldBe('keys.1.private'),
    ],
    ...(['kid', 'alg', 'use'] as const).map((name): [string, (value: Json) => void, string] => [
      `a public key of another ${name}`,
      ({ keys }) => Object.assign(keys[0].jwk, { [name]: 'another' }),
      notAsItShouldBe('a public key'),
    ]),
    [
      'a public key that is private',
      ({ keys }) => Object.assign(keys[0].jwk, { d: privateJwk['d'] }),
      notAsItShouldBe('a public key'),
    ],
    [
      'a public key of a symmetric one',
      ({ keys }) => Object.assign(keys[2], { jwk: { ...jwk, kid: 'sym', alg: 'HS256' } }),
      notAsItShouldBe('a public key'),
    ],
  ])('%s', async (_, change, message) => {
    expect(await toldBy(() => read(change))).toEqual({ code: 'damaged', message, hint: undefined });
  });
});

describe('a newer version', () => {
  const told = (version: unknown) => ({
    code: 'newer-format',
    message: `it was written by a newer version (format ${version}, this reads 1)`,
    hint: 'update jwks on this host; nothing was changed',
  });
  const schema = v.strictObject({ payload: v.string() });
  const payloadOf = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

  test('says so, before its form is looked at', async () => {
    expect(await toldBy(() => refuseNewer({ version: 2 }, 'it'))).toEqual(told(2));
    expect(await toldBy(() => parseManifest({ version: 7, surprise: true }, 'it'))).toEqual(told(7));
  });

  test.each([{ version: 1 }, { version: 0 }, { version: '2' }, {}, null, undefined, 'text', 2])(
    '%j is none',
    (value) => {
      expect(() => refuseNewer(value, 'it')).not.toThrow();
    },
  );

  test('may have members that this one does not know, beside its payload', async () => {
    const newer = { payload: payloadOf({ version: 2 }), more: true };
    expect(await toldBy(() => parseDocument(schema, newer, 'payload', 'it'))).toEqual(told(2));
    // Which member it says so in is told by what it is.
    expect((await toldBy(() => parseDocument(schema, newer, 'aad', 'it'))).code).toBe('damaged');
    const same = { payload: payloadOf({ version: 1 }), more: true };
    const damaged = { code: 'damaged', message: notAsItShouldBe('more'), hint: undefined };
    expect(await toldBy(() => parseDocument(schema, same, 'payload', 'it'))).toEqual(damaged);
    for (const value of [null, 'text', { payload: 1 }])
      expect((await toldBy(() => parseDocument(schema, value, 'payload', 'it'))).code).toBe('damaged');
    expect(parseDocument(schema, { payload: 'x' }, 'payload', 'it')).toEqual({ payload: 'x' });
  });

  test('a payload is JSON in base64url, or nothing', () => {
    expect(readPayload(payloadOf({ a: 'é' }))).toEqual({ a: 'é' });
    expect(readPayload('AAAA')).toBeUndefined();
    expect(readPayload(undefined)).toBeUndefined();
  });
});
