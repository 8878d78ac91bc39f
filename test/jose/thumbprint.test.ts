// Names that follow from keys: the RFCs' examples, and the same answers from other implementations.
import { createHash } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { type PublicJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { spkiSha256Of, thumbprintOf } from '../../src/jose/thumbprint.ts';
import {
  hasCollections,
  listCollected,
  readCollected,
  readVector,
  withCollections,
} from '../support/vectors.ts';
import { choices, keyFor, otherHalf, rowsOf } from './keys.ts';
import { joseCommand, openssl, runOn } from './programs.ts';

const asymmetric = choices.filter(({ alg, bits }) => bits === undefined || /^(RS|PS)/.test(alg));

test('RFC 7638 section 3.1', () => {
  const { key, thumbprint } = JSON.parse(readVector('rfc7638-3.1.json'));
  expect(thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  expect(thumbprintOf(toPublicJwk(key))).toBe(thumbprint);
});

test('RFC 8037 appendix A.3', () => {
  const { key, thumbprint } = JSON.parse(readVector('rfc8037-a.json'));
  expect(thumbprint).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k');
  expect(thumbprintOf(toPublicJwk(key))).toBe(thumbprint);
});

describe.skipIf(!hasCollections)(withCollections('collected vectors'), () => {
  test('RFC 7638 section 3.1, as Debian keeps it', () => {
    const key = JSON.parse(readCollected('rfc/rfc7638_3.1.jwk'));
    expect(thumbprintOf(toPublicJwk(key))).toBe(readCollected('rfc/rfc7638_3.1.thp'));
  });

  test.each(listCollected('mldsa/', '.jose.json'))('RFC 9964: %s', async (path) => {
    const { jwk } = JSON.parse(readCollected(path));
    expect(thumbprintOf(toPublicJwk(jwk))).toBe(jwk.kid);
    expect(await calculateJwkThumbprint(jwk)).toBe(jwk.kid);
  });
});

describe('npm: jose', () => {
  test.each(rowsOf(choices))('%s has the same thumbprint', async (_, choice) => {
    const key = await keyFor(choice);
    expect(thumbprintOf(key)).toBe(await calculateJwkThumbprint({ ...key } as JWK));
    expect(thumbprintOf(otherHalf(key))).toBe(thumbprintOf(key));
  });
});

describe.skipIf(!joseCommand.isThere)(joseCommand.title("Debian's jose"), () => {
  const known = choices
    .filter(({ crv = '' }) => !/^(X|Ed)/.test(crv))
    .filter(({ alg }) => !alg.startsWith('ML'));
  test.each(rowsOf(known.filter(({ alg }) => !alg.includes('+'))))('%s', async (_, choice) => {
    const key = JSON.stringify(await keyFor(choice));
    const { stdout } = runOn({ key }, 'jose', 'jwk', 'thp', '-i', 'key', '-a', 'S256');
    expect(stdout.toString().trim()).toBe(thumbprintOf(await keyFor(choice)));
  });
});

describe.skipIf(!openssl.isThere)(openssl.title('OpenSSL writes the same SubjectPublicKeyInfo'), () => {
  const known = asymmetric.filter(({ alg }) => !alg.startsWith('ML') && !alg.includes('+'));
  test.each(rowsOf(known))('%s', async (_, choice) => {
    const key = await keyFor(choice);
    const pem = toKeyObject(key).export({ type: 'pkcs8', format: 'pem' });
    const { stdout } = runOn({ key: pem }, 'openssl', 'pkey', '-in', 'key', '-pubout', '-outform', 'DER');
    expect(spkiSha256Of(toPublicJwk(key))).toBe(createHash('sha256').update(stdout).digest('base64url'));
  });
});

test('names do not count, and neither does the order of members', async () => {
  for (const choice of choices) {
    const key = await keyFor(choice);
    const turned = Object.fromEntries(Object.entries({ ...key, kid: 'other', use: 'x' }).reverse());
    expect(thumbprintOf(turned as unknown as PublicJwk)).toBe(thumbprintOf(key));
  }
});

test('a key without its members has no thumbprint', () => {
  const missing = (jwk: object) => () => thumbprintOf(jwk as unknown as PublicJwk);
  const refusal = expect.objectContaining({ code: 'bad-key' });
  expect(missing({ kty: 'EC', crv: 'P-256', x: 'AA' })).toThrowError(refusal);
  expect(missing({ kty: 'AKP', pub: 'AA' })).toThrowError(refusal);
  expect(missing({ kty: 'RSA', n: 5, e: 'AQAB' })).toThrowError(refusal);
});
