// Keys as PEM and DER: what is written is what openssl writes, and reads back as the same key.
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { type PrivateJwk, toPublicJwk } from '../../src/jose/jwk.ts';
import { encryptPkcs8 } from '../../src/jose/write/encrypted-pkcs8.ts';
import {
  type LabelledDer,
  toPkcs1Private,
  toPkcs1Public,
  toPkcs8,
  toSec1,
  toSpki,
} from '../../src/jose/write/key-der.ts';
import { toPem } from '../../src/jose/write/pem.ts';
import { type Choice, keyFor, rowsOf } from './keys.ts';
import { openssl, runOn } from './programs.ts';
import { passphrase, read, withPassphrase } from './read-support.ts';

const choices: readonly Choice[] = [
  { alg: 'RS256', use: 'sig', bits: 2048 },
  { alg: 'ES256', use: 'sig', crv: 'P-256' },
  { alg: 'ES384', use: 'sig', crv: 'P-384' },
  { alg: 'ES512', use: 'sig', crv: 'P-521' },
  { alg: 'EdDSA', use: 'sig', crv: 'Ed25519' },
  { alg: 'EdDSA', use: 'sig', crv: 'Ed448' },
  { alg: 'ECDH-ES', use: 'enc', crv: 'X25519' },
  { alg: 'ECDH-ES', use: 'enc', crv: 'X448' },
];

/** The members that make the key, without its names. */
function bare({ kid, alg, use, ...members }: Record<string, unknown>): object {
  return members;
}

async function membersOf(written: string | Buffer): Promise<object> {
  const [found, ...others] = await read(written, withPassphrase);
  expect(others).toEqual([]);
  return bare({ ...found?.jwk });
}

const refusalOf = (work: () => unknown): string => {
  try {
    work();
    return 'written';
  } catch (error) {
    return error instanceof JwksError ? `${error.code}: ${error.message}` : String(error);
  }
};

describe.each(rowsOf(choices))('%s', (_, choice) => {
  const forms = async (): Promise<[LabelledDer, PrivateJwk | ReturnType<typeof toPublicJwk>][]> => {
    const jwk = await keyFor(choice);
    const half = toPublicJwk(jwk);
    const own: [LabelledDer, PrivateJwk | ReturnType<typeof toPublicJwk>][] =
      jwk.kty === 'RSA'
        ? [
            [toPkcs1Private(jwk), jwk],
            [toPkcs1Public(half), half],
          ]
        : jwk.kty === 'EC'
          ? [[toSec1(jwk), jwk]]
          : [];
    return [[toPkcs8(jwk), jwk], [toSpki(half), half], ...own];
  };

  test('reads back as the same key, from DER and from PEM', async () => {
    for (const [written, jwk] of await forms()) {
      expect(await membersOf(written.der)).toEqual(bare({ ...jwk }));
      expect(await membersOf(toPem(written))).toEqual(bare({ ...jwk }));
    }
  });

  test.skipIf(!openssl.isThere)(openssl.title('is what openssl writes of it'), async () => {
    const jwk = await keyFor(choice);
    const files = { key: toPem(toPkcs8(jwk)) };
    const pkcs8 = runOn(files, 'openssl', 'pkcs8', '-topk8', '-nocrypt', '-in', 'key');
    expect(pkcs8.stdout.toString()).toBe(files.key);
    const spki = runOn(files, 'openssl', 'pkey', '-in', 'key', '-pubout');
    expect(spki.stdout.toString()).toBe(toPem(toSpki(toPublicJwk(jwk))));
    if (jwk.kty === 'RSA') {
      const pkcs1 = runOn(files, 'openssl', 'rsa', '-in', 'key', '-traditional');
      expect(pkcs1.stdout.toString()).toBe(toPem(toPkcs1Private(jwk)));
      const half = runOn(files, 'openssl', 'rsa', '-in', 'key', '-RSAPublicKey_out');
      expect(half.stdout.toString()).toBe(toPem(toPkcs1Public(toPublicJwk(jwk))));
    }
    if (jwk.kty === 'EC') {
      const sec1 = runOn(files, 'openssl', 'ec', '-in', 'key');
      expect(sec1.stdout.toString()).toBe(toPem(toSec1(jwk)));
    }
  });

  test('sealed with a passphrase it opens with that one only', async () => {
    const jwk = await keyFor(choice);
    const sealed = toPem(await encryptPkcs8(toPkcs8(jwk), passphrase));
    expect(await membersOf(sealed)).toEqual(bare({ ...jwk }));
    await expect(read(sealed, { passphrase: async () => `${passphrase}!` })).rejects.toThrow(/passphrase/);
    if (openssl.isThere) {
      const opened = runOn({ sealed }, 'openssl', 'pkey', '-in', 'sealed', '-passin', `pass:${passphrase}`);
      expect(opened.stdout.toString()).toBe(toPem(toPkcs8(jwk)));
    }
  });
});

test('a passphrase that is too short is refused', async () => {
  const jwk = await keyFor({ alg: 'ES256', use: 'sig', crv: 'P-256' });
  await expect(encryptPkcs8(toPkcs8(jwk), 'fifteen letters')).rejects.toMatchObject({ code: 'secret' });
});

test('a form that is for other keys is refused', async () => {
  const ec = await keyFor({ alg: 'ES256', use: 'sig', crv: 'P-256' });
  const rsa = await keyFor({ alg: 'RS256', use: 'sig', bits: 2048 });
  const oct = await keyFor({ alg: 'HS256', use: 'sig', bits: 256 });
  expect(refusalOf(() => toPkcs1Private(ec))).toBe(
    'usage: PKCS#1 is for RSA keys, and this one is of type EC',
  );
  expect(refusalOf(() => toSec1(rsa))).toBe('usage: SEC1 is for EC keys, and this one is of type RSA');
  expect(refusalOf(() => toPkcs8(oct))).toBe('usage: a symmetric key is written as a JWK only');
  expect(refusalOf(() => toSpki(toPublicJwk(oct)))).toBe('usage: a symmetric key is written as a JWK only');
});
