// jwks backup and restore: what was backed up comes back, and nothing that is there is lost by it.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compactVerify, createLocalJWKSet, flattenedDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { instant, Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { inWork, json, keystoreOf, machineAfter, ok } from './machines.ts';

const exportOf = (machine: Machine, words: string) => ok(machine, `export ${words}`);
const lose = (machine: Machine) => rmSync(keystoreOf(machine), { recursive: true });

/** Two sets with a past: one was rotated and has a revoked key, one is deleted, and one has a symmetric key. */
function livedIn(): Promise<Machine> {
  return machineAfter(
    'create --alg ES256 auth k1',
    'create --alg ES256 auth k2',
    'rotate auth --note yearly',
    'revoke auth k1 --reason keyCompromise',
    'create --alg HS256 pay p1',
    'create --alg EdDSA Old o1',
    'delete Old --yes',
  );
}

async function states(machine: Machine): Promise<Record<string, string>> {
  const { sets } = await json(machine, 'list');
  return Object.fromEntries(
    sets.flatMap(({ keys }: { keys: { kid: string; state: string }[] }) =>
      keys.map(({ kid, state }) => [kid, state]),
    ),
  );
}

describe('a round trip', () => {
  test('a keystore that is lost comes back at its place, with all its past', async () => {
    const machine = await livedIn();
    const token = await ok(machine, 'sign auth --claims {"sub":"alice"}');
    const [before, files] = [await json(machine, 'list'), await exportOf(machine, '--all')];
    const history = await json(machine, 'history');
    const made = await machine.jwks('backup b.json');
    expect([made.status, made.stdout]).toEqual([0, '']);
    expect(made.stderr).toMatch(/^jwks: backed up 2 sets with \d private keys to b\.json$/m);
    expect(made.stderr).toContain('opens with a secret of this keystore: "first" (generated)');
    lose(machine);
    expect((await machine.jwks('list')).status).not.toBe(0);
    const restored = await machine.jwks('restore b.json --format json');
    expect([restored.status, JSON.parse(restored.stdout)]).toEqual([
      0,
      {
        restored: [
          { set: 'Old', revision: 2, action: 'written' },
          { set: 'auth', revision: 4, action: 'written' },
          { set: 'pay', revision: 1, action: 'written' },
        ],
      },
    ]);
    // Nothing has to be accepted: this host knows that it was restored.
    expect([await json(machine, 'list'), await exportOf(machine, '--all')]).toEqual([before, files]);
    expect(await json(machine, 'history')).toEqual(history);
    expect((await machine.jwks(['verify', token.trim(), '--set', 'auth'])).status).toBe(0);
    const jwks = createLocalJWKSet(JSON.parse(await exportOf(machine, 'auth')));
    await compactVerify((await ok(machine, 'sign auth --claims {}')).trim(), jwks);
    // A name stays taken, and the next change goes on from where it was.
    expect((await machine.jwks('create --alg ES256 auth k1')).status).toBe(5);
    await ok(machine, 'rotate auth --now --force');
    expect(readdirSync(join(keystoreOf(machine), 'sets/auth')).sort()).toEqual([
      '1.json',
      '2.json',
      '3.json',
      '4.json',
      '5.json',
    ]);
  });

  test('it goes back where the host has seen later revisions, and sets that came later are gone', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    const before = await states(machine);
    await ok(machine, 'create --alg ES256 auth later');
    await ok(machine, 'create --alg ES256 newer n1');
    lose(machine);
    const refused = await machine.jwks('restore b.json');
    expect([refused.status, existsSync(keystoreOf(machine))]).toEqual([6, false]);
    expect(refused.stderr).toContain('set "newer" is not in it, and this host has seen revision 1');
    await ok(machine, 'restore b.json --accept-rollback');
    expect(await states(machine)).toEqual(before);
    expect((await machine.jwks('export --all')).status).toBe(0);
  });

  test('what the file is made of: documents as they stand, 0600, nothing private in the clear', async () => {
    const machine = await livedIn();
    const secrets = JSON.parse(await exportOf(machine, '--all --private')).keys;
    await ok(machine, 'backup b.json');
    expect(statSync(inWork(machine, 'b.json')).mode & 0o777).toBe(0o600);
    const text = readFileSync(inWork(machine, 'b.json'), 'utf8');
    const { documents, ...head } = JSON.parse(text);
    expect(head).toEqual({
      format: 'jwks-backup',
      version: 1,
      created: '2026-02-01T12:00:00Z',
      keystore: expect.stringMatching(/^[0-9a-f-]{36}$/),
      identity: expect.stringMatching(/^[\w-]{43}$/),
      documents: undefined,
    });
    expect(Object.keys(documents)).toEqual(['master', 'sets/%4Fld', 'sets/auth', 'sets/pay']);
    const stored = readFileSync(join(keystoreOf(machine), 'sets/auth/4.json'), 'utf8');
    expect(documents['sets/auth']).toEqual({ revision: 4, document: stored });
    for (const { d, k } of secrets) expect(text).not.toContain(d ?? k);
  });

  test('no secret is needed to make it, and a fingerprint is', async () => {
    const machine = await livedIn();
    rmSync(join(machine.home, '.config/jwks/secret'));
    await ok(machine, 'backup b.json');
    rmSync(join(machine.home, '.local/state'), { recursive: true });
    const refused = await machine.jwks('backup c.json');
    expect([refused.status, existsSync(inWork(machine, 'c.json'))]).toEqual([4, false]);
    const { identity } = JSON.parse(readFileSync(inWork(machine, 'b.json'), 'utf8'));
    await ok(machine, `backup c.json --identity ${identity}`);
  });
});

describe('where it is written', () => {
  test('never over a file without --force, never into the keystore, never to a terminal', async () => {
    const machine = await livedIn();
    writeFileSync(inWork(machine, 'b.json'), 'mine');
    expect((await machine.jwks('backup b.json')).status).toBe(5);
    expect(readFileSync(inWork(machine, 'b.json'), 'utf8')).toBe('mine');
    await ok(machine, 'backup b.json --force');
    const before = snapshotOf(keystoreOf(machine));
    expect((await machine.jwks(`backup ${keystoreOf(machine)}/b.json`)).status).toBe(2);
    expect((await machine.jwks(`backup ${machine.home}/.config/jwks/secret --force`)).status).toBe(2);
    expect(snapshotOf(keystoreOf(machine))).toEqual(before);
    const terminal = await machine.jwks('backup -', { terminal: 80 });
    expect([terminal.status, terminal.stdout]).toEqual([2, '']);
    expect((await machine.jwks('backup b2.json -o b3.json')).status).toBe(2);
  });

  test('through a pipe, and back', async () => {
    const machine = await livedIn();
    const text = await ok(machine, 'backup -');
    lose(machine);
    expect((await machine.jwks('restore - -q', { stdin: text })).status).toBe(0);
    expect((await states(machine))['k2']).toBe('active');
  });

  test('a damaged document ends it, names it, and leaves no file', async () => {
    const machine = await livedIn();
    const path = join(keystoreOf(machine), 'sets/auth/4.json');
    const bytes = readFileSync(path);
    bytes[200] = (bytes[200] ?? 0) ^ 1;
    writeFileSync(path, bytes);
    const ran = await machine.jwks('backup b.json');
    expect([ran.status, existsSync(inWork(machine, 'b.json'))]).toEqual([6, false]);
    expect(ran.stderr).toContain('sets/auth');
  });
});

describe('restore --verify-only', () => {
  test('says what is in it, and writes nothing', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    lose(machine);
    await transcript(
      machine,
      `
      $ jwks restore b.json --verify-only
      SET ID⇥REVISION⇥PRIVATE KEYS
      Old⇥2⇥0
      auth⇥4⇥2
      pay⇥1⇥1
      ! jwks: the secret opens it, and every document and key is good; nothing was written
      $ jwks restore b.json pay --verify-only --format json
      {"verified":[{"set":"pay","revision":1,"keys":1}]}
      ! jwks: the secret opens it, and every document and key is good; nothing was written
    `,
    );
    expect(existsSync(keystoreOf(machine))).toBe(false);
  });

  test('any byte that is damaged is found, and nothing is written', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    lose(machine);
    const good = readFileSync(inWork(machine, 'b.json'));
    for (let at = 0; at < good.length; at += 191) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(inWork(machine, 'bad.json'), bad);
      const ran = await machine.jwks('restore bad.json --verify-only');
      // Whoever changes the date of a backup changes nothing that is restored.
      const isDate = at < 90 && ran.status === 0;
      if (!isDate) expect([at, [4, 6].includes(ran.status), ran.stdout]).toEqual([at, true, '']);
      expect((await machine.jwks('restore bad.json')).status === 0).toBe(isDate);
      if (isDate) lose(machine);
    }
    expect(existsSync(keystoreOf(machine))).toBe(false);
  });

  test('cut off, empty, no backup, newer', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    const text = readFileSync(inWork(machine, 'b.json'), 'utf8');
    for (const bad of ['', '{}', 'x', text.slice(0, -100), text.replace('"version":1', '"version":2')]) {
      writeFileSync(inWork(machine, 'bad.json'), bad);
      expect((await machine.jwks('restore bad.json --verify-only')).status).toBe(6);
    }
    expect((await machine.jwks('restore absent.json')).status).toBe(3);
    expect((await machine.jwks('restore b.json nobody --verify-only')).status).toBe(3);
  });

  test('with another secret it is exit 4, as it is with none', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    lose(machine);
    const other = generateSecretText();
    const wrong = await machine.jwks('restore b.json', { env: { JWKS_SECRET: other } });
    expect([wrong.status, wrong.stdout, existsSync(keystoreOf(machine))]).toEqual([4, '', false]);
    rmSync(join(machine.home, '.config/jwks/secret'));
    expect((await machine.jwks('restore b.json')).status).toBe(4);
    expect(existsSync(keystoreOf(machine))).toBe(false);
  });

  test('another identity than the one that was named or is remembered is exit 4', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    const named = await machine.jwks(`restore b.json --verify-only --identity ${'A'.repeat(43)}`);
    expect(named.status).toBe(4);
    const secret = readFileSync(join(machine.home, '.config/jwks/secret'), 'utf8').trim();
    const other = new Machine();
    await ok(other, 'create --alg ES256 auth x1');
    rmSync(keystoreOf(other), { recursive: true });
    const env = { JWKS_SECRET: secret };
    const file = inWork(machine, 'b.json');
    expect((await other.jwks(`restore ${file}`, { env })).status).toBe(4);
    const elsewhere = await other.jwks(`restore ${file} --into there`, { env });
    expect([elsewhere.status, elsewhere.stderr]).toEqual([0, expect.stringContaining('has the fingerprint')]);
  });
});

describe('into a keystore that is there', () => {
  test('what it has already is exit 5, and a set that is missing is restored', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    const before = snapshotOf(keystoreOf(machine));
    expect((await machine.jwks('restore b.json')).status).toBe(5);
    expect((await machine.jwks('restore b.json auth')).status).toBe(5);
    expect(snapshotOf(keystoreOf(machine))).toEqual(before);
    renameSync(join(keystoreOf(machine), 'sets/auth'), inWork(machine, 'away'));
    expect((await machine.jwks('export auth')).status).toBe(6);
    const planned = await machine.jwks('restore b.json auth --dry-run');
    expect(planned.stdout).toBe('SET ID\tREVISION\tACTION\nauth\t4\twritten\n');
    expect(existsSync(join(keystoreOf(machine), 'sets/auth'))).toBe(false);
    await ok(machine, 'restore b.json auth');
    expect((await states(machine))['k2']).toBe('active');
    expect((await machine.jwks('export auth')).status).toBe(0);
  });

  test('with --force what is newer is kept, and it asks', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    await ok(machine, 'revoke auth k2 --reason superseded');
    const before = snapshotOf(keystoreOf(machine));
    expect((await machine.jwks('restore b.json')).status).toBe(5);
    expect((await machine.jwks('restore b.json --force')).status).toBe(2);
    const no = await machine.jwks('restore b.json --force', { terminal: 80, answers: [false] });
    expect(no.status).toBe(130);
    const { restored } = await json(machine, 'restore b.json --force --yes');
    expect(restored.map(({ set, action }: { set: string; action: string }) => [set, action])).toEqual([
      ['Old', 'kept'],
      ['auth', 'kept'],
      ['pay', 'kept'],
    ]);
    expect(snapshotOf(keystoreOf(machine))).toEqual(before);
  });

  test('with --force a newer backup is written over an older state, and its names are dense', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup old.json');
    await ok(machine, 'create --alg ES256 auth k9');
    await ok(machine, 'revoke auth k2');
    await ok(machine, 'rotate auth --now --force');
    await ok(machine, 'backup new.json');
    const after = await states(machine);
    lose(machine);
    await ok(machine, 'restore old.json --accept-rollback');
    await transcript(
      machine,
      `
      $ jwks restore new.json --force --yes
      SET ID⇥REVISION⇥ACTION
      Old⇥2⇥kept
      auth⇥7⇥written
      pay⇥1⇥kept
    `,
    );
    expect(await states(machine)).toEqual(after);
    const sizes = readdirSync(join(keystoreOf(machine), 'sets/auth')).map(
      (name) => [name, statSync(join(keystoreOf(machine), 'sets/auth', name)).size > 0] as const,
    );
    expect(Object.fromEntries(sizes)).toEqual({
      ...Object.fromEntries([1, 2, 3, 4, 5, 6].map((revision) => [`${revision}.json`, false])),
      '7.json': true,
    });
  });

  test('what was revoked in a fork of it is revoked here too, with a successor', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup base.json');
    const [successor = ''] = Object.entries(await states(machine)).flatMap(([kid, state]) =>
      state === 'next' ? [kid] : [],
    );
    await ok(machine, 'revoke auth k2 --reason keyCompromise --no-successor');
    await ok(machine, 'backup fork.json');
    lose(machine);
    await ok(machine, 'restore base.json --accept-rollback');
    machine.now = instant('2026-02-01T13:00:00Z');
    await ok(machine, 'create --alg ES256 auth other');
    await ok(machine, 'create --alg ES256 auth another');
    const { restored } = await json(machine, 'restore fork.json auth --force --yes');
    expect(restored).toEqual([{ set: 'auth', revision: 7, action: 'merged', buried: ['k2'] }]);
    expect(await states(machine)).toEqual({
      another: 'active',
      other: 'active',
      [successor]: 'next',
      p1: 'active',
    });
    const { events } = await json(machine, 'history auth');
    expect(events.filter(({ event }: { event: string }) => event === 'revoked')).toMatchObject([
      { kid: 'k1' },
      { kid: 'k2', note: 'keyCompromise; so it is in the backup; from a backup' },
    ]);
    expect((await machine.jwks('create --alg ES256 auth k2')).status).toBe(5);
    expect(await exportOf(machine, 'auth')).not.toContain('"k2"');
    const again = await json(machine, 'restore fork.json auth --force --yes');
    expect(again.restored).toEqual([{ set: 'auth', revision: 7, action: 'kept' }]);
  });

  test('a fork that is newer is not written over what is there', async () => {
    const machine = await livedIn();
    await ok(machine, 'backup base.json');
    await ok(machine, 'create --alg ES256 auth a1');
    await ok(machine, 'create --alg ES256 auth a2');
    await ok(machine, 'backup fork.json');
    lose(machine);
    await ok(machine, 'restore base.json --accept-rollback');
    await ok(machine, 'revoke auth k2');
    const before = snapshotOf(keystoreOf(machine));
    const ran = await machine.jwks('restore fork.json --force --yes');
    expect([ran.status, snapshotOf(keystoreOf(machine))]).toEqual([5, before]);
    expect(ran.stderr).toContain('"auth"');
  });

  test("another keystore's backup is exit 5", async () => {
    const machine = await livedIn();
    await ok(machine, 'backup b.json');
    const secret = join(machine.home, '.config/jwks/secret');
    await ok(machine, `init --keystore ${inWork(machine, 'other')}`);
    const before = snapshotOf(inWork(machine, 'other'));
    for (const words of ['restore b.json --into other', 'restore b.json --into other --force --yes']) {
      const ran = await machine.jwks(`${words} --secret-file ${secret}`);
      expect([ran.status, ran.stdout]).toEqual([5, '']);
    }
    expect(snapshotOf(inWork(machine, 'other'))).toEqual(before);
    writeFileSync(inWork(machine, 'file'), '');
    expect((await machine.jwks('restore b.json --into file')).status).toBe(6);
    expect((await machine.jwks('restore b.json --into .')).status).toBe(5);
  });
});

describe('sealed to a recipient', () => {
  const kinds = {
    'EC P-256': () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    X25519: () => generateKeyPairSync('x25519'),
    RSA: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  };

  test.each(Object.entries(kinds))('%s: opens with that key only, here and with jose', async (_, make) => {
    const machine = await livedIn();
    const { publicKey, privateKey } = make();
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' });
    writeFileSync(inWork(machine, 'key.pem'), pem);
    writeFileSync(inWork(machine, 'pub.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(inWork(machine, 'pub.jwk'), JSON.stringify(publicKey.export({ format: 'jwk' })));
    const before = await states(machine);
    await ok(machine, 'backup plain.json');
    await ok(machine, 'backup b.jwe --recipient pub.pem');
    await ok(machine, 'backup c.jwe --recipient pub.jwk');
    expect(readFileSync(inWork(machine, 'b.jwe'), 'utf8')).not.toContain('jwks-backup"');
    for (const name of ['b.jwe', 'c.jwe']) {
      const jwe = JSON.parse(readFileSync(inWork(machine, name), 'utf8'));
      const { plaintext, protectedHeader } = await flattenedDecrypt(jwe, createPrivateKey(pem));
      expect(protectedHeader).toMatchObject({ enc: 'A256GCM', cty: 'jwks-backup+json' });
      expect(Buffer.from(plaintext).toString()).toBe(readFileSync(inWork(machine, 'plain.json'), 'utf8'));
    }
    lose(machine);
    expect((await machine.jwks('restore b.jwe')).status).toBe(4);
    writeFileSync(inWork(machine, 'other.pem'), make().privateKey.export({ type: 'pkcs8', format: 'pem' }));
    expect((await machine.jwks('restore b.jwe --recipient-key other.pem')).status).toBe(4);
    const jwe = JSON.parse(readFileSync(inWork(machine, 'b.jwe'), 'utf8'));
    writeFileSync(inWork(machine, 'bad.jwe'), JSON.stringify({ ...jwe, tag: 'A'.repeat(22) }));
    expect((await machine.jwks('restore bad.jwe --recipient-key key.pem')).status).toBe(6);
    await ok(machine, 'restore b.jwe --recipient-key key.pem');
    expect(await states(machine)).toEqual(before);
  });

  test('a private key, or one that is for signatures only, is refused', async () => {
    const machine = await livedIn();
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    writeFileSync(inWork(machine, 'key.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    writeFileSync(inWork(machine, 'key.jwk'), JSON.stringify(privateKey.export({ format: 'jwk' })));
    const { publicKey } = generateKeyPairSync('ed25519');
    writeFileSync(inWork(machine, 'ed.pem'), publicKey.export({ type: 'spki', format: 'pem' }));
    for (const name of ['key.pem', 'key.jwk', 'ed.pem']) {
      expect((await machine.jwks(`backup b.json --recipient ${name}`)).status).toBe(6);
    }
    expect(existsSync(inWork(machine, 'b.json'))).toBe(false);
  });
});
