// Files that openssl makes: each of them is read, proved, and is the key that node:crypto says it is.
import { createPublicKey } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ReadOptions } from '../../src/jose/read/read-context.ts';
import { openssl } from './programs.ts';
import { directory, file, half, run, ssl } from './read-programs.ts';
import { passphrase, prove, read, refusalOf, withPassphrase } from './read-support.ts';

/** The public half as another reader has it. */
const publicOf = (pem: Buffer) => createPublicKey(pem).export({ format: 'jwk' });
const algs: Readonly<Record<string, string>> = {
  rsa: 'RS256',
  ec: 'ES256',
  p384: 'ES384',
  p521: 'ES512',
  ed25519: 'EdDSA',
  ed448: 'EdDSA',
  x25519: 'ECDH-ES',
  x448: 'ECDH-ES',
};

describe.skipIf(!openssl.isThere)(openssl.title('openssl'), () => {
  if (openssl.isThere) {
    ssl('genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa');
    for (const [name, curve] of [
      ['ec', 'P-256'],
      ['p384', 'P-384'],
      ['p521', 'P-521'],
    ])
      ssl(`genpkey -algorithm EC -pkeyopt ec_paramgen_curve:${curve} -out ${name}`);
    for (const name of ['ed25519', 'ed448', 'x25519', 'x448']) ssl(`genpkey -algorithm ${name} -out ${name}`);
    ssl(
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca -out ca.crt -subj /CN=ca -days 9',
    );
    ssl('req -new -key ec -subj /CN=leaf -out leaf.csr');
    ssl('x509 -req -in leaf.csr -CA ca.crt -CAkey ca -CAcreateserial -out leaf.crt -days 9');
  }

  test.each(Object.entries(algs))(
    '%s: PKCS#8 and SPKI, plain and encrypted, in PEM and DER',
    async (name, alg) => {
      const expected = publicOf(file(name));
      for (const how of [
        `pkey -in ${name} -out out`,
        `pkey -in ${name} -outform DER -out out`,
        `pkcs8 -topk8 -in ${name} -passout PASS -out out`,
        `pkcs8 -topk8 -in ${name} -outform DER -v1 PBE-SHA1-3DES -passout PASS -out out`,
        `pkcs8 -topk8 -in ${name} -scrypt -passout PASS -out out`,
      ].map((line) => line.split(' '))) {
        expect(run('openssl', ...how.map((word) => word.replace('PASS', `pass:${passphrase}`)))).toBe(true);
        const [key] = await prove(file('out'));
        expect([half(key?.jwk ?? {}), key?.alg, key?.isPrivate, key?.repairs]).toEqual([
          expected,
          alg,
          true,
          [],
        ]);
      }
      for (const form of ['PEM', 'DER']) {
        expect(ssl(`pkey -in ${name} -pubout -outform ${form} -out out`)).toBe(true);
        const [key] = await prove(file('out'));
        expect([half(key?.jwk ?? {}), key?.alg, key?.isPrivate]).toEqual([expected, alg, false]);
      }
    },
  );

  test.each([
    ['PKCS#1', 'rsa', 'rsa -in rsa -traditional -out out'],
    [
      'PKCS#1, encrypted as OpenSSL once did',
      'rsa',
      'rsa -in rsa -traditional -aes128 -passout PASS -out out',
    ],
    ['RSA PUBLIC KEY', 'rsa', 'rsa -in rsa -RSAPublicKey_out -out out'],
    ['PKCS#1 in DER', 'rsa', 'rsa -in rsa -traditional -outform DER -out out'],
    ['SEC1', 'ec', 'ec -in ec -out out'],
    ['SEC1 in DER', 'p521', 'ec -in p521 -outform DER -out out'],
    ['SEC1, encrypted as OpenSSL once did', 'p384', 'ec -in p384 -aes256 -passout PASS -out out'],
    ['a compressed point', 'ec', 'ec -in ec -pubout -conv_form compressed -out out'],
  ])('%s', async (_, name, line) => {
    expect(ssl(line)).toBe(true);
    const [key] = await prove(file('out'));
    expect(half(key?.jwk ?? {})).toEqual(publicOf(file(name)));
  });

  test('SEC1 behind its parameters, and text around blocks', async () => {
    expect(ssl('ecparam -name prime256v1 -genkey -out out')).toBe(true);
    const text = `Bag Attributes\r\n${file('out').toString().replaceAll('\n', '\r\n')}\r\ntext behind\r\n`;
    expect((await prove(text)).map(({ where, alg }) => [where, alg])).toEqual([['keys, block 2', 'ES256']]);
  });

  test('SEC1 that does not say its curve', async () => {
    ssl('ec -in ec -outform DER -no_public -out out');
    const d = Buffer.from((await prove(file('ec')))[0]?.jwk['d'] as string, 'base64url');
    const point = createPublicKey(file('ec')).export({ format: 'der', type: 'spki' }).subarray(-65);
    const without = Buffer.concat([Buffer.from('302502010104 20'.replace(' ', ''), 'hex'), d]);
    expect(await refusalOf(read(without))).toBe('bad-key: keys: it does not say which curve it is on');
    const bits = Buffer.concat([Buffer.from('a144034200', 'hex'), point]);
    const withPoint = Buffer.concat([Buffer.from('306b0201010420', 'hex'), d, bits]);
    const [key] = await prove(withPoint);
    expect([half(key?.jwk ?? {}), key?.repairs]).toEqual([
      publicOf(file('ec')),
      ['its curve was told from its length'],
    ]);
  });

  test('RSASSA-PSS keys are bound to their algorithm', async () => {
    const pss =
      '-pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_pss_keygen_md:sha384 -pkeyopt rsa_pss_keygen_mgf1_md:sha384';
    expect(ssl(`genpkey -algorithm RSA-PSS ${pss} -out pss`)).toBe(true);
    expect(ssl('pkey -in pss -pubout -out pss.pub')).toBe(true);
    for (const name of ['pss', 'pss.pub'])
      expect((await prove(file(name), { alg: 'PS256' }))[0]?.alg).toBe('PS384');
  });

  test('several blocks, in their order; a public half beside its private one is dropped', async () => {
    ssl('pkey -in ec -pubout -out ec.pub');
    const text = Buffer.concat([file('ed25519'), file('ec.pub'), file('rsa'), file('ec')]);
    expect((await prove(text)).map(({ where, alg, isPrivate }) => [where, alg, isPrivate])).toEqual([
      ['keys, block 1', 'EdDSA', true],
      ['keys, block 3', 'RS256', true],
      ['keys, block 4', 'ES256', true],
    ]);
  });

  test('certificates join the key that they certify, the leaf first', async () => {
    const text = Buffer.concat([file('ca.crt'), file('ed25519'), file('leaf.crt'), file('ec')]);
    const [other, key] = await prove(text);
    expect([other?.alg, other?.jwk['x5c']]).toEqual(['EdDSA', undefined]);
    expect(key?.jwk['x5c']).toEqual(['leaf.crt', 'ca.crt'].map(derOf));
    expect(key?.jwk['x5t#S256']).toMatch(/^[\w-]{43}$/);
    // As a JWK it is read again as it is.
    expect((await prove(JSON.stringify(key?.jwk)))[0]?.jwk).toEqual(key?.jwk);
    expect(await refusalOf(prove({ ...key?.jwk, x5c: [derOf('ca.crt')] }))).toMatch(
      /its "x5c" certifies another key$/,
    );
    expect(await refusalOf(prove({ ...key?.jwk, 'x5t#S256': 'A'.repeat(43) }))).toMatch(
      /its "x5t#S256" is not that/,
    );
  });

  test('a chain alone is the public key of its leaf', async () => {
    const [key, ...others] = await prove(Buffer.concat([file('leaf.crt'), file('ca.crt')]));
    expect([half(key?.jwk ?? {}), key?.isPrivate, others]).toEqual([publicOf(file('ec')), false, []]);
    expect(key?.jwk['x5c']).toHaveLength(2);
    expect(await prove(Buffer.from(derOf('leaf.crt'), 'base64'))).toHaveLength(1);
  });

  test.each<[string, string, string, ReadOptions]>([
    ['as OpenSSL 3 writes it', '', passphrase, withPassphrase],
    ['with 3DES, as before', '-legacy -certpbe PBE-SHA1-3DES', passphrase, withPassphrase],
    ['without a MAC', '-nomac', passphrase, withPassphrase],
    ['with an empty password', '', '', {}],
    ['with a password that is not ASCII', '', 'pässwörd', { passphrase: async () => 'pässwörd' }],
    [
      'the same, as before',
      '-legacy -certpbe PBE-SHA1-3DES',
      'pässwörd',
      { passphrase: async () => 'pässwörd' },
    ],
  ])('PKCS#12 %s', async (_, flag, password, options) => {
    const flags = flag === '' ? [] : flag.split(' ');
    const argv = ['pkcs12', '-export', '-inkey', 'ec', '-in', 'leaf.crt', '-certfile', 'ca.crt', ...flags];
    expect(run('openssl', ...argv, '-passout', `pass:${password}`, '-out', 'out')).toBe(true);
    const [key, ...others] = await prove(file('out'), {}, options);
    expect([half(key?.jwk ?? {}), key?.isPrivate, key?.where, others]).toEqual([
      publicOf(file('ec')),
      true,
      'keys, key 1',
      [],
    ]);
    expect(key?.jwk['x5c']).toEqual(['leaf.crt', 'ca.crt'].map(derOf));
    expect(await refusalOf(read(file('out'), { passphrase: async () => 'wrong' }))).toMatch(/^secret: /);
  });

  test('PKCS#12 with RC2 is refused with what to run', async () => {
    const argv = ['pkcs12', '-export', '-inkey', 'ec', '-in', 'leaf.crt', '-legacy'];
    expect(run('openssl', ...argv, '-passout', `pass:${passphrase}`, '-out', 'out')).toBe(true);
    expect(await refusalOf(read(file('out'), withPassphrase))).toMatch(
      /it is encrypted with RC2, which is not read/,
    );
  });

  test.each([
    ['secp256k1', 'ecparam -name secp256k1 -genkey -noout -out out', /its curve secp256k1 is not supported$/],
    [
      'brainpool',
      'ecparam -name brainpoolP256r1 -genkey -noout -out out',
      /its curve brainpoolP256r1 is not supported$/,
    ],
    ['1024 bits', 'genrsa -out out 1024', /an RSA key of 1024 bits, and 2048 are needed$/],
    ['three primes', 'genrsa -primes 3 -out out 2048', /more than two primes is not supported$/],
    ['an exponent of 3', 'genrsa -3 -out out 2048', /its "e" is none that is safe/],
    ['a request', 'req -new -key ec -subj /CN=leaf -out out', /a block "CERTIFICATE REQUEST" is not read$/],
  ])('%s is refused', async (_, line, words) => {
    expect(ssl(line)).toBe(true);
    expect(await refusalOf(prove(file('out')))).toMatch(words);
  });

  test('an encrypted key without its passphrase, or with another', async () => {
    ssl('pkcs8 -topk8 -in ec -passout PASS -out out');
    expect(await refusalOf(read(file('out')))).toBe(
      'secret: keys: it is encrypted, and no passphrase was given',
    );
    expect(await refusalOf(read(file('out'), { passphrase: async () => 'wrong' }))).toMatch(
      /^secret: .*does not open it/,
    );
  });

  test('iterations without end are refused before they are run', async () => {
    for (const line of [
      'pkcs8 -topk8 -iter 65535 -in ec -outform DER -passout PASS -out out',
      'pkcs12 -export -iter 65535 -inkey ec -in leaf.crt -passout PASS -out out',
    ]) {
      expect(ssl(line)).toBe(true);
      const hex = file('out').toString('hex');
      for (const count of ['0203 7fffff', '0203 ffffff']) {
        const bomb = hex.replaceAll('020300ffff', count.replace(' ', ''));
        expect(bomb).not.toBe(hex);
        const started = performance.now();
        expect(await refusalOf(read(Buffer.from(bomb, 'hex'), withPassphrase))).toMatch(
          /asks for more than \d+ iterations/,
        );
        expect(performance.now() - started).toBeLessThan(500);
      }
    }
  });

  test('what is cut off, changed or added to is refused, with the block', async () => {
    const pem = file('ec').toString();
    for (const [text, words] of [
      [pem.slice(0, -40), /it has no end$/],
      [pem.replace('M', '*'), /is not base64$/],
      [pem.replaceAll('PRIVATE KEY', 'PUBLIC KEY'), /does not hold what its label says$/],
      [pem.replaceAll('PRIVATE KEY', 'SECRET'), /a block of its kind is not read$/],
      [`${file('ed25519')}${pem.slice(0, -40)}`, /keys, block 2: it has no end$/],
    ] as const) {
      expect(await refusalOf(read(text))).toMatch(words);
    }
    ssl('pkey -in ec -outform DER -out out');
    appendFileSync(join(directory, 'out'), '\0');
    expect(await refusalOf(read(file('out')))).toMatch(
      /^bad-key: keys: it is no key of a format that is read here$/,
    );
    expect(await refusalOf(read(Buffer.from('30800000'.repeat(9), 'hex')))).toMatch(/^bad-key/);
    expect(await refusalOf(read(Buffer.alloc(1_000_000, Buffer.from('3080', 'hex'))))).toMatch(/^bad-key/);
  });

  const derOf = (name: string) =>
    file(name)
      .toString()
      .replace(/-----[^-]+-----|\s/g, '');
});
