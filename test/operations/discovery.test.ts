// What an issuer said of itself at a time that is past.
import { expect, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { createKey } from '../../src/operations/create-key.ts';
import { describeIssuer } from '../../src/operations/discovery.ts';
import { auth, authorAt, memoryKeystore, noon } from '../support/keystore.ts';

test('an algorithm that came later is not told of before', async () => {
  const author = authorAt();
  const keystore = await (await memoryKeystore()).open({ author });
  const clock = () => author.now();
  await createKey(keystore, clock, { set: auth, alg: 'ES256' });
  author.now = () => toInstant(noon + 3_600);
  await createKey(keystore, clock, { set: auth, alg: 'EdDSA' });
  const algsAt = async (at?: typeof noon) => {
    const request = { sets: [auth], at, issuer: 'https://auth.example.com' };
    const { id_token_signing_alg_values_supported: algs } = await describeIssuer(
      keystore.reader,
      author.now(),
      request,
    );
    return algs;
  };
  expect(await algsAt()).toEqual(['EdDSA', 'ES256']);
  expect(await algsAt(toInstant(noon + 60))).toEqual(['ES256']);
});
