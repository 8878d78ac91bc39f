// What is said of a secret that cannot be used: where it came from, and never what it is.
import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { parseRecipient } from '../../src/keystore/recipient.ts';
import { parseSecret } from '../../src/keystore/secret.ts';
import {
  describeSource,
  findSecret,
  isSecretNamed,
  makeSecretFile,
} from '../../src/keystore/secret-sources.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { secretFile, sources } from '../support/secret-places.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';

const told = (message: string, hint?: string) => ({ code: 'secret', message, hint });

describe('by its text', () => {
  test.each([
    ['x'.repeat(4_097), 'is longer than 4 KiB'],
    ['', 'is empty'],
    ['\r\n', 'is empty'],
    ['fifteen letters', 'is too short: a passphrase has 16 characters or more'],
    ['jwks_secret_AAAA', 'is not whole: a generated secret has 55 characters'],
  ])('%.20j', async (text, fault) => {
    expect(await toldBy(() => parseSecret(text, 'a test'))).toEqual(told(`the secret in a test ${fault}`));
  });

  test.each(['{"kty":"oct"', '  {"kty":"EC"}', '-----BEGIN RSA PRIVATE KEY-----\nAAAA'])(
    'that begins like a private key: %j',
    async (text) => {
      expect(await toldBy(() => parseSecret(text, 'a test'))).toEqual(
        told('the secret in a test begins like a private key, and is none', 'a JWK or PEM, not encrypted'),
      );
    },
  );

  test('what only has one in it is a passphrase, and source and text are kept', () => {
    const text = 'a passphrase {"kty":"EC"} -----BEGIN ';
    expect(parseSecret(text, 'a test')).toEqual({
      ...{ kind: 'passphrase', text: Buffer.from(text), source: 'a test' },
    });
  });
});

describe('a key of a recipient', () => {
  const open = (key: ReturnType<typeof generateKeyPairSync>['publicKey']) =>
    JSON.stringify(key.export({ format: 'jwk' }));
  const unfit = 'use a key of P-256, P-384, P-521 or X25519, or of RSA with 2048 bits or more';
  const pair = generateKeyPairSync('x25519');

  test('has a kind, a source, and what it is sealed and opened with', () => {
    const { kid, alg, jwk } = parseRecipient(open(pair.publicKey), 'a test');
    const { x } = pair.publicKey.export({ format: 'jwk' });
    expect([alg, jwk]).toEqual(['ECDH-ES+A256KW', { kty: 'OKP', crv: 'X25519', x }]);
    expect(parseSecret(open(pair.privateKey), 'a test')).toMatchObject({
      ...{ kind: 'recipient', kid, alg, source: 'a test' },
    });
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    expect(parseRecipient(open(rsa.publicKey), 'a test').alg).toBe('RSA-OAEP-256');
  });

  test('of a kind that nothing is sealed to', async () => {
    const ed = generateKeyPairSync('ed25519');
    const message = 'a keystore cannot be sealed to the key in a test';
    expect(await toldBy(() => parseSecret(open(ed.privateKey), 'a test'))).toEqual(told(message, unfit));
    const bad = { code: 'bad-key', message, hint: unfit };
    expect(await toldBy(() => parseRecipient(open(ed.publicKey), 'a test'))).toEqual(bad);
    const short = generateKeyPairSync('rsa', { modulusLength: 2_040 });
    expect(await toldBy(() => parseRecipient(open(short.publicKey), 'a test'))).toEqual(bad);
  });

  test.each(['jwk', 'pkcs8', 'sec1'])('that is the private one: %s', async (form) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const text =
      form === 'jwk'
        ? open(privateKey)
        : privateKey.export({ type: form as 'sec1', format: 'pem' }).toString();
    expect(await toldBy(() => parseRecipient(text, 'a test'))).toEqual({
      code: 'bad-key',
      message: 'a test holds a private key',
      hint: 'give its public half, and keep the private one where the keystore is not',
    });
  });

  test.each(['', 'text', '{', '{"kty":"EC"}', '-----BEGIN PUBLIC KEY-----\nAAAA'])(
    'that is none: %j',
    async (text) => {
      expect(await toldBy(() => parseRecipient(text, 'a test'))).toEqual({
        ...{ code: 'bad-key', message: 'a test holds no public key as a JWK or PEM', hint: undefined },
      });
    },
  );

  test('that anybody opens', async () => {
    const x = Buffer.alloc(32).toString('base64url');
    const text = `\n {"kty":"OKP","crv":"X25519","x":"${x}"}`;
    expect(await toldBy(() => parseRecipient(text, 'a test'))).toEqual({
      code: 'bad-key',
      message: 'a keystore cannot be sealed to the key in a test: its "x" is of small order',
      hint: undefined,
    });
  });
});

describe('by where it is', () => {
  test('both variables, or an empty one', async () => {
    expect(await toldBy(() => findSecret(sources({ variableFile: '/x', variable: 'y' })))).toEqual({
      code: 'usage',
      message: 'both JWKS_SECRET_FILE and JWKS_SECRET are set',
      hint: 'unset one of them',
    });
    expect(await toldBy(() => findSecret(sources({ variableFile: '' })))).toEqual(
      told('JWKS_SECRET_FILE is set, and empty'),
    );
    expect(await findSecret(sources({ variable: 'from JWKS_SECRET' }))).toEqual({
      ...{ text: 'from JWKS_SECRET', source: 'JWKS_SECRET' },
    });
  });

  test.each([
    [0o602, 'can be written by others'],
    [0o646, 'can be written by others'],
    [0o604, 'can be read by others'],
    [0o640, 'is open to its group'],
    [0o610, 'is open to its group'],
  ])('a file of mode %o', async (mode, fault) => {
    const file = secretFile('mine', mode);
    expect(await toldBy(() => findSecret(sources({ file })))).toEqual(
      told(`the secret file ${file} ${fault}`, `chmod 600 ${file}`),
    );
    // Where the system has no users, modes say nothing.
    expect((await findSecret(sources({ file, uid: undefined })))?.text).toBe('mine');
  });

  test('a directory, or nothing', async () => {
    const file = temporaryDirectory();
    expect(await toldBy(() => findSecret(sources({ file })))).toEqual(
      told(`the secret file ${file} is a directory`),
    );
    const missing = join(file, 'missing');
    expect(await toldBy(() => findSecret(sources({ file: missing })))).toEqual(
      told(`the secret file ${missing} cannot be read: no such file or directory`),
    );
  });

  test('a link that leads nowhere is set', async () => {
    const ownFile = join(temporaryDirectory(), 'secret');
    symlinkSync('/nowhere', ownFile);
    expect(describeSource(sources({ ownFile }))).toBe(ownFile);
    expect((await toldBy(() => findSecret(sources({ ownFile })))).code).toBe('secret');
    expect([isSecretNamed(sources({ ownFile })), isSecretNamed(sources({ variable: 'x' }))]).toEqual([
      false,
      true,
    ]);
  });

  test('what cannot be looked at is set', () => {
    const ownFile = join(secretFile('a file, and no directory'), 'secret');
    expect(describeSource(sources({ ownFile }))).toBe(ownFile);
  });

  test('too much, or no text', async () => {
    const file = secretFile('x'.repeat(4_097));
    expect(await toldBy(() => findSecret(sources({ file })))).toEqual(
      told(`the secret in ${file} is longer than 4 KiB`),
    );
    const stdin = () => Readable.from([Buffer.from([0xff])]);
    expect(await toldBy(() => findSecret(sources({ file: '-', stdin })))).toEqual(
      told('the secret in standard input is not text in UTF-8'),
    );
  });

  test('a descriptor that nobody handed over, or that cannot be read', async () => {
    expect(await toldBy(() => findSecret(sources({ descriptor: 991 })))).toEqual(
      told('the secret on descriptor 991 cannot be read: EBADF'),
    );
    const descriptor = openSync(temporaryDirectory(), 'r');
    expect(await toldBy(() => findSecret(sources({ descriptor })))).toEqual(
      told(`the secret on descriptor ${descriptor} cannot be read: is a directory`),
    );
  });

  test('a path is relative to where the command runs, and told absolute', async () => {
    const file = secretFile('mine');
    const cwd = join(file, '..');
    expect(await findSecret(sources({ file: 'jwks-secret', cwd }))).toEqual({
      ...{ text: 'mine', source: 'jwks-secret', path: file },
    });
  });

  test('a name that only begins like that of the credentials is not below them', async () => {
    const home = temporaryDirectory();
    for (const name of ['creds', 'creds-of-others']) mkdirSync(join(home, name));
    const at = (path: string) => {
      writeFileSync(join(home, path), 'mine');
      chmodSync(join(home, path), 0o444);
      return sources({ file: join(home, path), credentials: join(home, 'creds') });
    };
    expect((await findSecret(at('creds/secret')))?.text).toBe('mine');
    expect((await toldBy(() => findSecret(at('creds-of-others/secret')))).code).toBe('secret');
    const self = { ...at('file'), credentials: join(home, 'file') };
    expect((await toldBy(() => findSecret(self))).code).toBe('secret');
  });
});

test('a secret file that cannot be made names another way', async () => {
  const path = join(temporaryDirectory(), 'secret');
  expect(await toldBy(() => makeSecretFile(failingAt('link', 'EROFS'), path))).toEqual({
    code: 'failed',
    message: `the secret file ${path} cannot be made: the file system is read-only`,
    hint: 'name another with JWKS_SECRET_FILE (jwks secret generate prints a secret)',
  });
});
