// What of several sets stands in one JWK Set, and what is said of keys that are not there any more.
import { expect, test } from 'vitest';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { toInstant } from '../../src/lifecycle/time.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { exportPrivate, exportPublic, mergeKeys } from '../../src/operations/export-jwks.ts';
import { revokeKeys } from '../../src/operations/remove-keys.ts';
import { errorOf } from '../support/endings.ts';
import { auth, authorAt, codeOf, memoryKeystore, noon } from '../support/keystore.ts';

const jwk = (kid: string, x: string, more: object = {}) =>
  ({ kty: 'OKP', crv: 'Ed25519', x, kid, ...more }) as never;

test('of different keys with one kid the first stands, unless a later one is said to come before it', () => {
  const [one, other] = [jwk('a', 'one'), jwk('a', 'other')];
  expect(mergeKeys([one, jwk('b', 'b'), other])).toEqual({ keys: [one, jwk('b', 'b')], conflicts: ['a'] });
  expect(mergeKeys([one, other], (key) => key === other)).toEqual({ keys: [other], conflicts: ['a'] });
});

test('of a key that is there twice the one with certificates stands, in its first place', () => {
  const [bare, certified] = [jwk('a', 'one'), jwk('a', 'one', { x5c: ['AA=='], 'x5t#S256': 'AA' })];
  for (const keys of [
    [bare, jwk('b', 'b'), certified],
    [certified, jwk('b', 'b'), bare],
  ])
    expect(mergeKeys(keys)).toEqual({ keys: [certified, jwk('b', 'b')], conflicts: [] });
});

async function open() {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  const create = (alg: string, kid: string, set = auth) =>
    createKey(keystore, () => author.now(), { set, alg, kid });
  return { author, keystore, create };
}

test('a set of symmetric keys only is refused with its reason, one that has nothing without', async () => {
  const { keystore, create } = await open();
  const exported = (...sets: (typeof auth)[]) => exportPublic(keystore.reader, noon, { sets });
  await create('HS256', 'mac');
  expect(await errorOf(exported(auth))).toMatchObject({ code: 'unsafe', hint: '--private hands them out' });
  const pay = parseSetId('pay');
  await create('ES256', 'p', pay);
  expect((await exported(auth, pay)).keys.map(({ kid }) => kid)).toEqual(['p']);
  await revokeKeys(keystore, { set: pay, keys: 'all', reason: 'superseded', noSuccessor: true });
  expect(await errorOf(exported(pay))).toMatchObject({ hint: 'if that is what you want, add --allow-empty' });
});

test('of a time that is past it tells of keys that are destroyed since, in both halves', async () => {
  const { author, keystore, create } = await open();
  await create('ES256', 'gone');
  await create('ES256', 'left');
  author.now = () => toInstant(noon + 60);
  await revokeKeys(keystore, { set: auth, keys: ['gone'], reason: 'superseded' });
  const lost: string[] = [];
  const request = { sets: [auth], at: toInstant(noon + 1), onLost: (kid: string) => lost.push(kid) };
  const halves = [
    await exportPublic(keystore.reader, author.now(), request),
    await exportPrivate(keystore, author.now(), request),
  ];
  expect(halves.map(({ keys }) => keys.map(({ kid }) => kid))).toEqual([['left'], ['left']]);
  expect(lost).toEqual(['gone', 'gone']);
  const only = { ...request, kid: 'gone' };
  expect(await codeOf(exportPublic(keystore.reader, author.now(), only))).toBe('not-found');
  expect((await errorOf(exportPrivate(keystore, author.now(), only))).message).toBe(
    'what there was then is destroyed since: gone',
  );
});
