// jwks doctor: what it finds wrong with a keystore, its files and its host, and what it mends.
import { generateKeyPairSync } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, test } from 'vitest';
import { toCanonicalJson } from '../../src/keystore/schema.ts';
import { instant, Machine, type Settings } from '../support/cli.ts';
import { modeOf } from '../support/keystore-files.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { keystoreOf, machineAfter, ok, secretOf, stateOf } from './machines.ts';

function machineWithSets(): Promise<Machine> {
  return machineAfter(
    'create --alg ES256 auth k1',
    'create --alg EdDSA auth k2',
    'create --alg HS256 other h1',
  );
}

interface Told {
  readonly set: string | null;
  readonly kid: string | null;
  readonly code: string;
  readonly severity: string;
  readonly message: string;
}

async function examine(machine: Machine, words = '', settings: Settings = {}) {
  const ran = await machine.jwks(`doctor ${words} --format json`, settings);
  const { ok, findings, repairs } = JSON.parse(ran.stdout);
  expect(ok).toBe(ran.status === 0);
  const told = (findings as Told[]).filter(({ code }) => code !== 'single-slot');
  return { status: ran.status, told, repairs, stderr: ran.stderr };
}

/** Set, severity and code of each finding but that there is one slot only. */
async function found(machine: Machine, words = '', settings: Settings = {}): Promise<string[]> {
  const { told } = await examine(machine, words, settings);
  return told.map(({ set, severity, code }) => `${set ?? '-'} ${severity} ${code}`);
}

/** An hour and a little before the machine's time. */
function age(machine: Machine, path: string, seconds: number): void {
  utimesSync(path, machine.now - seconds, machine.now - seconds);
}

test('nothing wrong, but that there is one slot only', async () => {
  await transcript(
    await machineWithSets(),
    `
    $ jwks doctor
    SET ID⇥KEY ID⇥SEVERITY⇥CODE⇥MESSAGE
    ⇥⇥warning⇥single-slot⇥there is only one slot, so whoever loses its secret loses every key; jwks secret add --recipient adds one for a recovery key kept elsewhere
    ! jwks: no errors: 2 sets, 3 private keys proved
    $ jwks doctor extra
    ! jwks: too many arguments: doctor takes at most 0
    ! hint: jwks doctor --help
    exit 2
  `,
  );
});

test('with a recovery key nothing is left to say', async () => {
  const machine = await machineWithSets();
  const { publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(`${machine.home}/work/recovery.pem`, publicKey);
  expect((await machine.jwks('secret add --recipient recovery.pem --label recovery')).status).toBe(0);
  await transcript(
    machine,
    `
    $ jwks doctor
    ok  2 sets, 3 private keys proved
    $ jwks doctor --format json
    {"ok":true,"findings":[]}
    $ jwks doctor --repair --format json
    {"ok":true,"findings":[],"repairs":[]}
  `,
  );
  expect((await machine.jwks('rekey')).status).toBe(0);
  expect((await machine.jwks('doctor')).stdout).toBe('ok  2 sets, 3 private keys proved\n');
});

test('it changes nothing, and a repair of what is well neither', async () => {
  const machine = await machineWithSets();
  const before = snapshotOf(machine.home);
  expect(await found(machine)).toEqual([]);
  expect(await found(machine, '--repair')).toEqual([]);
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('a passphrase is asked for once', async () => {
  const machine = new Machine();
  const answers = ['correct horse battery staple', 'correct horse battery staple'];
  await machine.jwks('init --keystore keys --passphrase', { terminal: 80, answers });
  const path = `${machine.home}/work/keys/master/.jwks-aaaaaaaaaaaa`;
  writeFileSync(path, '', { mode: 0o600 });
  age(machine, path, 7_200);
  const settings = { terminal: 80, answers: answers.slice(1) };
  const ran = await machine.jwks('doctor --keystore keys --repair --format json', settings);
  expect(JSON.parse(ran.stdout)).toMatchObject({ ok: true, findings: [{ code: 'single-slot' }] });
});

test('a keystore that is not there is exit 3', async () => {
  const machine = new Machine();
  expect(await machine.jwks('doctor')).toMatchObject({ status: 3, stdout: '' });
  mkdirSync(`${machine.home}/work/keys`);
  expect((await machine.jwks('doctor --keystore keys')).status).toBe(3);
});

describe('documents', () => {
  test('a damaged one is named and the others are opened', async () => {
    const machine = await machineWithSets();
    writeFileSync(`${keystoreOf(machine)}/sets/other/1.json`, '{"x"');
    const { status, told } = await examine(machine);
    expect(status).toBe(1);
    expect(told).toMatchObject([{ set: 'other', code: 'damaged', severity: 'error' }]);
  });

  test('one in the place of another set', async () => {
    const machine = await machineWithSets();
    copyFileSync(`${keystoreOf(machine)}/sets/auth/2.json`, `${keystoreOf(machine)}/sets/other/1.json`);
    expect(await found(machine)).toEqual(['other error damaged']);
  });

  test('a sealed half that does not open is found with the secret only', async () => {
    const machine = await machineWithSets();
    const path = `${keystoreOf(machine)}/sets/other/1.json`;
    const document = JSON.parse(readFileSync(path, 'utf8'));
    const tag = Buffer.from(document.tag, 'base64url');
    tag[0] = (tag[0] ?? 0) ^ 1;
    writeFileSync(path, toCanonicalJson({ ...document, tag: tag.toString('base64url') }));
    rmSync(stateOf(machine), { recursive: true });
    expect(await found(machine)).toEqual(['other error damaged']);
    renameSync(secretOf(machine), `${machine.home}/elsewhere`);
    expect(await found(machine)).not.toContain('other error damaged');
  });

  test('without the secret, or with the wrong one', async () => {
    const machine = await machineWithSets();
    renameSync(secretOf(machine), `${machine.home}/right`);
    expect(await found(machine)).toEqual(['- warning not-opened']);
    writeFileSync(secretOf(machine), `jwks_secret_${'A'.repeat(43)}\n`, { mode: 0o600 });
    expect(await found(machine)).toEqual(['- error secret', '- warning not-opened']);
    const named = `--secret-file ${secretOf(machine)}`;
    expect(await found(machine, named)).toEqual(['- error secret', '- warning not-opened']);
    expect(await found(machine, `--secret-file ${machine.home}/right`)).toEqual([]);
    rmSync(secretOf(machine));
    rmSync(stateOf(machine), { recursive: true });
    expect(await found(machine)).toEqual(['- warning not-opened', '- warning unchecked']);
  });

  test('one that went back, one that is gone, one in a newer format', async () => {
    const machine = await machineWithSets();
    const place = `${keystoreOf(machine)}/sets/auth`;
    copyFileSync(`${place}/2.json`, `${machine.home}/kept`);
    await ok(machine, 'create --alg ES256 auth k3');
    rmSync(`${place}/3.json`);
    copyFileSync(`${machine.home}/kept`, `${place}/2.json`);
    rmSync(`${keystoreOf(machine)}/sets/other`, { recursive: true });
    expect(await found(machine)).toEqual(['auth error rolled-back', 'other error rolled-back']);
    expect(await found(machine, '--accept-rollback')).toEqual([]);
    const document = JSON.parse(readFileSync(`${place}/2.json`, 'utf8'));
    const manifest = JSON.parse(Buffer.from(document.aad, 'base64url').toString());
    const aad = Buffer.from(JSON.stringify({ ...manifest, version: 2 })).toString('base64url');
    writeFileSync(`${place}/2.json`, toCanonicalJson({ ...document, aad }));
    expect(await found(machine)).toEqual(['auth error newer-format']);
  });

  test('a master document that is damaged, empty or gone: sets are looked at all the same', async () => {
    const machine = await machineWithSets();
    const master = `${keystoreOf(machine)}/master/1.json`;
    writeFileSync(`${keystoreOf(machine)}/sets/other/1.json`, '{"x"');
    writeFileSync(master, '{}');
    const rest = ['other error damaged', '- warning not-opened'];
    expect(await found(machine)).toEqual(['- error damaged', ...rest]);
    truncateSync(master);
    expect(await found(machine)).toEqual(['- error empty-revision', ...rest]);
    rmSync(master);
    expect(await found(machine)).toEqual(['- error no-master', ...rest]);
  });

  test("another keystore's master document", async () => {
    const machine = await machineWithSets();
    await ok(machine, 'init --keystore other');
    copyFileSync(`${machine.home}/work/other/master/1.json`, `${keystoreOf(machine)}/master/1.json`);
    const told = await found(machine);
    expect(told).toContain('- error identity');
    expect(told).toContain('auth error damaged');
  });
});

describe('names and revisions', () => {
  test('temporary files: younger than an hour, older, and none of ours', async () => {
    const machine = await machineWithSets();
    const place = `${keystoreOf(machine)}/sets/auth`;
    const [young, old] = [`${place}/.jwks-aaaaaaaaaaaa`, `${place}/.jwks-bbbbbbbbbbbb`];
    for (const path of [young, old, `${place}/.swp`, `${place}/.jwks-notes`]) {
      writeFileSync(path, 'x', { mode: 0o600 });
      age(machine, path, 7_200);
    }
    age(machine, young, 3_500);
    const stray = 'auth warning stray-file';
    const temporary = 'auth warning temporary-file';
    expect(await found(machine)).toEqual([stray, temporary, temporary]);
    const { told, repairs, stderr } = await examine(machine, '--repair');
    expect(repairs).toEqual(['removed sets/auth/.jwks-bbbbbbbbbbbb']);
    expect(stderr).toContain('jwks: removed sets/auth/.jwks-bbbbbbbbbbbb\n');
    expect(told.map(({ code }) => code)).toEqual(['stray-file', 'temporary-file']);
    expect(lstatSync(young).isFile() && lstatSync(`${place}/.swp`).isFile()).toBe(true);
  });

  test('a superseded revision that is full is emptied, but not where it has another name', async () => {
    const machine = new Machine();
    const place = `${keystoreOf(machine)}/sets/auth`;
    for (const kid of ['k1', 'k2', 'k3']) {
      await ok(machine, `create --alg ES256 auth ${kid}`);
      copyFileSync(`${place}/${kid[1]}.json`, `${machine.home}/${kid}`);
    }
    copyFileSync(`${machine.home}/k1`, `${place}/1.json`);
    copyFileSync(`${machine.home}/k2`, `${place}/2.json`);
    linkSync(`${place}/1.json`, `${machine.home}/backup`);
    expect(await found(machine)).toEqual(['auth warning hard-link', 'auth warning superseded']);
    // Without the secret nobody knows whether the newest opens.
    const none = { env: { XDG_CONFIG_HOME: '/nowhere' } };
    expect((await examine(machine, '--repair', none)).repairs).toEqual([]);
    expect(statSync(`${place}/2.json`).size).toBeGreaterThan(0);
    expect((await examine(machine, '--repair')).repairs).toEqual(['emptied the superseded sets/auth/2.json']);
    expect(statSync(`${machine.home}/backup`).size).toBeGreaterThan(0);
    expect(statSync(`${place}/2.json`).size).toBe(0);
    rmSync(`${machine.home}/backup`);
    expect(await found(machine, '--repair')).toEqual([]);
    expect((await machine.jwks('get auth -q')).stdout).toBe('k3\nk2\nk1\n');
  });

  test('nothing is emptied below a newest one that is damaged, went back or is empty', async () => {
    const machine = await machineWithSets();
    const place = `${keystoreOf(machine)}/sets/auth`;
    copyFileSync(`${place}/2.json`, `${machine.home}/two`);
    await ok(machine, 'create --alg ES256 auth k3');
    copyFileSync(`${place}/3.json`, `${machine.home}/three`);
    for (const newest of ['{"x"', '']) {
      copyFileSync(`${machine.home}/two`, `${place}/2.json`);
      writeFileSync(`${place}/3.json`, newest);
      const { told, repairs } = await examine(machine, '--repair');
      expect(repairs).toEqual([]);
      const code = newest === '' ? 'empty-revision' : 'damaged';
      expect(told[0]).toMatchObject({ set: 'auth', code, severity: 'error' });
      expect(statSync(`${place}/2.json`).size).toBeGreaterThan(0);
    }
    rmSync(`${place}/3.json`);
    writeFileSync(`${place}/1.json`, 'older');
    expect((await examine(machine, '--repair')).repairs).toEqual([]);
    expect(readFileSync(`${place}/1.json`, 'utf8')).toBe('older');
  });

  test('a gap in the revisions', async () => {
    const machine = await machineWithSets();
    rmSync(`${keystoreOf(machine)}/sets/auth/1.json`);
    expect(await found(machine)).toEqual(['auth warning revision-gap']);
  });

  test('what does not belong there, and links', async () => {
    const machine = await machineWithSets();
    const keystore = keystoreOf(machine);
    writeFileSync(`${keystore}/README`, '');
    mkdirSync(`${keystore}/.git`);
    mkdirSync(`${keystore}/sets/Upper`);
    writeFileSync(`${keystore}/sets/auth/01.json`, '');
    symlinkSync('/nowhere', `${keystore}/sets/link`);
    expect((await found(machine)).sort()).toEqual([
      '- warning stray-file',
      '- warning symbolic-link',
      'auth warning stray-file',
    ]);
    renameSync(`${keystore}/sets/other/1.json`, `${machine.home}/1.json`);
    symlinkSync(`${machine.home}/1.json`, `${keystore}/sets/other/1.json`);
    expect(await found(machine)).toContain('other error symbolic-link');
    const before = snapshotOf(machine.home);
    expect((await machine.jwks('doctor --repair')).status).toBe(1);
    expect(snapshotOf(machine.home)).toEqual(before);
  });

  test('a copy that was made with links', async () => {
    const machine = await machineWithSets();
    linkSync(`${keystoreOf(machine)}/sets/other/1.json`, `${machine.home}/copy`);
    expect(await found(machine)).toEqual(['other warning hard-link']);
    // One that its writer was killed behind is no copy.
    rmSync(`${machine.home}/copy`);
    const temporary = `${keystoreOf(machine)}/sets/other/.jwks-aaaaaaaaaaaa`;
    linkSync(`${keystoreOf(machine)}/sets/other/1.json`, temporary);
    age(machine, temporary, 7_200);
    expect(await found(machine)).toEqual(['other warning temporary-file']);
    expect(await found(machine, '--repair')).toEqual([]);
    expect((await machine.jwks('get other -q')).stdout).toBe('h1\n');
  });
});

describe('modes and owners', () => {
  test('wider modes than ours are tightened', async () => {
    const machine = await machineWithSets();
    const keystore = keystoreOf(machine);
    chmodSync(`${keystore}/sets/auth/2.json`, 0o644);
    chmodSync(`${keystore}/sets/other/1.json`, 0o666);
    chmodSync(`${keystore}/sets`, 0o755);
    chmodSync(`${stateOf(machine)}`, 0o755);
    expect((await found(machine)).sort()).toEqual([
      '- warning mode',
      '- warning mode',
      'auth warning mode',
      'other error mode',
    ]);
    const { told, repairs } = await examine(machine, '--repair');
    expect(told).toEqual([]);
    expect(repairs).toContain('took sets/other/1.json from mode 0666 to 0600');
    expect(modeOf(`${keystore}/sets`)).toBe('0700');
    expect(modeOf(`${keystore}/sets/auth/2.json`)).toBe('0600');
    expect(modeOf(stateOf(machine))).toBe('0700');
  });

  test('a keystore that everybody can write is looked at, and can be tightened', async () => {
    const machine = await machineWithSets();
    chmodSync(keystoreOf(machine), 0o777);
    const group = await found(machine);
    expect(group).toContain('- error mode');
    await ok(machine, 'doctor --repair');
    expect(modeOf(keystoreOf(machine))).toBe('0770');
    expect((await machine.jwks('list -q')).status).toBe(0);
  });

  test("bits of the directory's group may be followed", async () => {
    const machine = await machineWithSets();
    chmodSync(keystoreOf(machine), 0o750);
    chmodSync(`${keystoreOf(machine)}/sets`, 0o750);
    chmodSync(`${keystoreOf(machine)}/sets/auth/2.json`, 0o640);
    expect(await found(machine)).toEqual([]);
    chmodSync(`${keystoreOf(machine)}/sets/auth/2.json`, 0o660);
    expect(await found(machine)).toEqual(['auth error mode']);
  });

  test.skipIf(process.geteuid?.() !== 0)('other owners are told and left alone', async () => {
    const machine = await machineWithSets();
    const path = `${keystoreOf(machine)}/sets/auth/2.json`;
    chmodSync(path, 0o644);
    chownSync(path, 12_345, 12_345);
    const { told, repairs } = await examine(machine, '--repair');
    expect(told.map(({ code }) => code).sort()).toEqual(['mode', 'owner']);
    expect(repairs).toEqual([]);
    expect([modeOf(path), lstatSync(path).uid]).toEqual(['0644', 12_345]);
    chownSync(keystoreOf(machine), 12_345, 12_345);
    expect(await found(machine)).toContain('- error owner');
  });
});

describe('the host', () => {
  test('a secret file that others can read is told, tightened, and then opens', async () => {
    const machine = await machineWithSets();
    chmodSync(secretOf(machine), 0o644);
    expect(await found(machine)).toEqual(['- error secret-file', '- warning not-opened']);
    const { status, told, repairs } = await examine(machine, '--repair');
    expect({ status, told }).toEqual({ status: 0, told: [] });
    expect(repairs).toEqual([`took ${secretOf(machine)} from mode 0644 to 0600`]);
  });

  test('the secret file that was named counts too, and one that is not there', async () => {
    const machine = await machineWithSets();
    const named = `${machine.home}/named`;
    copyFileSync(secretOf(machine), named);
    chmodSync(named, 0o640);
    const env = { JWKS_SECRET_FILE: named };
    expect(await found(machine, '', { env })).toEqual(['- error secret-file', '- warning not-opened']);
    expect(await found(machine, '--repair', { env })).toEqual([]);
    rmSync(named);
    expect(await found(machine, '', { env })).toEqual(['- error secret-file', '- warning not-opened']);
  });

  test('what an interrupted change of the secret left behind', async () => {
    const machine = await machineWithSets();
    copyFileSync(secretOf(machine), `${secretOf(machine)}.old`);
    writeFileSync(`${machine.home}/.config/jwks/.jwks-aaaaaaaaaaaa`, 'x');
    age(machine, `${machine.home}/.config/jwks/.jwks-aaaaaaaaaaaa`, 7_200);
    const told = ['- warning secret-old', '- warning secret-temporary'];
    expect(await found(machine, '--repair')).toEqual(told);
    expect(lstatSync(`${secretOf(machine)}.old`).isFile()).toBe(true);
  });

  test('a clock that is behind, and one that is far ahead', async () => {
    const machine = await machineWithSets();
    machine.now = instant('2026-02-01T11:56:00Z');
    expect(await found(machine)).toEqual([]);
    machine.now = instant('2026-02-01T11:54:00Z');
    expect(await found(machine)).toEqual(['- error clock']);
    machine.now = instant('2027-03-09T12:00:00Z');
    expect(await found(machine)).toEqual(['- warning clock']);
  });

  test('a place for what was seen that cannot be read', async () => {
    const machine = await machineWithSets();
    rmSync(stateOf(machine), { recursive: true });
    writeFileSync(stateOf(machine), '');
    expect(await found(machine)).toEqual(['- warning state']);
  });
});
