// jwks export --for: each product gets what it reads, with the signer where it looks for it.
import { spawnSync } from 'node:child_process';
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { exportedProducts } from '../../src/operations/product-exports/products.ts';
import { instant, Machine, type Ran } from '../support/cli.ts';
import { modeOf, snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

type Jwk = { readonly kid: string } & Readonly<Record<string, unknown>>;

/** `auth` has a signer, a retiring and a next key, and one that encrypts; `sym` a symmetric one. */
async function machineWithKeys(alg = 'ES256'): Promise<Machine> {
  const machine = new Machine('2026-02-01T12:00:00Z');
  const bits = /^(?:RS|PS)/.test(alg) ? ' --bits 2048' : '';
  await ok(machine, `create --alg ${alg}${bits} auth`);
  await ok(machine, 'rotate auth');
  machine.now = instant('2026-02-04T12:00:00Z');
  await ok(machine, 'rotate auth');
  await ok(machine, 'create --alg ECDH-ES auth box');
  await ok(machine, 'create --alg HS256 sym shared');
  return machine;
}

async function published(machine: Machine, set = 'auth'): Promise<Jwk[]> {
  const { keys } = JSON.parse((await machine.jwks(`export ${set}`)).stdout);
  return keys.filter(({ use }: Jwk) => use === 'sig');
}

async function held(machine: Machine): Promise<Jwk[]> {
  return JSON.parse((await machine.jwks('export auth --private')).stdout).keys;
}

const isPrivate = (key: object): boolean => 'd' in key || 'k' in key;
const kidsOf = (keys: readonly Jwk[]): string[] => keys.map(({ kid }) => kid);

/** A signing key of which only the public half is known. */
async function publicHalf(): Promise<string> {
  const [key] = await published(await machineWithKeys());
  return JSON.stringify({ ...key, kid: 'half' });
}

async function good(ran: Promise<Ran>): Promise<Ran> {
  const done = await ran;
  expect({ status: done.status, stderr: done.stderr }).toMatchObject({ status: 0 });
  return done;
}

const spkiHash = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
const blocksOf = (pem: string): string[] => pem.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----/g) ?? [];
const jwkOf = (pem: string): object => createPrivateKey(pem).export({ format: 'jwk' });

test('the words for --for are those of the table', async () => {
  const { stdout } = await new Machine().jwks('export --help');
  const words = /--for <product>[^:]*: (.*?) --/.exec(stdout.replace(/\s+/g, ' '))?.[1] ?? '';
  expect(words.split(', ')).toEqual(Object.keys(exportedProducts));
});

test('what holds private keys wants --private, and what does not refuses it, before anything is read', async () => {
  const machine = await machineWithKeys();
  const before = snapshotOf(machine.home);
  for (const [name, { halves, needsIssuer }] of Object.entries(exportedProducts)) {
    const words = `export auth --for ${name}${needsIssuer === true ? ' --issuer https://a.example' : ''}`;
    const publicly = await machine.jwks(`${words} -o out`);
    const privately = await machine.jwks(`${words} --private -o out`);
    if (halves === 'private') {
      expect(publicly).toMatchObject({ status: 2, stdout: '' });
      expect(publicly.stderr).toBe(
        `jwks: ${name} signs: what it reads holds private keys\nhint: add --private\n`,
      );
    }
    if (halves === 'public') expect(privately).toMatchObject({ status: 2, stdout: '' });
    rmSync(`${machine.home}/work/out`, { force: true });
  }
  expect(snapshotOf(machine.home)).toEqual(before);
  await transcript(
    machine,
    `
    $ jwks export auth --for nginx --private
    ! jwks: nginx reads public keys only: leave out --private
    exit 2
    $ jwks export auth --for istio
    ! jwks: istio wants to know whose keys these are
    ! hint: name the issuer with --issuer URL
    exit 2
    $ jwks export auth --for nginx --issuer https://a.example
    ! jwks: nginx does not take --issuer
    exit 2
    $ jwks export auth --for nginx --discovery --issuer https://a.example
    ! jwks: --for writes what a product reads, and --discovery another document
    exit 2
  `,
  );
});

test('no private member is in an export without --private', async () => {
  const machine = await machineWithKeys();
  const secrets = (await held(machine)).map(({ d }) => String(d));
  for (const words of ['postgrest', 'envoy', 'istio --issuer https://a.example', 'nginx', 'spring']) {
    const { stdout, stderr } = await good(machine.jwks(`export auth --for ${words}`));
    expect(secrets.some((text) => (stdout + stderr).includes(text))).toBe(false);
    expect(stdout).not.toMatch(/PRIVATE|"d"|"k"/);
  }
});

test('hydra: the signer stands last, and only its private half is there', async () => {
  const machine = await machineWithKeys();
  const { stdout, stderr } = await good(machine.jwks('export auth --for hydra --private'));
  const { keys } = JSON.parse(stdout);
  expect(kidsOf(keys)).toEqual(kidsOf(await published(machine)).reverse());
  expect(keys.map(isPrivate)).toEqual([false, false, true]);
  expect(stderr).toContain('http://127.0.0.1:4445/admin/keys/auth');
});

test('supabase: a list on one line, whose signer alone may sign', async () => {
  const machine = await machineWithKeys();
  const { stdout } = await good(machine.jwks('export auth sym --for supabase --private --kid shared'));
  expect(JSON.parse(stdout)).toMatchObject([{ kid: 'shared', key_ops: ['sign', 'verify'] }]);
  const list = JSON.parse((await good(machine.jwks('export auth --for supabase --private'))).stdout);
  expect(kidsOf(list)).toEqual(kidsOf(await published(machine)));
  expect(list.map(({ key_ops }: { key_ops: string[] }) => key_ops)).toEqual([
    ['sign', 'verify'],
    ['verify'],
    ['verify'],
  ]);
  expect(list.map(isPrivate)).toEqual([true, false, false]);
  const both = await machine.jwks('export auth sym --for supabase --private');
  expect(both).toMatchObject({ status: 5, stdout: '' });
  expect(both.stderr).toContain('auth, sym: several keys sign (ES256, HS256), and the product takes one');
});

test('supabase: an algorithm that it does not know is refused', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES384 auth one');
  await transcript(
    machine,
    `
    $ jwks export auth --for supabase --private
    ! jwks: Supabase Auth does not sign with ES384, as key one does
    ! hint: it signs with RS256, RS512, ES256, ES512, EdDSA, HS256
    exit 6
  `,
  );
});

test('postgrest: public halves, and symmetric keys where --private is there', async () => {
  const machine = await machineWithKeys();
  const open = JSON.parse((await good(machine.jwks('export auth --for postgrest'))).stdout).keys;
  expect(open).toEqual(await published(machine));
  await transcript(
    machine,
    `
    $ jwks export auth sym --for postgrest
    ! jwks: postgrest verifies with symmetric keys too, and such a key is there
    ! hint: add --private
    exit 2
  `,
  );
  const all = JSON.parse((await good(machine.jwks('export auth sym --for postgrest --private'))).stdout).keys;
  expect(all.slice(0, -1)).toEqual(open);
  expect(all.at(-1)).toMatchObject({ kid: 'shared', k: expect.any(String) });
});

test('kubernetes: three files, and the kids that kube-apiserver computes', async () => {
  const machine = await machineWithKeys();
  const work = `${machine.home}/work`;
  await transcript(
    machine,
    `
    $ jwks export auth --for kubernetes --private
    ! jwks: these are several files: keys.pem, jwks.json, signing-key.pem
    ! hint: name a directory for them with -o
    exit 2
    $ jwks export auth --for kubernetes --private -o nowhere
    ! jwks: the directory ~/work/nowhere does not exist
    ! hint: mkdir -p ~/work/nowhere
    exit 3
  `,
  );
  mkdirSync(`${work}/sa`);
  const { stdout, stderr } = await good(machine.jwks('export auth --for kubernetes --private -o sa'));
  expect(stdout).toBe('');
  expect(stderr).toContain('--service-account-signing-key-file=sa/signing-key.pem');
  const [signer, ...others] = await published(machine);
  const { keys } = JSON.parse(readFileSync(`${work}/sa/jwks.json`, 'utf8'));
  const publicKeys = blocksOf(readFileSync(`${work}/sa/keys.pem`, 'utf8')).map((pem) => createPublicKey(pem));
  expect(kidsOf(keys)).toEqual(publicKeys.map(spkiHash));
  expect(publicKeys.map((key) => key.export({ format: 'jwk' }))).toEqual(
    [signer, ...others].map((jwk) => ({ kty: 'EC', crv: 'P-256', x: jwk?.['x'], y: jwk?.['y'] })),
  );
  const signing = createPublicKey(readFileSync(`${work}/sa/signing-key.pem`, 'utf8'));
  expect(spkiHash(signing)).toBe(keys[0].kid);
  expect(stderr).toContain(`names ${signer?.kid} by its own rule`);
  expect(['keys.pem', 'jwks.json', 'signing-key.pem'].map((name) => modeOf(`${work}/sa/${name}`))).toEqual([
    '0644',
    '0644',
    '0600',
  ]);

  const again = await machine.jwks('export auth --for kubernetes --private -o sa');
  expect(again).toMatchObject({ status: 5 });
  expect((await machine.jwks('export auth --for kubernetes --private -o sa --force')).status).toBe(0);
});

test('kubernetes: no word where the kids are those already; other algorithms are refused', async () => {
  const machine = new Machine();
  mkdirSync(`${machine.home}/work/sa`);
  await ok(machine, 'create --alg ES256 --kid-from spki-sha256 auth');
  const { stderr } = await good(machine.jwks('export auth --for kubernetes --private -o sa'));
  expect(stderr).not.toContain('by its own rule');
  await ok(machine, 'create --alg EdDSA ed one');
  await transcript(
    machine,
    `
    $ jwks export ed --for kubernetes --private -o sa --force
    ! jwks: kube-apiserver does not sign with EdDSA, as key one does
    ! hint: it signs with RS256, ES256, ES384, ES512
    exit 6
  `,
  );
});

test('keycloak: the private key as PEM, of the signer or of the key that is named', async () => {
  const machine = await machineWithKeys();
  const [signer, , next] = await published(machine);
  const { stdout, stderr } = await good(machine.jwks('export auth --for keycloak --private'));
  expect(jwkOf(stdout)).toMatchObject({ x: signer?.['x'] });
  expect(stderr).toContain(
    `Keycloak names ${signer?.kid} by its own rule: ${spkiHash(createPublicKey(stdout))}`,
  );
  expect(stderr).toContain('java-keystore');
  const named = await good(
    machine.jwks(['export', 'auth', '--for', 'keycloak', '--private', `--kid=${next?.kid}`]),
  );
  expect(jwkOf(named.stdout)).toMatchObject({ x: next?.['x'] });
});

const hasJava = ['openssl version', 'keytool -help'].every(
  (line) => spawnSync('sh', ['-c', line], { stdio: 'ignore' }).status === 0,
);

test.skipIf(!hasJava)(
  'keycloak: Java reads the PKCS#12 file (skipped without openssl and keytool)',
  async () => {
    const machine = await machineWithKeys();
    const cwd = `${machine.home}/work`;
    await good(machine.jwks('export auth --for keycloak --private -o key.pem'));
    await good(machine.jwks('convert key.pem --certificate --to pem --private -o chain.pem'));
    const line =
      'openssl pkcs12 -export -in chain.pem -name auth -passout pass:changeit -out auth.p12 && keytool -list -keystore auth.p12 -storepass changeit';
    const { stdout } = spawnSync('sh', ['-c', line], { cwd, encoding: 'utf8' });
    expect(stdout).toMatch(/auth, .*PrivateKeyEntry/);
  },
);

test('keycloak: an RSA key with the certificate that it came with', async () => {
  const machine = new Machine();
  const work = `${machine.home}/work`;
  await ok(machine, 'create --alg RS256 --bits 2048 --private -o made.json made');
  const { keys } = JSON.parse(readFileSync(`${work}/made.json`, 'utf8'));
  writeFileSync(`${work}/key.jwk`, JSON.stringify(keys[0]));
  const { certificateMembers, selfSign } = await import('../../src/jose/write/certificate.ts');
  const certificate = await selfSign(keys[0], { notBefore: new Date('2026-02-01T00:00:00Z'), days: 90 });
  const whole = { ...keys[0], ...certificateMembers(certificate) };
  await good(machine.jwks('import realm -', { stdin: JSON.stringify(whole) }));
  const { stdout, stderr } = await good(machine.jwks('export realm --for keycloak --private'));
  expect(stdout.match(/BEGIN [A-Z ]+/g)).toEqual(['BEGIN PRIVATE KEY', 'BEGIN CERTIFICATE']);
  expect(stderr).toContain('add it as a provider rsa with the algorithm RS256');
});

test('envoy and istio: the set as text within their YAML', async () => {
  const machine = await machineWithKeys();
  const keys = await published(machine);
  const envoy = parse((await good(machine.jwks('export auth --for envoy'))).stdout);
  expect(JSON.parse(envoy.local_jwks.inline_string)).toEqual({ keys });
  const ran = await good(machine.jwks('export auth --for istio --issuer https://auth.example.com'));
  const { spec, ...head } = parse(ran.stdout);
  expect(head).toEqual({
    apiVersion: 'security.istio.io/v1',
    kind: 'RequestAuthentication',
    metadata: { name: 'auth' },
  });
  const [rule, ...others] = spec.jwtRules;
  expect([rule.issuer, others]).toEqual(['https://auth.example.com', []]);
  expect(JSON.parse(rule.jwks)).toEqual({ keys });
});

test.each([
  ['Hydra.OpenID/ID token', 'hydra-openid-id-token'],
  ['été', 't'],
  ['***', 'jwks'],
])('istio: set %j is the resource %s', async (set, name) => {
  const machine = new Machine();
  await ok(machine, ['create', '--alg', 'ES256', set]);
  const ran = await good(machine.jwks(['export', set, '--for', 'istio', '--issuer', 'https://a.example']));
  expect(parse(ran.stdout).metadata).toEqual({ name });
});

test('nginx and a Spring resource server: the public set without enc keys', async () => {
  const machine = await machineWithKeys();
  const keys = await published(machine);
  for (const product of ['nginx', 'spring']) {
    const ran = await good(machine.jwks(`export auth --for ${product}`));
    expect(JSON.parse(ran.stdout)).toEqual({ keys });
  }
});

test('spring with --private: the signer first and whole, and a word where there are several keys', async () => {
  const machine = await machineWithKeys();
  const { stdout, stderr } = await good(machine.jwks('export auth --for spring --private'));
  const { keys } = JSON.parse(stdout);
  expect(kidsOf(keys)).toEqual(kidsOf(await published(machine)));
  expect(keys.map(isPrivate)).toEqual([true, false, false]);
  expect(stderr).toContain('setJwkSelector');
  const [{ kid }] = keys;
  const alone = await good(machine.jwks(['export', 'auth', '--for', 'spring', '--private', `--kid=${kid}`]));
  expect(alone.stderr).not.toContain('setJwkSelector');
});

test('pomerium: base64 of the private keys, the signer first', async () => {
  const machine = await machineWithKeys();
  const { stdout, stderr } = await good(machine.jwks('export auth --for pomerium --private'));
  expect(stdout).toMatch(/^[A-Za-z0-9+/]+=*\n$/);
  const keys = blocksOf(Buffer.from(stdout, 'base64').toString()).map(jwkOf);
  const wanted = await published(machine);
  expect(keys).toMatchObject(wanted.map(({ x, y }) => ({ x, y, d: expect.any(String) })));
  const hex = Buffer.from(wanted[0]?.kid ?? '', 'base64url').toString('hex');
  expect(stderr).toContain(`Pomerium names ${wanted[0]?.kid} by its own rule: ${hex}`);
});

test('authelia: every signing key with its PEM, the signer first', async () => {
  const machine = await machineWithKeys();
  await ok(machine, 'create --alg PS256 --bits 2048 auth _odd');
  const { stdout, stderr } = await good(machine.jwks('export auth --for authelia --private'));
  const { jwks } = parse(stdout).identity_providers.oidc;
  const wanted = await published(machine);
  expect(jwks.map(({ key_id }: { key_id?: string }) => key_id)).toEqual(
    kidsOf(wanted).map((kid) => (/^[A-Za-z0-9]/.test(kid) ? kid : undefined)),
  );
  expect(jwks.map(({ algorithm, use }: Record<string, string>) => `${algorithm} ${use}`)).toEqual(
    wanted.map(({ alg }) => `${alg} sig`),
  );
  for (const [index, { key }] of jwks.entries())
    expect(jwkOf(key)).toMatchObject({ kty: wanted[index]?.['kty'], d: expect.any(String) });
  expect(stderr).toContain('Authelia does not take _odd as a key_id');
  expect(stderr).toContain('Authelia wants one RS256 key as well');
});

test('dex: its resource of keys, with an end for each that only verifies', async () => {
  const machine = await machineWithKeys();
  const { stdout } = await good(machine.jwks('export auth --for dex --private'));
  const resource = parse(stdout);
  const [signer, retiring, next] = await published(machine);
  expect(resource).toMatchObject({
    apiVersion: 'dex.coreos.com/v1',
    kind: 'SigningKey',
    metadata: { name: 'openid-connect-keys' },
    signingKey: { ...signer, d: expect.any(String) },
    signingKeyPub: signer,
    nextRotation: '9999-12-31T00:00:00Z',
  });
  expect(resource.signingKeyPub).not.toHaveProperty('d');
  expect(resource.verificationKeys).toEqual([
    { publicKey: retiring, expiry: '2026-02-05T13:10:00Z' },
    { publicKey: next, expiry: '9999-12-31T00:00:00Z' },
  ]);
});

test('a product that publishes what it has whole refuses a key of which it has half', async () => {
  const machine = await machineWithKeys();
  await good(machine.jwks('import auth - --next', { stdin: await publicHalf() }));
  for (const product of ['oidc-provider', 'authelia', 'pomerium']) {
    const ran = await machine.jwks(`export auth --for ${product} --private`);
    expect(ran).toMatchObject({ status: 6, stdout: '' });
    expect(ran.stderr).toContain('the private half of half is not here');
  }
  for (const product of ['hydra', 'supabase', 'dex'])
    expect((await machine.jwks(`export auth --for ${product} --private`)).status).toBe(0);
});

test('a set without a signer, or with nothing to publish, is refused', async () => {
  const machine = await machineWithKeys();
  await ok(machine, 'create --alg ECDH-ES box only');
  await good(machine.jwks('import verifier -', { stdin: await publicHalf() }));
  for (const [words, status] of [
    ['box --for hydra --private', 5],
    ['box --for nginx', 5],
    ['sym --for nginx', 5],
    ['sym --for keycloak --private', 5],
    ['verifier --for hydra --private', 3],
    ['verifier --for spring --private', 3],
    ['verifier --for nginx', 0],
    ['auth --for nginx --kid nobody', 3],
    ['nowhere --for nginx', 3],
  ] as const) {
    const ran = await machine.jwks(`export ${words}`);
    expect([words, ran.status]).toEqual([words, status]);
  }
});
