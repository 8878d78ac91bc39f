// What earlier versions wrote is read and gone on with: a sample of each form that a document ever had, by the commit
// that its sample.json names. What a newer version writes is refused.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SignatureChecker } from '../../src/jose/identity.ts';
import { parseMaster } from '../../src/keystore/master-document.ts';
import { parseSetDocument } from '../../src/keystore/set-document.ts';
import { codeOf } from '../support/keystore.ts';
import { fixtures, machineWith, openSample, readText, sampleNames } from '../support/sample-keystores.ts';

interface Listed {
  readonly set: string;
  readonly keys: readonly { readonly alg: string; readonly use: string; readonly state: string }[];
}

const longId = 'é'.repeat(100);
const keysIn = (text: string): { readonly kid: string }[] => JSON.parse(text).keys;

describe.each(sampleNames('older'))('%s', (name) => {
  test('opens, is whole, and publishes what it did', async () => {
    const { ok, published } = openSample(name);
    expect(await ok('export --all --allow-empty')).toBe(published);
    await ok('doctor');
    expect(JSON.parse(await ok('history --format json')).events.length).toBeGreaterThan(0);
  });

  test('is read without its secret, by the fingerprint', async () => {
    const { ok, machine, identity, published } = openSample(name);
    for (const directory of ['.config', '.local/state'])
      rmSync(join(machine.home, directory), { recursive: true });
    expect(await ok(['export', '--all', '--allow-empty', '--identity', identity])).toBe(published);
  });

  test('signs what those who have its public keys verify, and rotates', async () => {
    const { ok, file, published } = openSample(name);
    const { sets } = JSON.parse(await ok('list --format json')) as { readonly sets: readonly Listed[] };
    let signed = 0;
    for (const { set, keys } of sets) {
      const signer = keys.find(({ use, state }) => use === 'sig' && state === 'active');
      if (signer === undefined) continue;
      signed += 1;
      const token = (await ok(['sign', set, '--sub', 'alice'])).trim();
      const by = signer.alg === 'HS256' ? ['--set', set] : ['--jwks', file('public.jwks.json')];
      await ok(['verify', ...by, token]);
      if (signer.alg === 'RS256' || keys.some(({ state }) => state === 'next')) continue;
      await ok(['rotate', set]);
    }
    expect(signed).toBeGreaterThan(0);
    const kids = keysIn(await ok('export --all --allow-empty')).map(({ kid }) => kid);
    expect(kids).toEqual(expect.arrayContaining(keysIn(published).map(({ kid }) => kid)));
  });

  test('is refused where it went back behind what its host had seen', async () => {
    const { machine, identity, published } = openSample(name);
    const path = join(machine.home, '.local/state/jwks', `${identity}.json`);
    const later = readFileSync(path, 'utf8').replace(
      /"master":\{"revision":(\d+)/,
      (_, revision) => `"master":{"revision":${Number(revision) + 1}`,
    );
    writeFileSync(path, later);
    const { status, stderr } = await machine.jwks('export --all --allow-empty');
    expect([status, stderr]).toEqual([6, expect.stringContaining('master went back')]);
    const accepted = await machine.jwks('export --all --allow-empty --accept-rollback');
    expect(accepted.stdout).toBe(published);
  });
});

test('every secret that a slot was made for opens it', async () => {
  const { ok, file } = openSample('secrets');
  for (const secret of ['phrase', 'recipient.pem', 'x25519.pem', 'rsa.pem'])
    await ok(['sign', 'ec', '--sub', 'alice', '--secret-file', file(secret)]);
  await ok('rekey --drop phrase');
  await ok('doctor');
});

test.each(['plain.backup', 'sealed.backup'])('a backup comes back: %s', async (backup) => {
  const { ok, file, keystore, published } = openSample('backups');
  rmSync(keystore, { recursive: true });
  const key = backup === 'plain.backup' ? [] : ['--recipient-key', file('recipient.pem')];
  await ok(['restore', file(backup), ...key]);
  expect(await ok('export --all')).toBe(published);
  await ok('doctor');
});

test('a rekey that an older version began is ended', async () => {
  const { ok, identity } = openSample('rekey-begun');
  expect(JSON.parse(await ok('rekey --format json')).identity).not.toBe(identity);
  await ok('sign other --sub alice');
  await ok('doctor');
});

test('a change of the secret that an older version began is ended', async () => {
  const { ok, machine } = openSample('secret-change-begun');
  await ok('secret change');
  await ok('sign ec --sub alice');
  const { secrets } = JSON.parse((await machine.jwks('secret list --format json')).stdout);
  expect(secrets).toHaveLength(1);
});

test('one that was begun before the keystore told of it is ended by hand', async () => {
  const { ok, machine } = openSample('secret-change-begun-by-label');
  const { status, stderr } = await machine.jwks('secret change');
  expect([status, stderr]).toEqual([5, expect.stringContaining('secret.old is there already')]);
  await ok('secret remove first --yes');
  rmSync(join(machine.home, '.config/jwks/secret.old'));
  await ok('secret change');
  await ok('sign ec --sub alice');
});

test('the set that a place was kept for is made', async () => {
  const { ok } = openSample('stand-in');
  await ok(['create', longId, '--alg', 'ES256']);
  await ok('doctor');
});

describe('what a newer version wrote', () => {
  test.each(sampleNames('newer'))('%s is refused', async (name) => {
    const machine = machineWith(name);
    for (const words of ['export ec', 'sign ec --sub alice', 'create ec --alg ES256', 'rekey']) {
      const { status, stderr } = await machine.jwks(words);
      expect([status, stderr]).toEqual([6, expect.stringContaining('written by a newer version')]);
      expect(stderr).toContain('update jwks on this host; nothing was changed');
    }
  });

  test('is known by its version, whatever else is in it', async () => {
    const bytes = (...path: string[]) => readFileSync(join(fixtures, ...path));
    const checker = new SignatureChecker();
    const master = parseMaster(bytes('newer-master/keystore/master/1.json'), 1, checker);
    expect(await codeOf(master)).toBe('newer-format');
    const set = parseSetDocument(bytes('newer-set/keystore/sets/ec/1.json'), 'sets/ec', 1, checker);
    expect(await codeOf(set)).toBe('newer-format');
  });

  test('a backup is refused', async () => {
    const { machine } = openSample('backups');
    const backup = { ...JSON.parse(readText('backups', 'plain.backup')), version: 2, more: true };
    writeFileSync(join(machine.home, 'work/newer.backup'), JSON.stringify(backup));
    const { status, stderr } = await machine.jwks('restore newer.backup --into ./other');
    expect([status, stderr]).toEqual([6, expect.stringContaining('written by a newer version')]);
  });
});
