// jwks init: keystores at places of one's choice.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow, modeOf, snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

test('a keystore and the first secret', async () => {
  const machine = new Machine();
  await transcript(
    machine,
    `
    $ jwks init
    KEYSTORE⇥IDENTITY
    ~/.local/share/jwks⇥<fingerprint>
    ! jwks: made a keystore   ~/.local/share/jwks
    ! jwks: made its secret   ~/.config/jwks/secret    keep a copy somewhere else
    # A secret that is there is used.
    $ jwks init --keystore second --format json
    {"keystore":"~/work/second","identity":"<fingerprint2>","secret":"~/.config/jwks/secret"}
    ! jwks: made a keystore   ~/work/second
    ! jwks: its secret is     ~/.config/jwks/secret    keep a copy somewhere else
    $ jwks create -q --alg ES256 --keystore second auth
    <kid>
    $ jwks list --keystore second --identity <fingerprint2> -q
    auth
    $ jwks list --keystore second --identity <fingerprint> -q
    ! jwks: this keystore is signed by <fingerprint2>, not by <fingerprint>
    ! hint: <...>
    exit 4
  `,
  );
  expect(modeOf(`${machine.home}/.config/jwks/secret`)).toBe('0600');
});

test('a directory that is not empty is refused', async () => {
  const machine = new Machine();
  await ok(machine, 'init --keystore keys');
  mkdirSync(`${machine.home}/work/other`);
  writeFileSync(`${machine.home}/work/other/file`, '');
  mkdirSync(`${machine.home}/work/empty`);
  const before = snapshotOf(machine.home);
  await transcript(
    machine,
    `
    $ jwks init --keystore keys
    ! jwks: ~/work/keys is not empty
    ! hint: there is a keystore in it already
    exit 5
    $ jwks init --keystore other
    ! jwks: ~/work/other is not empty
    ! hint: a keystore needs a directory of its own
    exit 5
    $ jwks init keys
    ! jwks: too many arguments: init takes at most 0
    ! hint: jwks init --help
    exit 2
  `,
  );
  expect(snapshotOf(machine.home)).toEqual(before);
  expect((await machine.jwks('init --keystore empty')).status).toBe(0);
});

test('it signs with ES256 where that is asked for', async () => {
  const machine = new Machine();
  expect((await machine.jwks('init --identity-alg ES256')).status).toBe(0);
  const master = JSON.parse(readFileSync(`${machine.home}/.local/share/jwks/master/1.json`, 'utf8'));
  expect(JSON.parse(Buffer.from(master.protected, 'base64url').toString()).alg).toBe('ES256');
  expect((await machine.jwks('create --alg ES256 auth')).status).toBe(0);
  expect((await machine.jwks('init --identity-alg RS256 --keystore b')).status).toBe(2);
});

test('a secret that is set is used, and no file is made', async () => {
  const machine = new Machine();
  const env = { JWKS_SECRET: 'correct horse battery staple' };
  const { stderr } = await machine.jwks('init', { env });
  expect(stderr).toBe('jwks: made a keystore   ~/.local/share/jwks\n');
  expect(filesBelow(machine.home).some((path) => path.includes('secret'))).toBe(false);
  expect((await machine.jwks('create --alg ES256 auth', { env })).status).toBe(0);
});

test('--passphrase asks twice', async () => {
  const machine = new Machine();
  const passphrase = 'correct horse battery staple';
  const made = await machine.jwks('init --passphrase', { terminal: 80, answers: [passphrase, passphrase] });
  expect(made.status).toBe(0);
  expect(made.stdout + made.stderr).not.toContain(passphrase);
  expect(filesBelow(machine.home).some((path) => path.includes('secret'))).toBe(false);
  const created = await machine.jwks('create --alg ES256 auth', { terminal: 80, answers: [passphrase] });
  expect(created.status).toBe(0);
  const wrong = await machine.jwks('create --alg ES256 auth', { terminal: 80, answers: [`${passphrase}!`] });
  expect(wrong.status).toBe(4);
  const nobody = await machine.jwks('create --alg ES256 auth');
  expect(nobody.status).toBe(4);
});

test('--passphrase refuses what is short, differs, or cannot be asked for, and makes nothing', async () => {
  const machine = new Machine();
  const terminal = { terminal: 80 };
  const short = await machine.jwks('init --passphrase', { ...terminal, answers: ['fifteen letters'] });
  expect(short.status).toBe(4);
  expect(short.stderr).toContain('16 characters');
  const answers = ['correct horse battery staple', 'correct horse battery stapler'];
  expect((await machine.jwks('init --passphrase', { ...terminal, answers })).status).toBe(4);
  expect((await machine.jwks('init --passphrase')).status).toBe(2);
  expect((await machine.jwks('init --passphrase --no-input', terminal)).status).toBe(2);
  for (const elsewhere of ['--secret-file x', '--secret-fd 9']) {
    const same = ['correct horse battery staple', 'correct horse battery staple'];
    const ran = await machine.jwks(`init --passphrase ${elsewhere}`, { ...terminal, answers: same });
    expect(ran).toMatchObject({ status: 2, stderr: expect.stringContaining('leave one of them out') });
  }
  expect(filesBelow(machine.home)).toEqual(['work']);
});
