// jwks restore: what this host knows to be over does not come back unasked, and what is restored elsewhere changes
// nothing of what it knows.
import { cpSync, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Instant } from '../../src/lifecycle/time.ts';
import { Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { inWork, keystoreOf, machineAfter, ok, stateOf } from './machines.ts';

const lose = (machine: Machine, path = '') => rmSync(keystoreOf(machine, path), { recursive: true });
const kids = async (machine: Machine, words = '') => {
  const ran = await machine.jwks(`list --format json ${words}`);
  if (ran.status !== 0) return ran.status;
  const { sets } = JSON.parse(ran.stdout);
  return sets.flatMap(({ keys }: { keys: { kid: string }[] }) => keys.map(({ kid }) => kid)).sort();
};
const memory = (machine: Machine) => {
  const { identity } = JSON.parse(readFileSync(inWork(machine, 'old.json'), 'utf8'));
  return readFileSync(join(stateOf(machine), `${identity}.json`), 'utf8');
};

/** `old.json` has two keys; one of them is revoked since. */
function revoked(): Promise<Machine> {
  return machineAfter(
    'create --alg ES256 auth a1',
    'create --alg ES256 auth a2',
    'backup old.json',
    'revoke auth a1',
  );
}

describe('a backup that is older than what this host has seen', () => {
  test('is exit 6 that names sets and revisions; each way to look at it says so too', async () => {
    const machine = await revoked();
    lose(machine, 'sets/auth');
    await transcript(
      machine,
      `
      $ jwks restore old.json auth
      ! jwks: the result would be older than what this host has seen: set "auth" went back: it is revision 2, and this host has seen revision 3
      ! hint: what was revoked since would be back: take a later backup; or if that is all there is, --accept-rollback
      exit 6
      $ jwks restore old.json auth --dry-run
      ! jwks: the result would be older than what this host has seen: set "auth" went back: it is revision 2, and this host has seen revision 3
      ! hint: what was revoked since would be back: take a later backup; or if that is all there is, --accept-rollback
      exit 6
      $ jwks restore old.json --verify-only
      SET ID⇥REVISION⇥PRIVATE KEYS
      auth⇥2⇥2
      ! jwks: older than what this host has seen: set "auth" went back: it is revision 2, and this host has seen revision 3
      ! jwks: the secret opens it, and every document and key is good; nothing was written
    `,
    );
    expect(existsSync(join(keystoreOf(machine), 'sets/auth'))).toBe(false);
    await ok(machine, 'restore old.json auth --accept-rollback');
    expect(await kids(machine)).toEqual(['a1', 'a2']);
  });

  test('also where the whole keystore is lost; elsewhere nothing is known', async () => {
    const machine = await revoked();
    lose(machine);
    expect((await machine.jwks('restore old.json')).status).toBe(6);
    expect(existsSync(keystoreOf(machine))).toBe(false);
    await ok(machine, 'restore old.json --accept-rollback');
    expect(await kids(machine)).toEqual(['a1', 'a2']);
    lose(machine);
    rmSync(join(machine.home, '.local/state'), { recursive: true });
    await ok(machine, 'restore old.json');
  });

  test('what is kept counts as well: a set that went back is not made the newest by a restore', async () => {
    const machine = await revoked();
    cpSync(keystoreOf(machine), inWork(machine, 'snapshot'), { recursive: true });
    await ok(machine, 'create --alg ES256 auth a3');
    lose(machine);
    renameSync(inWork(machine, 'snapshot'), keystoreOf(machine));
    expect((await machine.jwks('restore old.json --force --yes')).status).toBe(6);
    expect(await kids(machine)).toBe(6);
  });
});

describe('restored elsewhere', () => {
  test('an older state changes nothing here, and in place of this one it is noticed', async () => {
    const machine = await revoked();
    const before = memory(machine);
    const aside = await machine.jwks('restore old.json --into aside');
    expect([aside.status, aside.stderr]).toEqual([
      0,
      expect.stringContaining('older than what this host has seen: set "auth" went back'),
    ]);
    expect([await kids(machine), await kids(machine, '--keystore aside')]).toEqual([['a2'], ['a1', 'a2']]);
    expect(memory(machine)).toBe(before);
    lose(machine);
    cpSync(inWork(machine, 'aside'), keystoreOf(machine), { recursive: true });
    expect(await kids(machine)).toBe(6);
  });

  test('a newer or forked state does not lock this one, and its keys can be taken over', async () => {
    const machine = await revoked();
    lose(machine);
    await ok(machine, 'restore old.json --accept-rollback', 'create --alg ES256 auth f1', 'backup fork.json');
    lose(machine);
    await ok(machine, 'restore old.json --accept-rollback');
    const before = memory(machine);
    await ok(machine, 'restore fork.json --into test', 'create --alg ES256 auth t1 --keystore test');
    expect(memory(machine)).toBe(before);
    await ok(machine, 'create --alg ES256 auth a3');
    expect(await kids(machine)).toEqual(['a1', 'a2', 'a3']);
    await ok(machine, 'export auth --private --kid f1 --keystore test -o f.json', 'import auth f.json');
    expect(await kids(machine)).toEqual(['a1', 'a2', 'a3', 'f1']);
    // There it is noticed as ever.
    cpSync(inWork(machine, 'test'), inWork(machine, 'later'), { recursive: true });
    rmSync(inWork(machine, 'test'), { recursive: true });
    expect((await machine.jwks('restore fork.json --into test')).status).toBe(6);
    await ok(machine, 'restore fork.json --into test --accept-rollback');
  });

  test('a copy is known from then on, and neither raises nor lowers anything', async () => {
    const machine = await revoked();
    const documents = () => JSON.parse(memory(machine)).documents;
    const before = documents();
    await ok(machine, `copy --from ${keystoreOf(machine)} --to twin`, 'restore old.json --into aside');
    expect(documents()).toEqual(before);
    await ok(machine, 'copy --from aside --to again', 'create --alg ES256 auth x1 --keystore again');
    expect(documents()).toEqual(before);
    rmSync(join(machine.home, '.config/jwks/secret'));
    expect(await kids(machine, '--keystore twin')).toEqual(['a2']);
    expect(await kids(machine, '--keystore again')).toEqual(['a1', 'a2', 'x1']);
  });

  test('another keystore in its place makes an end of what was known there', async () => {
    const machine = await revoked();
    await ok(machine, 'restore old.json --into aside', 'create --alg ES256 auth a3 --keystore aside');
    rmSync(inWork(machine, 'aside'), { recursive: true });
    await ok(machine, 'init --keystore aside');
    rmSync(inWork(machine, 'aside'), { recursive: true });
    const { identity } = JSON.parse(readFileSync(inWork(machine, 'old.json'), 'utf8'));
    await ok(machine, `restore old.json --into aside --identity ${identity}`);
    expect(await kids(machine, '--keystore aside')).toEqual(['a1', 'a2']);
  });
});

describe('what is over in a backup', () => {
  test('is named: in a dry run, in the question, in the result', async () => {
    const machine = new Machine();
    await ok(machine, 'create --alg ES256 auth a1', 'create --alg ES256 auth a2', 'backup base.json');
    await ok(machine, 'revoke auth a2 --no-successor', 'backup fork.json');
    lose(machine);
    await ok(machine, 'restore base.json --accept-rollback');
    machine.now = (machine.now + 3600) as Instant;
    await ok(machine, 'create --alg ES256 auth b1', 'create --alg ES256 auth b2');
    await transcript(
      machine,
      `
      $ jwks restore fork.json --force --dry-run
      SET ID⇥REVISION⇥ACTION
      auth⇥4⇥merged
      ! jwks: auth: retired or revoked as in the backup: a2
      ! jwks: that would be done; nothing was
      $ jwks restore fork.json --force
      ! jwks: restore into the keystore at ~/.local/share/jwks, and take out of "auth" (a2) what is retired or revoked in the backup? There is no terminal to ask on
      ! hint: add --yes if you mean it
      exit 2
      $ jwks restore fork.json --force --yes --format json
      {"restored":[{"set":"auth","revision":5,"action":"merged","buried":["a2"]}]}
      ! jwks: auth: retired or revoked as in the backup: a2
    `,
    );
  });
});
