// A change that is made but not shown, or made of some sets only: the error says what was done.
import { existsSync, renameSync, symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';
import { json, keystoreOf, machineAfter, ok } from './machines.ts';

/** A device that takes nothing: the place of a result that looks good until it is written. */
const isFull = existsSync('/dev/full');

test.skipIf(!isFull)('a key that cannot be printed is made all the same', async () => {
  const machine = new Machine();
  await ok(machine, 'init -q');
  await transcript(
    machine,
    `
    $ jwks create --alg ES256 auth k1 -o /dev/full
    ! jwks: /dev/full was not written: no space left on the disk; key k1 is made all the same, and set auth signs with it
    ! hint: jwks export auth prints it
    exit 1
    $ jwks create --alg ES256 auth --if-missing -o /dev/full
    ! jwks: /dev/full was not written: no space left on the disk
    exit 1
    $ jwks get auth -q
    k1
  `,
  );
});

test.skipIf(!isFull)('a change that cannot be printed is made all the same', async () => {
  const machine = await machineAfter('create --alg ES256 auth k1', 'create --alg ES256 pay p1');
  await transcript(
    machine,
    `
    $ jwks policy auth pay --skew 1m -o /dev/full
    ! jwks: /dev/full was not written: no space left on the disk; what was asked for is done all the same (set "auth", "pay")
    ! hint: jwks list shows it
    exit 1
    # Nothing is done by these.
    $ jwks policy auth --skew 1m -o /dev/full
    ! jwks: /dev/full was not written: no space left on the disk
    exit 1
    $ jwks rotate auth --dry-run -o /dev/full
    ! jwks: /dev/full was not written: no space left on the disk
    exit 1
  `,
  );
  const { policies } = await json(machine, 'policy');
  expect(policies).toMatchObject([{ policy: { skew: '1m' } }, { policy: { skew: '1m' } }]);
  const { sets } = await json(machine, 'list');
  expect(sets.map(({ revision }: { revision: number }) => revision)).toEqual([2, 2]);
});

test('where one of several sets cannot be written, those before it are told', async () => {
  const commands = ['auth', 'pay', 'third', 'zoo'].map((set) => `create --alg ES256 ${set}`);
  const machine = await machineAfter(...commands, 'policy pay --skew 1m');
  // It can be read, and so a first look refuses nothing.
  renameSync(keystoreOf(machine, 'sets/third'), `${machine.home}/third`);
  symlinkSync(`${machine.home}/third`, keystoreOf(machine, 'sets/third'));
  const ran = await machine.jwks('policy auth pay third zoo --skew 1m --format json');
  const { error } = JSON.parse(ran.stderr);
  expect([ran.status, ran.stdout, error.code]).toEqual([6, '', 'damaged']);
  expect(error.message).toMatch(/is not a directory of its own.*; done before that: "auth"$/);
  const { policies } = await json(machine, 'policy auth zoo');
  expect(policies).toMatchObject([{ policy: { skew: '1m' } }, { policy: null }]);
});
