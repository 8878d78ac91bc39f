// The package as npm would publish it: installed elsewhere, type-checked strictly against its own types, and run.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tsc = createRequire(import.meta.url)
  .resolve('typescript/package.json')
  .replace('package.json', 'bin/tsc');

const program = `
import { createLocalJWKSet, jwtVerify, SignJWT } from 'jose';
import {
  generateSecret,
  JwksError,
  type KeyInfo,
  type Keystore,
  makeKeystore,
  openKeystore,
  type PublicJwkSet,
  type SetInfo,
} from 'jwks-keystore';

const directory = process.argv[2] ?? '';
const secret: string = generateSecret();
const keystore: Keystore = await makeKeystore({ keystore: directory, secret });
const { kid } = await keystore.create('auth', { alg: 'ES256' });
await keystore.create('auth', { alg: 'RS256', bits: 2048, note: 'for old verifiers' });

const sets: SetInfo[] = await keystore.list();
const keys: readonly KeyInfo[] = sets.flatMap((set) => set.keys);
const jwks: PublicJwkSet = await keystore.publicJwks(['auth']);

const { alg, key } = await keystore.signer('auth', 'ES256');
const token = await new SignJWT({ scope: 'a' }).setProtectedHeader({ alg, kid }).setExpirationTime('1m').sign(key);
const verified = await jwtVerify(token, createLocalJWKSet({ keys: jwks.keys.map((one) => ({ ...one })) }));

const reader = await openKeystore({ keystore: directory, identity: keystore.identity });
const refused = await reader.create('auth').catch((error: unknown) => error);

console.log(
  JSON.stringify({
    algs: keys.map((one) => one.alg),
    published: jwks.keys.map((one) => one.alg),
    members: [...new Set(jwks.keys.flatMap((one) => Object.keys(one)))].sort(),
    scope: verified.payload['scope'],
    sameSet: JSON.stringify(await reader.publicJwks(['auth'])) === JSON.stringify(jwks),
    refused: refused instanceof JwksError ? refused.code : 'nothing',
  }),
);
`;

test('npm pack, npm install, tsc, node', { timeout: 60_000 }, ({ skip }) => {
  const directory = temporaryDirectory();
  const npm = (...words: string[]) =>
    spawnSync('npm', words, { cwd: directory, encoding: 'utf8', timeout: 30_000 });
  writeFileSync(`${directory}/package.json`, '{"name":"consumer","private":true,"type":"module"}');
  const packed = npm('pack', root, '--ignore-scripts', '--silent');
  expect(packed.stderr).toBe('');
  const tarball = packed.stdout.trim();
  const installed = npm(
    'install',
    `./${tarball}`,
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  );
  const isOffline = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENOTCACHED|network/.test(installed.stderr);
  skip(installed.status !== 0 && isOffline, 'no registry can be reached');
  expect(installed.stderr).toBe('');
  expect(
    readdirSync(`${directory}/node_modules`)
      .filter((name) => !name.startsWith('.'))
      .sort(),
  ).toEqual(['jose', 'jwks-keystore']);

  writeFileSync(`${directory}/program.ts`, program);
  mkdirSync(`${directory}/node_modules/@types`);
  const types = fileURLToPath(new URL('../../node_modules/@types', import.meta.url));
  const options = {
    target: 'es2023',
    lib: ['es2023'],
    module: 'nodenext',
    moduleResolution: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    types: ['node'],
    typeRoots: [types],
  };
  const config = { compilerOptions: options, files: ['program.ts'] };
  writeFileSync(`${directory}/tsconfig.json`, JSON.stringify(config));
  const compiled = spawnSync(process.execPath, [tsc, '-p', '.'], { cwd: directory, encoding: 'utf8' });
  expect(compiled.stdout).toBe('');
  expect(compiled.status).toBe(0);

  const ran = execFileSync(process.execPath, ['program.js', `${directory}/keys`], { cwd: directory });
  expect(JSON.parse(ran.toString())).toEqual({
    algs: ['RS256', 'ES256'],
    published: ['RS256', 'ES256'],
    members: ['alg', 'crv', 'e', 'kid', 'kty', 'n', 'use', 'x', 'y'],
    scope: 'a',
    sameSet: true,
    refused: 'secret',
  });
  const required = ['-e', `console.log(typeof require('jwks-keystore').openKeystore)`];
  const loaded = spawnSync(process.execPath, required, { cwd: directory, encoding: 'utf8' });
  expect(loaded).toMatchObject({ status: 0, stdout: 'function\n', stderr: '' });
  const bin = spawnSync(`${directory}/node_modules/.bin/jwks`, ['--version'], { encoding: 'utf8' });
  expect(bin).toMatchObject({ status: 0, stderr: '' });
  expect(bin.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});
