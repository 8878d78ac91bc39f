// jwks rotate over several sets, of every kind: one's failure is no other's, and a successor is as the key before it.
import { truncateSync } from 'node:fs';
import { expect, test } from 'vitest';
import { instant, type Machine } from '../support/cli.ts';
import { runLine, standsFor, transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

function withSets(...creates: readonly (string | readonly string[])[]): Promise<Machine> {
  const toArgv = (words: string | readonly string[]) =>
    typeof words === 'string' ? words.split(' ') : words;
  return machineAfter(...creates.map((words) => ['create', '--alg', 'ES256', ...toArgv(words)]));
}

const statesOf = async (machine: Machine, set: string) =>
  JSON.parse((await machine.jwks(`list --format jsonpath=sets.0.keys.#.state ${set}`)).stdout);

test('one that fails is told at the end, and its code is the exit code; the others are done', async () => {
  const machine = await withSets('auth a1', 'pay p1', 'box b1');
  await ok(machine, 'retire pay p1 --no-successor');
  await transcript(
    machine,
    `
    $ jwks rotate pay auth nowhere box
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    auth⇥<kid2>⇥ES256⇥sig⇥next⇥published from now, signs from 2026-02-03T13:05:00Z (2 d)
    auth⇥a1⇥ES256⇥sig⇥active⇥signs until 2026-02-03T13:05:00Z (2 d), leaves 2026-02-05T13:10:00Z (4 d)
    box⇥<kid3>⇥ES256⇥sig⇥next⇥published from now, signs from 2026-02-03T13:05:00Z (2 d)
    box⇥b1⇥ES256⇥sig⇥active⇥signs until 2026-02-03T13:05:00Z (2 d), leaves 2026-02-05T13:10:00Z (4 d)
    ! next: jwks export auth -o FILE    publish it now, and again on these dates
    ! undo: jwks rotate auth --cancel    until 2026-02-03T13:05:00Z (2 d)
    ! next: jwks export box -o FILE    publish it now, and again on these dates
    ! undo: jwks rotate box --cancel    until 2026-02-03T13:05:00Z (2 d)
    ! jwks: set "nowhere" does not exist
    ! jwks: the other sets are done; not done, or not all of it: pay, nowhere
    ! jwks: set "pay" was not rotated: it has no key that signs
    ! hint: jwks create makes one
    exit 3
    # Quiet, the failures are told all the same.
    $ jwks rotate nowhere auth --cancel -q
    <kid2>
    ! jwks: the other sets are done; not done, or not all of it: nowhere
    ! jwks: set "nowhere" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
  `,
  );
});

test('a damaged set does not keep the others from what is due', async () => {
  const machine = await withSets('auth a1', 'broken b1', 'pay p1');
  await ok(machine, 'policy --all --rotate-every 90d');
  truncateSync(`${machine.home}/.local/share/jwks/sets/broken/2.json`, 100);
  machine.now = instant('2026-05-01T12:00:00Z');
  const { status, stdout, stderr } = await machine.jwks('rotate --due --format json');
  expect(status).toBe(6);
  const { changes, failed } = JSON.parse(stdout);
  expect(new Set(changes.map(({ set }: { set: string }) => set))).toEqual(new Set(['auth', 'pay']));
  expect(failed).toEqual([{ set: 'broken', code: 'damaged', message: expect.any(String) }]);
  expect(JSON.parse(stderr.trim().split('\n').at(-1) ?? '').error.code).toBe('damaged');
  expect(await statesOf(machine, 'auth')).toEqual(['next', 'active']);
  // It stays as it is, and is told every time.
  expect((await machine.jwks('rotate --due -q')).status).toBe(6);
});

test('the exit code is that of the first failure', async () => {
  const machine = await withSets('auth a1');
  await ok(machine, 'rotate auth --now');
  expect((await machine.jwks('rotate auth nowhere --now')).status).toBe(5);
  expect((await machine.jwks('rotate nowhere auth --now')).status).toBe(3);
});

test('--all rotates every set, also those without a policy; a set named twice is one', async () => {
  const machine = await withSets('auth a1', 'pay p1');
  const { stdout } = await machine.jwks('rotate --all -q');
  expect(stdout.trim().split('\n')).toHaveLength(2);
  expect(await machine.jwks('rotate --all -q')).toEqual({ status: 0, stdout: '', stderr: '' });
  expect((await machine.jwks('rotate auth auth --cancel -q')).stdout.trim().split('\n')).toHaveLength(1);
  expect((await machine.jwks('delete auth --yes')).status).toBe(0);
  expect((await machine.jwks('rotate --all --cancel')).status).toBe(0);
});

test('an encryption key is handed out before it is published, and opened for long after', async () => {
  const machine = await withSets('--alg ECDH-ES enc e1');
  await transcript(
    machine,
    `
    $ jwks rotate enc
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    enc⇥<kid2>⇥ECDH-ES⇥enc⇥next⇥handed out from now, encrypts from 2026-02-02T12:05:00Z (24 h)
    enc⇥e1⇥ECDH-ES⇥enc⇥active⇥encrypts until 2026-02-02T12:05:00Z (24 h), leaves 2026-02-05T13:10:00Z (4 d)
    ! next: <...>
    !       jwks export enc --private -o FILE    hand it to those that use it
    ! undo: jwks rotate enc --cancel    until 2026-02-02T12:05:00Z (24 h)
    $ jwks export enc | jwks thumbprint
    <kid3>
  `,
  );
  const publicKids = async () =>
    JSON.parse((await machine.jwks('export enc')).stdout).keys.map(({ kid }: { kid: string }) => kid);
  expect(await publicKids()).toEqual(['e1']);
  machine.now = instant('2026-02-02T12:05:00Z');
  expect(await publicKids()).toEqual([standsFor(machine, 'kid2')]);
  machine.now = instant('2026-02-05T13:09:59Z');
  expect(await statesOf(machine, 'enc')).toEqual(['active', 'retiring']);
  expect(JSON.parse((await machine.jwks('export enc --private')).stdout).keys).toHaveLength(2);
});

test('a symmetric key is handed out, never published', async () => {
  const machine = await withSets('--alg HS256 sym s1');
  await transcript(
    machine,
    `
    $ jwks rotate sym
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT CHANGED
    sym⇥<uuid>⇥HS256⇥sig⇥next⇥handed out from now, signs from 2026-02-03T13:05:00Z (2 d)
    sym⇥s1⇥HS256⇥sig⇥active⇥signs until 2026-02-03T13:05:00Z (2 d), leaves 2026-02-05T13:10:00Z (4 d)
    ! next: jwks export sym --private -o FILE    hand it to those that use it
    ! undo: jwks rotate sym --cancel    until 2026-02-03T13:05:00Z (2 d)
  `,
  );
  expect((await machine.jwks('export sym')).status).toBe(5);
  expect(JSON.parse((await machine.jwks('export sym --private')).stdout).keys).toHaveLength(2);
});

test('size, curve and kid scheme stay; a kid given by hand is followed by a thumbprint', async () => {
  const sets = [
    ['rsa', '--alg PS256 --bits 2048 --kid-from spki-sha256'],
    ['ec', '--alg ES384 --kid-from uuid'],
    ['ed', '--alg EdDSA --crv Ed448'],
    ['hand', '--alg ES256'],
  ] as const;
  const machine = await withSets(
    ...sets.map(([set, words]) => `${words} ${set}${set === 'hand' ? ' k1' : ''}`),
  );
  await machine.jwks(['rotate', ...sets.map(([set]) => set)]);
  const keysOf = async (set: string) => JSON.parse((await machine.jwks(`export ${set}`)).stdout).keys;
  const shapes = await Promise.all(
    sets.map(async ([set]) => {
      const { stdout } = await machine.jwks('thumbprint', {
        stdin: (await machine.jwks(`export ${set}`)).stdout,
      });
      const keys = await keysOf(set);
      expect(keys).toHaveLength(2);
      const { alg, crv, n = '', kid } = keys[1];
      const isThumbprint = stdout.trim().split('\n')[1] === kid;
      const scheme = isThumbprint ? 'thumbprint' : kid.includes('-4') && kid.length === 36 ? 'uuid' : 'other';
      return [set, alg, crv ?? Buffer.from(n, 'base64url').length * 8, scheme];
    }),
  );
  expect(shapes).toEqual([
    ['rsa', 'PS256', 2048, 'other'],
    ['ec', 'ES384', 'P-384', 'uuid'],
    ['ed', 'EdDSA', 'Ed448', 'thumbprint'],
    ['hand', 'ES256', 'P-256', 'thumbprint'],
  ]);
  expect((await keysOf('rsa'))[1].kid).toMatch(/^[\w-]{43}$/);
});

test('names of other people are shown without their controls', async () => {
  const hostile = 'a\u202eb';
  const machine = await withSets([hostile, 'k1']);
  for (const words of [[], [], ['--now'], ['--now'], ['--cancel']]) {
    for (const terminal of [undefined, 80]) {
      const { stdout, stderr } = await machine.jwks(['rotate', hostile, 'no\u2066where', ...words], {
        terminal,
      });
      expect(stdout + stderr).not.toMatch(/[\u202e\u2066]/);
      expect(stderr).toContain('set "no\\u{2066}where" does not exist');
    }
  }
});

test('advice can be pasted into a shell', async () => {
  const machine = await withSets(["it's $(id)", 'k1'], ['--', '-dash', 'k1']);
  const advised = async (...argv: readonly string[]) =>
    (await machine.jwks(argv)).stderr.match(/(?<=^(?:next|undo): ).*?(?= {4})/gm);
  expect(await advised('rotate', "it's $(id)")).toEqual([
    `jwks export 'it'\\''s $(id)' -o FILE`,
    `jwks rotate 'it'\\''s $(id)' --cancel`,
  ]);
  // Options that stand behind -- would be operands.
  const lines = (await advised('rotate', '--', '-dash')) ?? [];
  expect(lines).toHaveLength(2);
  for (const line of lines) expect([line, (await runLine(machine, line)).status]).toEqual([line, 0]);
  expect(await statesOf(machine, '-- -dash')).toEqual(['active']);
});
