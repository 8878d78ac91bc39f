// jwks import: the files that people have their keys in, as other programs make them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CompactEncrypt } from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { keyFor } from '../jose/keys.ts';
import { openssl } from '../jose/programs.ts';
import { directory, run, ssl } from '../jose/read-programs.ts';
import { passphrase } from '../jose/read-support.ts';
import { Machine, type Settings } from '../support/cli.ts';
import { filesBelow } from '../support/snapshot.ts';
import { ok } from './machines.ts';

const path = (name: string) => join(directory, name);
const text = (name: string) => readFileSync(path(name), 'utf8');
const put = (name: string, content: object | string) =>
  writeFileSync(path(name), typeof content === 'string' ? content : JSON.stringify(content));

interface Listed {
  readonly kid: string;
  readonly [member: string]: unknown;
}

/** Imports files of the directory; the keys of its JSON, or why there are none. */
async function taken(machine: Machine, words: string, settings: Settings = {}): Promise<Listed[]> {
  const argv = ['import', 'auth', ...words.split(' ').filter((word) => word !== ''), '--format', 'json'];
  const { status, stdout, stderr } = await machine.jwks(argv, { ...settings, cwd: directory });
  if (status !== 0) throw new Error(`exit ${status}: ${stderr}`);
  return JSON.parse(stdout).keys;
}

async function jsonOf(machine: Machine, command: string) {
  return JSON.parse((await machine.jwks(command)).stdout);
}

/** A private key that says nothing of itself. */
async function privateJwk(alg: string, crv: string): Promise<object> {
  const { kid: _kid, use: _use, alg: _alg, ...jwk } = await keyFor({ alg, use: 'sig', crv });
  return jwk;
}

beforeAll(async () => {
  put('phrase', `${passphrase}\n`);
  put('ec.jwk', await privateJwk('ES256', 'P-256'));
  put('ed.jwk', await privateJwk('EdDSA', 'Ed25519'));
});

describe.skipIf(!openssl.isThere)(openssl.title('openssl'), () => {
  if (openssl.isThere) {
    ssl('genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.pem');
    ssl('pkey -in rsa.pem -traditional -out rsa1.pem');
    for (const name of ['ec', 'ec2', 'ec3'])
      ssl(`genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ${name}.pem`);
    ssl('ec -in ec.pem -out sec1.pem');
    ssl('pkey -in ec2.pem -pubout -out ec2.pub');
    ssl('pkey -in ec.pem -outform DER -out ec.der');
    ssl('req -x509 -new -key ec.pem -subj /CN=issuer -days 9 -out ec.crt');
    for (const name of ['ec', 'ec2'])
      ssl(`pkcs8 -topk8 -in ${name}.pem -passout PASS -iter 1000 -out ${name}.enc`);
    ssl('pkcs12 -export -in ec.crt -inkey ec.pem -passout PASS -iter 1000 -out ec.p12');
  }

  test.each([
    ['rsa.pem', 'RS256'],
    ['rsa1.pem', 'RS256'],
    ['rsa.pem --alg PS384', 'PS384'],
    ['rsa.pem --use enc', 'RSA-OAEP-256'],
    ['ec.pem', 'ES256'],
    ['sec1.pem', 'ES256'],
    ['ec2.pub', 'ES256'],
    ['ec.der', 'ES256'],
    ['ec.crt', 'ES256'],
    ['ec.enc --passphrase-file phrase', 'ES256'],
    ['ec.p12 --passphrase-file phrase', 'ES256'],
  ])('%s', async (words, alg) => {
    const machine = new Machine();
    const [key, ...others] = await taken(machine, words);
    expect(others).toEqual([]);
    expect(key).toMatchObject({ alg, kid: expect.stringMatching(/^[\w-]{43}$/), set: 'auth' });
    expect(key).not.toHaveProperty('d');
  });

  test('several files and stdin in the order given, one block after the other', async () => {
    const machine = new Machine();
    put('two.pem', text('ec2.pem') + text('rsa.pem'));
    const [one, two, three, four] = await taken(machine, 'ec3.pem - two.pem', { stdin: text('ec.pem') });
    expect([one?.['alg'], two?.['alg'], three?.['alg'], four?.['alg']]).toEqual([
      'ES256',
      'ES256',
      'ES256',
      'RS256',
    ]);
    const own = await taken(new Machine(), 'ec3.pem ec.pem ec2.pem rsa.pem');
    expect(own.map(({ kid }) => kid)).toEqual([one, two, three, four].map((key) => key?.kid));
    const { stdout } = await machine.jwks('list auth');
    expect(stdout.split('\n').filter((line) => line.endsWith('\tsigns'))).toHaveLength(2);
    expect(stdout.split('\n')[1]).toContain(`${one?.kid}\tES256\tsig\tactive\tsigns`);
  });

  test('a passphrase is asked for on a terminal, file by file, and never shown', async () => {
    const machine = new Machine();
    const settings = { terminal: 80, answers: [passphrase, passphrase], cwd: directory };
    const { status, stdout, stderr } = await machine.jwks('import -q auth ec.enc ec2.enc', settings);
    expect([status, stderr]).toEqual([0, expect.not.stringContaining(passphrase)]);
    expect(stdout.trim().split('\n')).toHaveLength(2);
  });

  test('one passphrase opens several files', async () => {
    expect(await taken(new Machine(), 'ec.enc ec2.enc --passphrase-file phrase')).toHaveLength(2);
  });

  // A pipe, such as the shell's `<(pass show key)`, can be read once.
  test('one that comes through a pipe does too', async () => {
    const words = 'ec.enc ec2.enc --passphrase-file -';
    expect(await taken(new Machine(), words, { stdin: `${passphrase}\n` })).toHaveLength(2);
  });

  test('a certificate chain survives the way out and in again', async () => {
    const machine = new Machine();
    put('with-chain.pem', text('ec.pem') + text('ec.crt'));
    const [key] = await taken(machine, 'with-chain.pem');
    expect(key).toMatchObject({ x5c: [expect.any(String)], 'x5t#S256': expect.any(String) });
    const out = path('out.json');
    expect((await machine.jwks(['export', 'auth', '--private', '-o', out])).status).toBe(0);
    const other = new Machine();
    await taken(other, 'out.json');
    expect(await jsonOf(other, 'export auth --private')).toEqual(JSON.parse(readFileSync(out, 'utf8')));
    expect(await jsonOf(other, 'export auth')).toEqual(await jsonOf(machine, 'export auth'));
  });

  describe('a public key alone', () => {
    test('is published behind the signer, and never signs', async () => {
      const machine = new Machine();
      const [signer] = await taken(machine, 'ec.pem');
      const [theirs] = await taken(machine, 'ec2.pub');
      const { keys } = await jsonOf(machine, 'export auth');
      expect(keys.map(({ kid }: Listed) => kid)).toEqual([signer?.kid, theirs?.kid]);
      const { keys: held } = await jsonOf(machine, 'export auth --private');
      expect(held.filter((one: Listed) => 'd' in one).map(({ kid }: Listed) => kid)).toEqual([signer?.kid]);
      expect((await machine.jwks('list auth')).stdout).toContain(
        `${theirs?.kid}\tES256\tsig\tactive\tpublished only: no private half`,
      );
      expect((await machine.jwks('import other -q', { stdin: text('ec2.pub') })).status).toBe(0);
      // Keys of others only: nothing is wrong with that.
      expect((await machine.jwks('check other')).stdout).toMatch(/^ok/);
      expect((await machine.jwks('rotate other')).status).toBe(3);
    });

    test('is told to be no signer, the more so where nothing else signs', async () => {
      const { stderr } = await new Machine().jwks('import auth ec2.pub', { cwd: directory });
      expect(stderr).toMatch(/nothing signs|no key (?:that )?signs|never signs?|public half only/);
    });

    test('that comes next is not said to sign at a date', async () => {
      const machine = new Machine();
      await taken(machine, 'ec2.pub --next');
      expect((await machine.jwks('list auth')).stdout).toMatch(
        /^auth\t[\w-]{43}\tES256\tsig\tnext\tpublished only: no private half$/m,
      );
    });

    test('in front of a private one does not keep that from succeeding', async () => {
      const machine = new Machine();
      await taken(machine, 'ec.pem');
      await taken(machine, 'ec2.pub ec3.pem --next');
      expect((await machine.jwks('list auth')).stdout).toContain('signs until 2026-02-03T13:05:00Z');
    });
  });
});

const keygen = run('ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', 'ssh');

test.skipIf(!keygen)(
  `ssh-keygen: private, encrypted, public${keygen ? '' : ' (skipped: it is not installed)'}`,
  async () => {
    run('ssh-keygen', '-q', '-t', 'ecdsa', '-a', '1', '-N', passphrase, '-f', 'locked');
    const [signer] = await taken(new Machine(), 'ssh');
    expect(signer).toMatchObject({ kty: 'OKP', alg: 'EdDSA' });
    expect(await taken(new Machine(), 'locked --passphrase-file phrase')).toMatchObject([{ alg: 'ES256' }]);
    expect(await taken(new Machine(), 'ssh.pub')).toEqual([signer]);
  },
);

describe('JSON', () => {
  test("a JWK, a set, a list, and Ory's shape, whose order is kept", async () => {
    const [ec, ed] = [JSON.parse(text('ec.jwk')), JSON.parse(text('ed.jwk'))];
    const named = [
      { ...ec, kid: 'b', use: 'sig', alg: 'ES256' },
      { ...ed, kid: 'a' },
    ];
    put('bare.json', { ...named[0], set: 'old' });
    put('list.json', named);
    put('set.json', { keys: named });
    put('ory.json', { set: 'old', keys: named.map((key) => ({ ...key, set: 'old' })) });
    expect(await taken(new Machine(), 'bare.json')).toMatchObject([{ kid: 'b', set: 'auth' }]);
    for (const file of ['list.json', 'set.json', 'ory.json'])
      expect((await taken(new Machine(), file)).map(({ kid }) => kid)).toEqual(['b', 'a']);
  });

  test('an encrypted set, with its passphrase', async () => {
    const inside = Buffer.from(JSON.stringify({ keys: [JSON.parse(text('ec.jwk'))] }));
    const jwe = await new CompactEncrypt(inside)
      .setProtectedHeader({ alg: 'PBES2-HS256+A128KW', enc: 'A256GCM', cty: 'jwk-set+json' })
      .setKeyManagementParameters({ p2c: 1000 })
      .encrypt(Buffer.from(passphrase));
    put('set.jwe', `${jwe}\n`);
    expect(await taken(new Machine(), 'set.jwe --passphrase-file phrase')).toMatchObject([{ alg: 'ES256' }]);
  });

  test('a byte order mark, CRLF, __proto__ and members that are unknown do no harm', async () => {
    const strange = `\ufeff${JSON.stringify(JSON.parse(text('ec.jwk')), null, 2)}`
      .replaceAll('\n', '\r\n')
      .replace('{', '{"__proto__": {"kid": "evil", "d": "x"}, "constructor": 1, "exp": 7,');
    put('strange.json', strange);
    const [key] = await taken(new Machine(), 'strange.json');
    expect(Object.keys(key ?? {})).toEqual(['kty', 'use', 'alg', 'kid', 'crv', 'x', 'y', 'set']);
    expect(key?.kid).toMatch(/^[\w-]{43}$/);
  });

  test('an export is taken in again as it was: secrets and keys for encryption too', async () => {
    const machine = new Machine();
    for (const alg of ['ES256', 'HS256', 'ECDH-ES', 'A256KW']) await ok(machine, `create --alg ${alg} auth`);
    const all = await jsonOf(machine, 'export auth --private');
    put('all.json', all);
    const other = new Machine();
    expect(await taken(other, 'all.json')).toHaveLength(4);
    expect(await jsonOf(other, 'export auth --private')).toEqual(all);
  });
});

test('no private member is on stdout, on stderr or on the disk in plain text', async () => {
  const machine = new Machine();
  const secrets = ['ec.jwk', 'ed.jwk'].map((name) => JSON.parse(text(name)).d);
  let said = '';
  for (const words of ['a ec.jwk ed.jwk', 'b ec.jwk --next --debug', 'a ec.jwk', 'c ed.jwk --dry-run'])
    for (const format of ['table', 'json', 'yaml', 'jwks', 'jsonpath=$..*']) {
      const argv = ['import', ...words.split(' '), '--kid-from', 'uuid', '--format', format];
      const { stdout, stderr } = await machine.jwks(argv, { cwd: directory });
      said += stdout + stderr;
    }
  for (const file of filesBelow(machine.home).filter((name) => name.endsWith('.json'))) {
    const content = readFileSync(join(machine.home, file), 'utf8');
    said += content + [...content.matchAll(/[\w-]{40,}/g)].map(([part]) => Buffer.from(part, 'base64url'));
  }
  expect(secrets.filter((secret) => said.includes(secret))).toEqual([]);
});
