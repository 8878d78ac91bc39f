// What a check of named sets says of a place where keys of others are published too.
import { expect, test } from 'vitest';
import { documentOf, parseSetId, type SetId } from '../../src/keystore/set-id.ts';
import type { Instant } from '../../src/lifecycle/time.ts';
import { checkSets } from '../../src/operations/check-sets.ts';
import type { FetchUrl } from '../../src/operations/fetch-url.ts';
import { retireKey } from '../../src/operations/remove-keys.ts';
import { addKey, auth, memoryKeystore, noon } from '../support/keystore.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';

const pay = parseSetId('pay');
const inAYear = (noon + 365 * 86_400) as Instant;

/** Two sets, whose keys of now are published at one place. */
async function published() {
  const made = await memoryKeystore();
  const writer = await made.open();
  await addKey(writer);
  const kid = await addKey(writer, pay);
  const keys = (await writer.reader.readManifests()).flatMap((manifest) => manifest.keys);
  const headers = { 'content-type': 'application/jwk-set+json', 'cache-control': 'max-age=60' };
  const text = JSON.stringify({ keys: keys.map(({ jwk }) => jwk) });
  const fetchUrl: FetchUrl = async (url) => ({ url, headers, text });
  const storage = new TamperedStorage(made.storage);
  const damage = (set: SetId) => storage.plant(documentOf(set), { revision: 1, bytes: Buffer.from('{}') });
  const check = async (sets: 'all' | readonly SetId[], clock = noon) => {
    const { reader } = await made.open({ storage });
    const request = { sets, urls: ['https://issuer.example/jwks.json'] };
    const { findings } = await checkSets(reader, clock, fetchUrl, request);
    return findings.map(({ set, code, severity }) => `${severity} ${set ?? '-'} ${code}`);
  };
  return { writer, kid, damage, check };
}

test('keys of sets that were not named are known', async () => {
  const { check } = await published();
  expect([await check([auth]), await check('all')]).toEqual([[], []]);
});

test('where such a set cannot be read, its keys are strange, and it is said why', async () => {
  const { check, damage } = await published();
  damage(pay);
  expect(await check([auth])).toEqual(['error - unknown-published', 'error pay damaged']);
});

test('a set that was named and cannot be read is told once', async () => {
  const { check, damage } = await published();
  damage(auth);
  const told = ['error auth damaged', 'error - unknown-published'];
  expect([await check([auth]), await check('all')]).toEqual([told, told]);
});

test('a key that retired long ago is an error, also where no named set can be read', async () => {
  const { writer, kid, check, damage } = await published();
  await retireKey(writer, { set: pay, kid });
  damage(auth);
  expect(await check([auth], inAYear)).toContain('error pay retired-published');
});
