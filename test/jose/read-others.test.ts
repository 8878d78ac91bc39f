// Files that ssh-keygen, keytool and Debian's jose make.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { joseCommand } from './programs.ts';
import { directory, file, half, run } from './read-programs.ts';
import { passphrase, prove, read, refusalOf, withPassphrase } from './read-support.ts';

const keygen = run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'there');

describe.skipIf(!keygen)(`ssh-keygen${keygen ? '' : ' (skipped: it is not installed)'}`, () => {
  test.each([
    ['ed25519', 'EdDSA'],
    ['ecdsa', 'ES256'],
    ['rsa', 'RS256'],
  ])('%s: private, encrypted and public', async (type, alg) => {
    expect(run('ssh-keygen', '-q', '-t', type, '-N', '', '-f', `plain-${type}`)).toBe(true);
    const [key] = await prove(file(`plain-${type}`));
    const [open] = await prove(file(`plain-${type}.pub`));
    expect([key?.alg, key?.isPrivate, open?.isPrivate, key?.repairs]).toEqual([alg, true, false, []]);
    expect(half(key?.jwk ?? {})).toEqual(half(open?.jwk ?? {}));
    expect(run('ssh-keygen', '-q', '-p', '-a', '2', '-P', '', '-N', passphrase, '-f', `plain-${type}`)).toBe(
      true,
    );
    expect((await prove(file(`plain-${type}`)))[0]?.jwk).toEqual(key?.jwk);
    expect(await refusalOf(read(file(`plain-${type}`), { passphrase: async () => 'wrong' }))).toMatch(
      /^secret: /,
    );
  });

  test.each(['aes128-ctr', 'aes256-cbc', 'aes256-gcm@openssh.com'])('encrypted with %s', async (cipher) => {
    const name = cipher.slice(0, 10);
    expect(
      run('ssh-keygen', '-q', '-t', 'ed25519', '-a', '1', '-Z', cipher, '-N', passphrase, '-f', name),
    ).toBe(true);
    expect(await prove(file(name))).toHaveLength(1);
  });

  test('authorized_keys: options, comments and several lines', async () => {
    const line = file('there.pub').toString();
    writeFileSync(join(directory, 'authorized'), `# ours\n\nfrom="10.0.0.1",command="ls -l" ${line}${line}`);
    expect((await read(file('authorized'))).map(({ where }) => where)).toEqual([
      'keys, line 3',
      'keys, line 4',
    ]);
    expect(await refusalOf(read(line.replace('AAAAC3', 'AAAAD3')))).toMatch(/^bad-key: keys: /);
  });

  test('rounds of bcrypt without end are refused before they are run', async () => {
    run('ssh-keygen', '-q', '-t', 'ed25519', '-a', '1', '-N', passphrase, '-f', 'bomb');
    const body = file('bomb').toString().split('\n').slice(1, -2).join('');
    const hex = Buffer.from(body, 'base64')
      .toString('hex')
      .replace(/(0{7}1)(0{7}1)/, 'ffffffff$2');
    const pem = `-----BEGIN OPENSSH PRIVATE KEY-----\n${Buffer.from(hex, 'hex').toString('base64')}\n-----END OPENSSH PRIVATE KEY-----\n`;
    expect(await refusalOf(read(pem, withPassphrase))).toMatch(/asks for more than 128 iterations/);
  });
});

const keytool = run(
  'keytool',
  ...'-genkeypair -keyalg EC -groupname secp256r1 -alias a -dname CN=a -keystore java.p12 -storetype pkcs12 -storepass testtest'.split(
    ' ',
  ),
);

describe.skipIf(!keytool)(`keytool${keytool ? '' : ' (skipped: it is not installed)'}`, () => {
  test('a keystore of Java in PKCS#12', async () => {
    const [key] = await prove(file('java.p12'), {}, { passphrase: async () => 'testtest' });
    expect([key?.alg, key?.isPrivate, key?.jwk['x5c']]).toEqual(['ES256', true, [expect.any(String)]]);
  });
});

describe.skipIf(!joseCommand.isThere)(joseCommand.title("Debian's jose"), () => {
  test.each(['ES256', 'ES384', 'ES512', 'RS256', 'HS256', 'ECDH-ES+A128KW', 'A256KW'])('%s', async (alg) => {
    expect(run('jose', 'jwk', 'gen', '-i', JSON.stringify({ alg }), '-o', 'key.jwk')).toBe(true);
    const [key] = await prove(file('key.jwk'));
    expect([key?.alg, key?.isPrivate, key?.repairs]).toEqual([alg, true, []]);
  });
});
