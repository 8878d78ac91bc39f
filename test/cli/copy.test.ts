// jwks copy: a keystore moves to another place with all its past, and neither place loses anything by it.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { generateSecretText } from '../../src/keystore/secret.ts';
import type { Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { inWork, machineAfter, ok } from './machines.ts';

/** A keystore in `./a` with a revoked key, a symmetric one and a deleted set. */
function livedIn(): Promise<Machine> {
  return machineAfter(
    'init --keystore a',
    'create --alg ES256 auth k1 --keystore a',
    'create --alg ES256 auth k2 --keystore a',
    'revoke auth k1 --reason keyCompromise --keystore a',
    'create --alg HS256 pay p1 --keystore a',
    'create --alg EdDSA Old o1 --keystore a',
    'delete Old --yes --keystore a',
  );
}

/** On a host that has seen none of it yet, as two hosts that change a copy each. */
let hosts = 0;
const elsewhere = (machine: Machine, words: string) =>
  machine.jwks(words, { env: { XDG_STATE_HOME: join(machine.home, `host-${++hosts}`) } });

/** Names and bytes of the documents at a place. */
const documents = (machine: Machine, place: string) => snapshotOf(inWork(machine, place));

describe('a copy', () => {
  test('holds what the source does, byte for byte, and says what to do now', async () => {
    const machine = await livedIn();
    const before = documents(machine, 'a');
    await transcript(
      machine,
      `
      $ jwks copy --from a --to b --dry-run
      SET ID⇥REVISION⇥ACTION
      Old⇥2⇥written
      auth⇥3⇥written
      pay⇥1⇥written
      ! jwks: that would be done; nothing was
      $ jwks copy --from a --to b
      SET ID⇥REVISION⇥ACTION
      Old⇥2⇥written
      auth⇥3⇥written
      pay⇥1⇥written
      ! jwks: made a keystore   ~/work/b
      ! jwks: 2 sets, 2 keys copied and proved
      ! jwks: ~/work/a is as it was: do not change it any more, since two copies that both change fork
      ! next: jwks list --keystore ~/work/b    look at it
      !       JWKS_KEYSTORE=~/work/b           set this where serve, cron and people use the keystore
      $ jwks copy --from a --to b --format json -q
      {"copied":[{"set":"Old","revision":2,"action":"kept"},{"set":"auth","revision":3,"action":"kept"},{"set":"pay","revision":1,"action":"kept"}]}
    `,
    );
    expect(documents(machine, 'a')).toEqual(before);
    expect(documents(machine, 'b')).toEqual(before);
    await ok(machine, 'rotate auth --now --force --keystore b');
    expect((await machine.jwks('create --alg ES256 auth k1 --keystore b')).status).toBe(5);
  });

  test('once the copy has gone on, this host refuses to use the source in its place', async () => {
    const machine = await livedIn();
    await ok(machine, 'copy --from a --to b');
    await ok(machine, 'create --alg ES256 auth k3 --keystore b');
    expect((await machine.jwks('create --alg ES256 auth k4 --keystore a')).status).toBe(6);
    expect((await machine.jwks('copy --from a --to c')).status).toBe(6);
    expect(existsSync(inWork(machine, 'c'))).toBe(false);
  });

  test('every secret of the keystore opens it', async () => {
    const machine = await livedIn();
    const second = inWork(machine, 'second');
    writeFileSync(second, `${generateSecretText()}\n`, { mode: 0o600 });
    await ok(machine, `secret add --label second --new-secret-file ${second} --keystore a`);
    await ok(machine, 'copy --from a --to b');
    rmSync(join(machine.home, '.config/jwks/secret'));
    await ok(machine, `sign auth --claims {} --keystore b --secret-file ${second}`);
  });
});

describe('refused before anything is done', () => {
  test('without two places, with one twice, one in the other, or a place besides', async () => {
    const machine = await livedIn();
    await transcript(
      machine,
      `
      $ jwks copy
      ! jwks: copy wants both places: --from and --to
      ! hint: jwks copy --help
      exit 2
      $ jwks copy --from a --to ""
      ! jwks: copy wants both places: --from and --to
      ! hint: jwks copy --help
      exit 2
      $ jwks copy --from a --to b --keystore c
      ! jwks: copy takes its places from --from and --to, and no --keystore
      ! hint: jwks copy --help
      exit 2
      $ jwks copy --from a --to ../work/a
      ! jwks: --from and --to are the same place: ~/work/a
      exit 2
      $ jwks copy --from a --to a/b
      ! jwks: one of --from and --to is in the other, and a keystore holds nothing else
      exit 2
      $ jwks copy --from a --to b -o b/sets
      ! jwks: b/sets is in the keystore ~/work/b, and no place for a result
      exit 2
      $ jwks copy a b
      ! jwks: too many arguments: copy takes at most 0
      ! hint: jwks copy --help
      exit 2
      $ jwks copy --from nowhere --to b
      ! jwks: there is no keystore at ~/work/nowhere
      ! hint: --from is the place that it is copied from
      exit 3
      $ jwks copy --from postgres://me:hidden@localhost:1/x --to postgres://you:hidden@localhost:1/x
      ! jwks: --from and --to are the same place: postgres://me@localhost:1/x
      exit 2
    `,
    );
    expect(readdirSync(join(machine.home, 'work'))).toEqual(['a']);
  });

  test('another keystore at the target is exit 5 with both fingerprints', async () => {
    const machine = await livedIn();
    await ok(machine, 'init --keystore b');
    const before = documents(machine, 'b');
    const ran = await machine.jwks('copy --from a --to b --force --yes');
    expect([ran.status, ran.stderr]).toEqual([
      5,
      expect.stringMatching(/another keystore is at .*\/b: [\w-]{43}, not [\w-]{43}\n/),
    ]);
    expect(documents(machine, 'b')).toEqual(before);
  });

  test('what is no keystore is left alone', async () => {
    const machine = await livedIn();
    writeFileSync(inWork(machine, 'file'), 'mine');
    expect((await machine.jwks('copy --from a --to file')).status).toBe(6);
    expect((await machine.jwks(`copy --from a --to ${machine.home}`)).status).toBe(2);
    cpSync(inWork(machine, 'a'), inWork(machine, 'c'), { recursive: true });
    rmSync(inWork(machine, 'c/master'), { recursive: true });
    writeFileSync(inWork(machine, 'c/notes'), 'mine');
    expect((await machine.jwks('copy --from a --to c')).status).toBe(5);
    expect(readFileSync(inWork(machine, 'file'), 'utf8')).toBe('mine');
  });

  test('damage in the source is exit 6, and nothing is made', async () => {
    const machine = await livedIn();
    const path = inWork(machine, 'a/sets/auth/3.json');
    const good = readFileSync(path);
    for (let at = 3; at < good.length; at += 97) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ 1;
      writeFileSync(path, bad);
      const ran = await machine.jwks('copy --from a --to b');
      expect([at, ran.status, ran.stdout, existsSync(inWork(machine, 'b'))]).toEqual([at, 6, '', false]);
    }
    writeFileSync(path, good);
    await ok(machine, 'copy --from a --to b');
  });

  test('without the secret, or with another one, is exit 4', async () => {
    const machine = await livedIn();
    const other = await machine.jwks('copy --from a --to b', { env: { JWKS_SECRET: generateSecretText() } });
    rmSync(join(machine.home, '.config/jwks/secret'));
    expect([other.status, (await machine.jwks('copy --from a --to b')).status]).toEqual([4, 4]);
    expect(existsSync(inWork(machine, 'b'))).toBe(false);
  });
});

describe('a target with another state of it', () => {
  test('one that is behind is exit 5 that says in what; --force asks, and brings it up to date', async () => {
    const machine = await livedIn();
    await ok(machine, 'copy --from a --to b');
    await ok(machine, 'create --alg ES256 auth k3 --keystore a');
    await ok(machine, 'create --alg ES256 new n1 --keystore a');
    const before = documents(machine, 'b');
    await transcript(
      machine,
      `
      $ jwks copy --from a --to b
      ! jwks: the keystore at ~/work/b is not as the one at ~/work/a in "auth"
      ! hint: with --force the higher revision of each is kept, and what is revoked in either stays so
      exit 5
      $ jwks copy --from a --to b --force
      ! jwks: copy into the keystore at ~/work/b, and replace "auth" by newer revisions? There is no terminal to ask on
      ! hint: add --yes if you mean it
      exit 2
    `,
    );
    const declined = await machine.jwks('copy --from a --to b --force', { terminal: 80, answers: [false] });
    expect([declined.status, documents(machine, 'b')]).toEqual([130, before]);
    await ok(machine, 'copy --from a --to b --force --yes');
    const { 'sets/auth/3.json': _, ...rest } = documents(machine, 'a') as Record<string, unknown>;
    expect(documents(machine, 'b')).toMatchObject(rest);
    // What is as it should be is no question.
    await ok(machine, 'copy --from a --to b --force');
  });

  test('a set that is new is copied without --force', async () => {
    const machine = await livedIn();
    await ok(machine, 'copy --from a --to b');
    await ok(machine, 'create --alg ES256 new n1 --keystore a');
    await ok(machine, 'copy --from a --to b');
    expect(documents(machine, 'b')).toEqual(documents(machine, 'a'));
  });

  test('a new secret and new keys of the source come over with --force', async () => {
    const machine = await livedIn();
    await ok(machine, 'copy --from a --to b');
    const secret = inWork(machine, 'new');
    await ok(machine, `secret change --new-secret-file ${secret} --keystore a`);
    await ok(machine, `rekey --keystore a --secret-file ${secret}`);
    const words = `copy --from a --to b --secret-file ${secret}`;
    const refused = await machine.jwks(words);
    expect([refused.status, refused.stderr]).toEqual([5, expect.stringContaining('in its master document')]);
    await ok(machine, `${words} --force --yes`);
    await ok(machine, `sign auth --claims {} --keystore b --secret-file ${secret}`);
    await ok(machine, words);
  });

  test('one that is ahead is exit 5; with --force it is kept, and takes in what is revoked', async () => {
    const machine = await livedIn();
    await ok(machine, 'copy --from a --to b');
    await elsewhere(machine, 'create --alg ES256 auth k3 --keystore b');
    await elsewhere(machine, 'create --alg ES256 more m1 --keystore b');
    await elsewhere(machine, 'revoke auth k2 --no-successor --keystore a');
    // The same number with other content at both.
    const same = await elsewhere(machine, 'copy --from a --to b');
    expect([same.status, same.stderr]).toEqual([5, expect.stringContaining('in "auth", "more"')]);
    await elsewhere(machine, 'create --alg ES256 auth k4 --keystore b');
    const forced = await elsewhere(machine, 'copy --from a --to b --force --yes --format json');
    expect([forced.status, JSON.parse(forced.stdout).copied[1]]).toEqual([
      0,
      { set: 'auth', revision: 6, action: 'merged', buried: ['k2'] },
    ]);
    expect(forced.stderr).toContain('3 sets, 4 keys copied and proved');
    const { stdout } = await elsewhere(machine, 'list auth --all --keystore b --format json');
    const keys: { kid: string; state: string }[] = JSON.parse(stdout).sets[0].keys;
    const states = Object.fromEntries(keys.map(({ kid, state }) => [kid, state]));
    expect(states).toMatchObject({ k2: 'revoked', k3: 'active' });
  });

  test('one that was rekeyed, or forked, is exit 5 also with --force', async () => {
    const machine = await livedIn();
    await ok(machine, 'copy --from a --to b');
    const words = 'copy --from a --to b --force --yes';
    await elsewhere(machine, 'rekey --keystore b');
    const rekeyed = await elsewhere(machine, words);
    expect([rekeyed.status, rekeyed.stderr]).toEqual([5, expect.stringContaining('was rekeyed')]);
    await elsewhere(machine, 'rekey --keystore a');
    const forked = await elsewhere(machine, words);
    expect([forked.status, forked.stderr]).toEqual([5, expect.stringContaining('do not follow')]);
    await elsewhere(machine, 'rekey --new-identity --keystore a');
    const other = await elsewhere(machine, words);
    expect([other.status, other.stderr]).toEqual([5, expect.stringContaining('rekeyed with a new identity')]);
  });

  test('an older master document beside newer sets is a fork', async () => {
    const machine = await livedIn();
    await ok(machine, 'copy --from a --to b');
    await elsewhere(machine, 'rekey --keystore a');
    await elsewhere(machine, 'create --alg ES256 more m1 --keystore b');
    const ran = await elsewhere(machine, 'copy --from a --to b --force --yes');
    expect([ran.status, ran.stderr]).toEqual([5, expect.stringContaining('newer sets: "more"')]);
  });
});
