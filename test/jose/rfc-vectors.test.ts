// The examples of RFC 7515, 7517, 7518, 7748, 8032 and 8037, with keys that went through our hands.
import { createHash, diffieHellman, sign, verify } from 'node:crypto';
import { compactVerify, flattenedVerify, generalVerify } from 'jose';
import { describe, expect, test } from 'vitest';
import { selectKeyShape } from '../../src/jose/algorithms.ts';
import { toPrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { parsePublicKeys } from '../../src/jose/parse-public.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import {
  hasCollections,
  listCollected,
  readCollected,
  readVector,
  withCollections,
} from '../support/vectors.ts';
import { forJose, forNode } from './keys.ts';

const claims =
  'eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ';

/** What a published example says a key is, as the other side receives it from us. */
function halfOf(jwk: object) {
  return 'k' in jwk ? toPrivateJwk(jwk) : toPublicJwk(jwk);
}

test('RFC 7515 appendix A.3: ES256', async () => {
  const { key, jws } = JSON.parse(readVector('rfc7515-a.3.json'));
  const { payload } = await compactVerify(jws, await forJose(toPublicJwk(key), 'ES256'));
  expect(Buffer.from(payload).toString('base64url')).toBe(claims);
});

test('RFC 7518 appendix C: ECDH-ES', () => {
  const { alice, bob, enc, apu, apv, derived } = JSON.parse(readVector('rfc7518-c.json'));
  const agree = (mine: object, theirs: object) =>
    diffieHellman({ privateKey: toKeyObject(toPrivateJwk(mine)), publicKey: forNode(toPublicJwk(theirs)) });
  expect(agree(alice, bob)).toEqual(agree(bob, alice));
  // Concat KDF of NIST SP 800-56A: round, secret, AlgorithmID, PartyUInfo, PartyVInfo, SuppPubInfo.
  const number = (value: number) => Buffer.from([0, 0, 0, value]);
  const field = (bytes: Buffer) => Buffer.concat([number(bytes.length), bytes]);
  const fields = [Buffer.from(enc), Buffer.from(apu, 'base64url'), Buffer.from(apv, 'base64url')].map(field);
  const input = Buffer.concat([number(1), agree(alice, bob), ...fields, number(128)]);
  const key = createHash('sha256').update(input).digest().subarray(0, 16);
  expect(key.toString('base64url')).toBe(derived);
});

test('RFC 7748 section 6.2: X448', () => {
  const { alice, bob, shared } = JSON.parse(readVector('rfc7748-6.2.json'));
  const keys = { privateKey: toKeyObject(toPrivateJwk(alice)), publicKey: forNode(toPublicJwk(bob)) };
  expect(diffieHellman(keys).toString('base64url')).toBe(shared);
});

test('RFC 8032 section 7.4: Ed448', () => {
  const { key, message, signature } = JSON.parse(readVector('rfc8032-7.4.json'));
  const [text, proof] = [Buffer.from(message), Buffer.from(signature, 'base64url')];
  expect(sign(null, text, toKeyObject(toPrivateJwk(key)))).toEqual(proof);
  expect(verify(null, text, forNode(toPublicJwk(key)), proof)).toBe(true);
});

test('RFC 8037 appendices A.2 and A.4: the public half, and EdDSA', async () => {
  const vector = JSON.parse(readVector('rfc8037-a.json'));
  expect(toPublicJwk(vector.key)).toEqual(vector.public);
  const { payload } = await compactVerify(vector.jws, await forJose(toPublicJwk(vector.key), 'EdDSA'));
  expect(Buffer.from(payload).toString()).toBe('Example of Ed25519 signing');
});

describe.skipIf(!hasCollections)(withCollections('collected vectors'), () => {
  const read = (name: string) => JSON.parse(readCollected(`rfc/${name}`));

  test.each(['A.1', 'A.2', 'A.3', 'A.4'])('RFC 7515 appendix %s', async (section) => {
    const key = halfOf(read(`rfc7515_${section}.jwk`));
    const jws = readCollected(`rfc/rfc7515_${section}.jwsc`);
    const { alg } = JSON.parse(Buffer.from(jws.split('.')[0] ?? '', 'base64url').toString());
    const { payload } = await compactVerify(jws, await forJose(key, alg));
    const expected = section === 'A.4' ? 'UGF5bG9hZA' : claims;
    expect(Buffer.from(payload).toString('base64url')).toBe(expected);
  });

  test('RFC 7515 appendices A.6 and A.7: several signatures, and a flattened one', async () => {
    const [first, second] = read('rfc7515_A.6.jwkset').keys;
    const both = read('rfc7515_A.6.jwsg');
    for (const [key, alg] of [
      [first, 'RS256'],
      [second, 'ES256'],
    ] as const) {
      const { payload } = await generalVerify(both, await forJose(toPublicJwk(key), alg));
      expect(Buffer.from(payload).toString('base64url')).toBe(claims);
    }
    const flattened = await flattenedVerify(
      read('rfc7515_A.7.jwsf'),
      await forJose(toPublicJwk(second), 'ES256'),
    );
    expect(flattened.unprotectedHeader).toEqual({ kid: 'e9bc097a-ce51-4036-9562-d2ade882db0d' });
  });

  test('RFC 7517 appendices A.1 and A.2: the public set is what we make of the private one', () => {
    const open = read('rfc7517_A.1.jwkset').keys;
    expect(read('rfc7517_A.2.jwkset').keys.map(toPublicJwk)).toEqual(open);
    for (const name of ['rfc7517_A.1.jwkset', 'rfc7517_A.2.jwkset']) {
      const parsed = parsePublicKeys(readCollected(`rfc/${name}`), name);
      expect(parsed).toEqual(open.map((jwk: { kid: string }) => ({ kid: jwk.kid, jwk })));
    }
  });

  test('RFC 7517 appendix A.3: symmetric keys have no public half', () => {
    const { keys } = read('rfc7517_A.3.jwkset');
    expect(keys.map(toPublicJwk)).toEqual([
      { kty: 'oct', alg: 'A128KW' },
      { kty: 'oct', kid: 'HMACkeyusedinJWSspecAppendixA.1example' },
    ]);
    expect(keys.map(toPrivateJwk)).toEqual(keys);
  });

  test('RFC 7517 appendix B: a key keeps its certificate', () => {
    const key = read('rfc7517_B.jwk');
    expect(toPublicJwk(key)).toEqual(key);
    expect(parsePublicKeys(JSON.stringify(key), 'B')).toEqual([{ kid: '1b94c', jwk: key }]);
  });

  test.each(listCollected('mldsa/', '.jose.json'))('RFC 9964: %s', (path) => {
    const { jwk } = JSON.parse(readCollected(path));
    const { priv: _, ...half } = jwk;
    expect(toPublicJwk(jwk)).toEqual(half);
    expect(toPrivateJwk(jwk)).toEqual(jwk);
    expect(parsePublicKeys(JSON.stringify(jwk), path)).toEqual([{ kid: jwk.kid, jwk: half }]);
    expect(selectKeyShape({ alg: jwk.alg }).algorithm.kty).toBe('AKP');
  });

  test('Ory: the public half of its example key', () => {
    const [key] = JSON.parse(readCollected('ory-example.jwks.json')).keys;
    const half = JSON.parse(readCollected('ory-example.public.jwk.json'));
    expect(toPublicJwk(key)).toEqual(half);
    expect(toPrivateJwk(key)).toEqual(key);
    expect(parsePublicKeys(readCollected('ory-example.jwks.json'), 'ory')).toEqual([
      { kid: 'ory-example', jwk: half },
    ]);
  });
});
