// RFC 7520, the cookbook: its signatures verify and its messages open with keys that went through our hands.
import {
  compactVerify,
  type FlattenedJWSInput,
  flattenedDecrypt,
  flattenedVerify,
  type GeneralJWSInput,
  generalVerify,
} from 'jose';
import { describe, expect, test } from 'vitest';
import { holdsPrivateMember, toPrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { parsePublicKeys } from '../../src/jose/parse-public.ts';
import { thumbprintOf } from '../../src/jose/thumbprint.ts';
import { hasCollections, listCollected, readCollected, withCollections } from '../support/vectors.ts';
import { forJose } from './keys.ts';

const signatures = [
  ...listCollected('cookbook/jws/', '.json'),
  ...listCollected('cookbook/curve25519/', 'jws.json'),
];
const messages = [
  ...listCollected('cookbook/jwe/', '.json'),
  ...listCollected('cookbook/curve25519/', 'ecdh-es.json'),
];
/** What jose does not do: RSA1_5, which nobody should, passwords unless told, and several recipients in one shape. */
const notRead = /5_1\.|5_3\.|5_9\.|5_13\./;

function listOf<T>(value: T | readonly T[]): readonly T[] {
  return Array.isArray(value) ? value : [value as T];
}

describe.skipIf(!hasCollections)(withCollections('collected vectors'), () => {
  test.each(listCollected('cookbook/jwk/', '.json'))('%s', (path) => {
    const jwk = JSON.parse(readCollected(path));
    const half = toPublicJwk(jwk);
    expect(holdsPrivateMember(half)).toBe(false);
    const [parsed] = parsePublicKeys(JSON.stringify(jwk), path);
    expect(parsed).toEqual({ kid: jwk.kid, jwk: jwk.kty === 'oct' ? jwk : half });
    expect(thumbprintOf(parsed?.jwk ?? half)).toHaveLength(43);
  });

  test('sections 3.1 to 3.4: the public key is what we make of the private one', () => {
    for (const [open, closed] of [
      ['3_1.ec_public_key', '3_2.ec_private_key'],
      ['3_3.rsa_public_key', '3_4.rsa_private_key'],
    ] as const) {
      const half = toPublicJwk(JSON.parse(readCollected(`cookbook/jwk/${closed}.json`)));
      expect(half).toEqual(JSON.parse(readCollected(`cookbook/jwk/${open}.json`)));
    }
  });

  test.each(signatures)('%s', async (path) => {
    const { input, output } = JSON.parse(readCollected(path));
    // Section 4.5 transports the signature without what it is over.
    const detached = { payload: Buffer.from(input.payload).toString('base64url') };
    const [keys, algs] = [listOf<object>(input.key), listOf<string>(input.alg)];
    for (const [index, key] of keys.entries()) {
      const half = 'k' in key ? toPrivateJwk(key) : toPublicJwk(key);
      const imported = await forJose(half, algs[index] ?? '');
      const general: GeneralJWSInput = { ...detached, ...output.json };
      const signature = general.signatures[index] ?? general.signatures[0];
      const read = await generalVerify({ ...general, signatures: signature ? [signature] : [] }, imported);
      expect(Buffer.from(read.payload).toString()).toBe(input.payload);
      if (output.json_flat !== undefined) {
        const flattened: FlattenedJWSInput = { ...detached, ...output.json_flat };
        expect(Buffer.from((await flattenedVerify(flattened, imported)).payload).toString()).toBe(
          input.payload,
        );
      }
      if (output.compact !== undefined) {
        const compact = output.compact.replace('..', `.${detached.payload}.`);
        expect(Buffer.from((await compactVerify(compact, imported)).payload).toString()).toBe(input.payload);
      }
    }
  });

  test.each(messages.filter((path) => !notRead.test(path)))('%s', async (path) => {
    const { input, output } = JSON.parse(readCollected(path));
    const key = await forJose(toPrivateJwk(input.key), input.alg);
    const { plaintext } = await flattenedDecrypt(output.json_flat, key);
    expect(Buffer.from(plaintext).toString()).toBe(input.plaintext);
  });

  test('section 6: a signature inside', async () => {
    const { sign } = JSON.parse(readCollected('cookbook/6.nesting_signatures_and_encryption.json'));
    const key = await forJose(toPublicJwk(sign.input.key), sign.input.alg);
    const { payload } = await compactVerify(sign.output.compact, key);
    expect(Buffer.from(payload).toString()).toBe(sign.input.payload);
  });

  test('RFC 7797 section 4.2: a payload that is not encoded', async () => {
    const { input, output } = JSON.parse(readCollected('cookbook/rfc7797/4.2.hmac-sha2_b64_false.json'));
    const read = JSON.parse(Buffer.from(output.json_flat.protected, 'base64url').toString());
    expect(read.b64).toBe(false);
    expect(toPrivateJwk(input.key)['k']).toBe(input.key.k);
  });
});
