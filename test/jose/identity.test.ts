// The identity's signatures: jose and we accept each other's, and nothing that is changed or signed otherwise.
import { sign as signByNode } from 'node:crypto';
import fc from 'fast-check';
import {
  calculateJwkThumbprint,
  exportJWK,
  FlattenedSign,
  flattenedVerify,
  generateKeyPair,
  type JWK,
} from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  bareKey,
  type DocumentType,
  generateIdentity,
  identityAlgorithms,
  type PrivateIdentity,
  SignatureChecker,
  type Signed,
  sign,
  toPrivateIdentity,
} from '../../src/jose/identity.ts';
import { holdsPrivateMember, toPrivateJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { thumbprintOf } from '../../src/jose/thumbprint.ts';
import { forJose, keyFor } from './keys.ts';
import { changeLetter } from './letters.ts';

const payload = Buffer.from('{"format":"jwks-keystore"}');
const typ: DocumentType = 'jwks-set+jws';

/** Signs whatever header, well-formed or not, with the right key for its text. */
function forge(header: unknown, by: PrivateIdentity): Signed {
  const text = typeof header === 'string' ? header : JSON.stringify(header);
  const head = Buffer.from(text).toString('base64url');
  const body = payload.toString('base64url');
  const key = { key: toKeyObject(by.privateJwk), dsaEncoding: 'ieee-p1363' } as const;
  const hash = by.jwk.kty === 'EC' ? 'sha256' : null;
  const signature = signByNode(hash, Buffer.from(`${head}.${body}`), key).toString('base64url');
  return { protected: head, payload: body, signature };
}

function fingerprintOf(signed: Signed, type: DocumentType = typ): Promise<string | undefined> {
  return new SignatureChecker().signerOf(signed, type).then((signer) => signer?.fingerprint);
}

describe.each(identityAlgorithms)('an %s identity', (alg) => {
  let identity: PrivateIdentity;
  let signed: Signed;
  let header: Record<string, unknown>;
  beforeAll(async () => {
    identity = await generateIdentity(alg);
    signed = await sign(payload, typ, identity);
    header = JSON.parse(Buffer.from(signed.protected, 'base64url').toString());
  });

  test('is known by the thumbprint of its public key, which is all it shows', async () => {
    const { fingerprint, jwk, privateJwk } = identity;
    expect(fingerprint).toBe(await calculateJwkThumbprint({ ...jwk } as JWK));
    expect(Object.keys(jwk).sort()).toEqual(alg === 'ES256' ? ['crv', 'kty', 'x', 'y'] : ['crv', 'kty', 'x']);
    expect(privateJwk.kid).toBe(fingerprint);
    expect(toPrivateIdentity(privateJwk)).toEqual(identity);
  });

  test('signs, and its signature says whose it is', async () => {
    const signer = await new SignatureChecker().signerOf(signed, typ);
    expect(signer).toEqual({ fingerprint: identity.fingerprint, jwk: identity.jwk });
    expect(Object.keys(signed).sort()).toEqual(['payload', 'protected', 'signature']);
    expect(header).toEqual({ alg, kid: identity.fingerprint, typ, jwk: identity.jwk });
    expect(holdsPrivateMember(header)).toBe(false);
  });

  test('jose verifies what it signed', async () => {
    const { payload: read } = await flattenedVerify({ ...signed }, await forJose(identity.jwk, alg));
    expect(Buffer.from(read)).toEqual(payload);
  });

  test('what jose signed with a key of its own is verified', async () => {
    const pair = await generateKeyPair(alg, { extractable: true });
    const jwk = await exportJWK(pair.publicKey);
    const kid = await calculateJwkThumbprint(jwk);
    const byJose = new FlattenedSign(payload).setProtectedHeader({ jwk, typ, kid, alg });
    expect(await fingerprintOf((await byJose.sign(pair.privateKey)) as Signed)).toBe(kid);
  });

  test('one changed character in any part, and it is nobody’s', async () => {
    const parts = fc.constantFrom('protected', 'payload', 'signature' as const);
    await fc.assert(
      fc.asyncProperty(parts, fc.nat(), fc.nat(), async (part, place, by) => {
        const changed = { ...signed, [part]: changeLetter(signed[part], place, by) };
        expect(await fingerprintOf(changed)).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  test.each(['', 'AA', 'A'.repeat(86), 'A'.repeat(400)])(
    'a signature of other bytes: %s',
    async (signature) => {
      for (const inParallel of [false, true]) {
        const checker = Object.assign(new SignatureChecker(), { inParallel });
        expect(await checker.signerOf({ ...signed, signature }, typ)).toBeUndefined();
      }
    },
  );

  test('a document of another type is not taken for one of this', async () => {
    expect(await fingerprintOf(signed, 'jwks-master+jws')).toBeUndefined();
    const master = await sign(payload, 'jwks-master+jws', identity);
    expect(await fingerprintOf(master)).toBeUndefined();
    expect(await fingerprintOf(master, 'jwks-master+jws')).toBe(identity.fingerprint);
  });

  test('a header as it should be is accepted from any hand', async () => {
    expect(await fingerprintOf(forge(header, identity))).toBe(identity.fingerprint);
    const turned = Object.fromEntries(Object.entries(header).reverse());
    expect(await fingerprintOf(forge(turned, identity))).toBe(identity.fingerprint);
  });

  test('a key in the header that says too much is read as its public half', async () => {
    const { privateJwk, fingerprint, jwk } = identity;
    const signer = await new SignatureChecker().signerOf(
      forge({ ...header, jwk: privateJwk }, identity),
      typ,
    );
    expect(signer).toEqual({ fingerprint, jwk });
  });

  test('a header with any other member or value is refused, though its signature is good', async () => {
    const other = await generateIdentity(alg);
    const otherAlg = alg === 'EdDSA' ? 'ES256' : 'EdDSA';
    const { kid: _kid, ...withoutKid } = header;
    const { jwk: _jwk, ...withoutKey } = header;
    const { typ: _typ, ...withoutType } = header;
    const { alg: _alg, ...withoutAlg } = header;
    const forged: unknown[] = [
      { ...header, crit: ['b64'], b64: false },
      { ...header, b64: true },
      { ...header, x5c: [] },
      `{"__proto__":{},${JSON.stringify(header).slice(1)}`,
      withoutKid,
      { ...header, kid: other.fingerprint },
      { ...header, kid: 'kid' },
      { ...header, kid: [identity.fingerprint] },
      withoutKey,
      { ...header, jwk: other.jwk },
      { ...header, jwk: null },
      { ...header, jwk: [identity.jwk] },
      { ...header, jwk: 'jwk' },
      { ...header, jwk: { ...identity.jwk, crv: 'Ed448' } },
      { ...header, jwk: { ...identity.jwk, x: `${identity.jwk['x']}=` } },
      withoutAlg,
      ...['none', 'HS256', 'Ed25519', 'ES384', otherAlg, [alg]].map((name) => ({ ...header, alg: name })),
      withoutType,
      { ...header, typ: 'JWT' },
      { ...header, typ: [typ] },
      [header],
      'null',
      '',
      `${JSON.stringify(header)}.`,
    ];
    for (const head of forged)
      expect([head, await fingerprintOf(forge(head, identity))]).toEqual([head, undefined]);
  });
});

test('keys of other types are no identities, though they sign', async () => {
  const choices = [
    { alg: 'ES384', crv: 'P-384' },
    { alg: 'EdDSA', crv: 'Ed448' },
    { alg: 'RS256', bits: 2048 },
  ] as const;
  for (const choice of choices) {
    const by = toPrivateIdentity(await keyFor({ use: 'sig', ...choice }));
    for (const alg of [choice.alg, ...identityAlgorithms]) {
      const signed = forge({ alg, kid: by.fingerprint, typ, jwk: by.jwk }, by);
      expect(await fingerprintOf(signed)).toBeUndefined();
    }
  }
});

test('a symmetric key in the header proves nothing', async () => {
  const k = Buffer.alloc(32, 7).toString('base64url');
  const kid = thumbprintOf(toPrivateJwk({ kty: 'oct', k }));
  const by = await generateIdentity('EdDSA');
  for (const alg of ['HS256', 'EdDSA'])
    expect(await fingerprintOf(forge({ alg, kid, typ, jwk: { kty: 'oct', k } }, by))).toBeUndefined();
});

test('one checker for many documents answers as a new one for each, also in parallel', async () => {
  const identities = await Promise.all([...identityAlgorithms, ...identityAlgorithms].map(generateIdentity));
  const documents = await Promise.all(
    Array.from({ length: 60 }, async (_, index) => {
      const by = identities[index % identities.length] as PrivateIdentity;
      const signed = await sign(Buffer.from(`document ${index}`), typ, by);
      return index % 5 === 0 ? { ...signed, signature: changeLetter(signed.signature, index, 0) } : signed;
    }),
  );
  const expected = documents.map((_, index) =>
    index % 5 === 0 ? undefined : identities[index % identities.length]?.fingerprint,
  );
  for (const inParallel of [false, true]) {
    const checker = Object.assign(new SignatureChecker(), { inParallel });
    const signers = await Promise.all(documents.map((signed) => checker.signerOf(signed, typ)));
    expect(signers.map((signer) => signer?.fingerprint)).toEqual(expected);
  }
  expect(await Promise.all(documents.map((signed) => fingerprintOf(signed)))).toEqual(expected);
});

test('a bare key has the members of its thumbprint only', () => {
  const key = {
    kty: 'OKP',
    crv: 'Ed25519',
    x: 'AA',
    d: 'AA',
    kid: 'k',
    alg: 'EdDSA',
    use: 'sig',
    x5c: [],
    ext: 1,
  };
  expect(bareKey(key)).toEqual({ kty: 'OKP', crv: 'Ed25519', x: 'AA' });
});
