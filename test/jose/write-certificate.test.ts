// Self-signed certificates: node:crypto and openssl find them sound, and they come back with their key.
import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toPublicJwk } from '../../src/jose/jwk.ts';
import { toKeyObject } from '../../src/jose/private-key.ts';
import { certificateMembers, selfSign } from '../../src/jose/write/certificate.ts';
import { toPem } from '../../src/jose/write/pem.ts';
import { type Choice, forNode, keyFor, rowsOf } from './keys.ts';
import { openssl, runOn } from './programs.ts';
import { read } from './read-support.ts';

const choices: readonly Choice[] = [
  { alg: 'RS256', use: 'sig', bits: 2048 },
  { alg: 'RSA-OAEP-256', use: 'enc', bits: 2048 },
  { alg: 'ES256', use: 'sig', crv: 'P-256' },
  { alg: 'ES384', use: 'sig', crv: 'P-384' },
  { alg: 'ES512', use: 'sig', crv: 'P-521' },
  { alg: 'ECDH-ES', use: 'enc', crv: 'P-256' },
  { alg: 'EdDSA', use: 'sig', crv: 'Ed25519' },
];
const request = {
  subject: 'CN=auth.example.com,O=Example',
  notBefore: new Date('2026-02-01T12:00:00Z'),
  days: 90,
};

describe.each(rowsOf(choices))('%s', (_, choice) => {
  test('certifies its own key, for as long as was said', async () => {
    const jwk = await keyFor(choice);
    const certificate = new X509Certificate((await selfSign(jwk, request)).der);
    expect(certificate.verify(forNode(toPublicJwk(jwk)))).toBe(true);
    expect(certificate.checkPrivateKey(toKeyObject(jwk))).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
    expect(certificate.ca).toBe(false);
    expect(certificate.subject).toBe('CN=auth.example.com\nO=Example');
    expect([certificate.validFrom, certificate.validTo].map((text) => new Date(text).toISOString())).toEqual([
      '2026-02-01T12:00:00.000Z',
      '2026-05-02T12:00:00.000Z',
    ]);
    expect(certificate.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
  });

  test('comes back with its key, as x5c and x5t#S256', async () => {
    const jwk = await keyFor(choice);
    const written = await selfSign(jwk, request);
    const members = certificateMembers(written);
    const [fromPem] = await read(toPem(written));
    expect(fromPem?.jwk).toMatchObject(members);
    const [fromJwk] = await read({ ...toPublicJwk(jwk), ...members });
    expect(fromJwk).toMatchObject({ repairs: [], jwk: members });
  });

  test.skipIf(!openssl.isThere)(openssl.title('openssl verifies it'), async () => {
    const written = toPem(await selfSign(await keyFor(choice), request));
    const at = String(Date.parse('2026-03-01T00:00:00Z') / 1000);
    const argv = ['verify', '-attime', at, '-check_ss_sig', '-partial_chain', '-CAfile', 'own', 'own'];
    expect(runOn({ own: written }, 'openssl', ...argv).stdout.toString()).toBe('own: OK\n');
  });
});

test('without a subject it is for the kid, whatever that holds', async () => {
  const jwk = await keyFor({ alg: 'ES256', use: 'sig', crv: 'P-256' });
  const named = { ...jwk, kid: 'a, O=b "c"' };
  const { der } = await selfSign(named, { notBefore: request.notBefore, days: 1 });
  expect(new X509Certificate(der).subject).toMatch(/^CN=.*a.*O=b.*c[^\n]*$/);
});

test('what is no name, and a key that signs none, are refused', async () => {
  const ec = await keyFor({ alg: 'ES256', use: 'sig', crv: 'P-256' });
  for (const subject of ['', 'auth', 'NO=such', '=']) {
    await expect(selfSign(ec, { ...request, subject })).rejects.toMatchObject({ code: 'usage' });
  }
  for (const crv of ['X25519', 'X448']) {
    const key = await keyFor({ alg: 'ECDH-ES', use: 'enc', crv });
    await expect(selfSign(key, request)).rejects.toMatchObject({ code: 'usage' });
  }
  const ed448 = await keyFor({ alg: 'EdDSA', use: 'sig', crv: 'Ed448' });
  await expect(selfSign(ed448, request)).rejects.toMatchObject({ code: 'usage' });
});
