// What a check says of sets and of a place where they are published, and the figures that go with it.
import { expect, test, vi } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import type { Manifest, ManifestKey } from '../../src/keystore/manifest.ts';
import { documentOf, parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import { defaultFacts } from '../../src/lifecycle/policy.ts';
import { type Instant, toInstant } from '../../src/lifecycle/time.ts';
import { type CheckRequest, checkSets, figuresNow } from '../../src/operations/check-sets.ts';
import { createKey } from '../../src/operations/create-key.ts';
import type { FetchUrl } from '../../src/operations/fetch-url.ts';
import { retireKey } from '../../src/operations/remove-keys.ts';
import { addKey, auth, authorAt, memoryKeystore, noon } from '../support/keystore.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';

const pay = parseSetId('pay');
const hour = 3_600;
const day = 24 * hour;
const after = (seconds: number): Instant => toInstant(noon + seconds);
const good = { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=60' };

/** Two sets, whose keys of now are published at one place. */
async function published(headers: Readonly<Record<string, string>> = good) {
  const made = await memoryKeystore();
  const author = authorAt();
  const writer = await made.open({ author });
  await addKey(writer);
  const { key } = await createKey(writer, () => author.now(), { set: pay, alg: 'ES256' });
  const storage = new TamperedStorage(made.storage);
  const place = { text: '' };
  const publish = async () => {
    const keys = (await writer.reader.readManifests()).flatMap((manifest) => manifest.keys);
    place.text = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
  };
  await publish();
  const fetchUrl: FetchUrl = async (url) => ({ url, headers, text: place.text });
  const check = async (sets: CheckRequest['sets'], clock = noon, more: Partial<CheckRequest> = {}) => {
    const { reader } = await made.open({ storage });
    const request = { sets, urls: ['https://issuer.example/jwks.json'], ...more };
    const { findings } = await checkSets(reader, clock, fetchUrl, request);
    return findings.map(({ set, code, severity }) => `${severity} ${set ?? '-'} ${code}`);
  };
  const damage = (set: SetId) => storage.plant(documentOf(set), { revision: 1, bytes: Buffer.from('{}') });
  return { made, author, writer, kid: key?.kid ?? '', publish, damage, check };
}

test('a keystore without sets is a warning', async () => {
  const { reader } = await (await memoryKeystore()).open();
  const checked = await checkSets(reader, noon, () => expect.unreachable(), { sets: 'all', urls: [] });
  expect(checked).toMatchObject({ ok: true, findings: [{ code: 'no-sets', severity: 'warning' }] });
});

test('of a time before a set was made there is nothing to say', async () => {
  const { check } = await published();
  expect(await check([auth], noon, { urls: [], at: after(-1) })).toEqual([]);
});

test.each([
  ['of one set that the disk does not give, nothing was found out', new Set([pay]), true],
  ['where another one is damaged, that was', new Set([pay, auth]), false],
])('%s', async (_, sets, isUnknown) => {
  const { made } = await published();
  const { reader } = await made.open();
  const read = reader.storage.read.bind(reader.storage);
  vi.spyOn(reader.storage, 'read').mockImplementation(async (name) => {
    if (name === documentOf(pay)) throw new JwksError('failed', `${name}: the disk reports an error`);
    return sets.has(auth) && name === documentOf(auth)
      ? { revision: 1, bytes: Buffer.from('{}') }
      : read(name);
  });
  const request = { sets: 'all', urls: [] } as const;
  const checked = await checkSets(reader, noon, () => expect.unreachable(), request);
  expect(checked).toMatchObject({ ok: false, isUnknown });
  expect(checked.findings).toHaveLength(sets.size);
});

test('a fault of ours in the fetching is no finding', async () => {
  const { made } = await published();
  const fails: FetchUrl = () => Promise.reject(new TypeError('a fault of ours'));
  const { reader } = await made.open();
  const request = { sets: 'all', urls: ['https://issuer.example/'] } as const;
  await expect(checkSets(reader, noon, fails, request)).rejects.toThrow(TypeError);
});

test('keys of sets that were not named are known', async () => {
  const { check } = await published();
  expect([await check([auth]), await check('all')]).toEqual([[], []]);
});

test('where such a set cannot be read, its keys are strange, and it is said why', async () => {
  const { check, damage } = await published({ ...good, 'content-type': 'application/json' });
  expect(await check([auth])).toEqual(['warning - json-content-type']);
  damage(parseSetId('not published'));
  expect(await check([auth])).toEqual(['warning - json-content-type']);
  damage(pay);
  expect(await check([auth])).toEqual([
    ...['error - unknown-published', 'error pay damaged', 'error not published damaged'],
    'warning - json-content-type',
  ]);
});

test('a set that was named and cannot be read is told once', async () => {
  const { check, damage } = await published();
  damage(auth);
  const told = ['error auth damaged', 'error - unknown-published'];
  expect([await check([auth]), await check('all')]).toEqual([told, told]);
});

test('a key that signs is missed from the first second on', async () => {
  const { writer, check } = await published();
  await addKey(writer);
  expect(await check('all')).toEqual(['error auth missing']);
});

test('a key that has just retired may be published for as long as the publication lags behind', async () => {
  const { writer, kid, check, damage } = await published();
  const { keys } = await retireKey(writer, { set: pay, kid });
  const { retires = noon } = keys.find((key) => key.kid === kid) ?? {};
  const at = (seconds: number) => toInstant(retires + seconds);
  const { publishLag } = defaultFacts;
  expect(await check([pay], at(publishLag))).toContain('warning pay retired-published');
  expect(await check([pay], at(publishLag + 1))).toContain('error pay retired-published');
  // Also where none of the sets that were named can be read.
  damage(auth);
  expect(await check([auth], at(365 * day))).toContain('error pay retired-published');
});

test('of a key for encryption the lag counts from when it was no longer to be used', async () => {
  const { author, writer, publish, check } = await published();
  const set = parseSetId('enc');
  const { key } = await createKey(writer, () => author.now(), { set, alg: 'ECDH-ES', use: 'enc' });
  await publish();
  author.now = () => after(10 * day);
  await retireKey(writer, { set, kid: key?.kid ?? '' });
  expect(await check([set], after(10 * day + hour))).toContain('warning enc not-to-publish');
  expect(await check([set], after(12 * day))).toContain('error enc not-to-publish');
});

function setOf(keys: readonly Partial<ManifestKey>[], rotateEvery?: number): Manifest {
  const names = {
    alg: 'ES256',
    use: 'sig',
    symmetric: false,
    held: true,
    created: after(-20 * day),
  } as const;
  const policy = rotateEvery === undefined ? undefined : { facts: { ...defaultFacts, rotateEvery }, was: [] };
  const whole = keys.map((key, index) => ({ ...names, kid: `k${index}`, ...key }));
  return { set: auth, revision: 1, master: 1, updated: after(-day), keys: whole, events: [], policy };
}

const figures = (...made: Parameters<typeof setOf>) => figuresNow([setOf(...made)], noon)[0];

test('figures: how long each signer has signed, and keys by state', () => {
  const keys = [
    { activates: after(-3 * day) },
    { activates: after(-9 * day) },
    { alg: 'EdDSA', activates: after(-2 * day) },
    { activates: after(day) },
    { activates: after(-9 * day), retires: after(-1) },
    { revoked: { at: after(-1), reason: 'keyCompromise' } },
  ] as const;
  expect(figures(keys)).toMatchObject({
    signers: [
      { alg: 'ES256', age: 3 * day },
      { alg: 'EdDSA', age: 2 * day },
    ],
    keys: { next: 1, active: 3, retiring: 0, retired: 1, revoked: 1 },
  });
});

test('figures: the next change is the first date that is to come, of a key or of the policy', () => {
  const active = { activates: after(-10 * day) };
  const later = { ...active, deactivates: after(5 * day), retires: after(9 * day) };
  const revoked = { revoked: { at: after(-1), reason: 'keyCompromise' }, retires: after(day) } as const;
  expect(figures([active])?.nextChange).toBeUndefined();
  expect(figures([later, revoked])?.nextChange).toBe(5 * day);
  expect(figures([later, { activates: after(2 * day) }])?.nextChange).toBe(2 * day);
  const planned = figures([active], 90 * day)?.nextChange ?? 0;
  expect([planned > 70 * day, planned < 80 * day]).toEqual([true, true]);
});

test('figures: overdue is what has been so for the longest', () => {
  const keys = [{ activates: after(-100 * day) }, { alg: 'EdDSA', activates: after(-95 * day) }];
  expect(figures(keys, 90 * day)?.overdue).toBe(10 * day);
  expect(figures(keys.slice(1), 90 * day)?.overdue).toBe(5 * day);
  expect(figures(keys, 200 * day)?.overdue).toBe(0);
});
