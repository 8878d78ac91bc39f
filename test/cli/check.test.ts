// jwks check: what a monitor is told of sets, in the forms that monitors read.
import { symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { machineAfter, ok } from './machines.ts';

function machineWithPolicy(): Promise<Machine> {
  return machineAfter('create --alg ES256 auth k1', 'policy auth --rotate-every 30d');
}

/** Exit code, and code and severity of each finding. */
async function found(machine: Machine, words = ''): Promise<(number | string)[]> {
  const ran = await machine.jwks(`check ${words} --format json`);
  const { ok, findings } = JSON.parse(ran.stdout);
  expect(ok).toBe(ran.status === 0);
  const told = findings.map((one: Record<string, string>) => `${one['severity']} ${one['code']}`);
  return [ran.status, ...told];
}

const damage = (machine: Machine, file: string) =>
  writeFileSync(`${machine.home}/.local/share/jwks/sets/${file}`, '{"x"');

test('a keystore that cannot be read is no finding: it could not be found out', async () => {
  const machine = new Machine();
  symlinkSync('loop', `${machine.home}/work/loop`);
  await transcript(
    machine,
    `
    $ jwks check --keystore loop --format json
    ! {"error":{"code":"unreachable","message":"the keystore ~/work/loop cannot be found: it is a symbolic link, or there are too many"}}
    exit 7
    $ jwks list --keystore loop
    ! jwks: the keystore ~/work/loop cannot be found: it is a symbolic link, or there are too many
    exit 1
    $ jwks check --keystore nowhere
    ! jwks: there is no keystore at ~/work/nowhere
    ! hint: jwks init --keystore ~/work/nowhere
    exit 3
  `,
  );
});

describe('findings', () => {
  test('nothing wrong', async () => {
    await transcript(
      await machineWithPolicy(),
      `
      $ jwks check
      ok  1 set at 2026-02-01T12:00:00Z
      $ jwks check auth -q --format json
      {"ok":true,"findings":[]}
      $ jwks check --format nagios
      JWKS OK - 1 set, nothing overdue | sets=1 overdue=0s next_change=2415300s
    `,
    );
  });

  test('a successor is due, then the key is overdue, until one signs', async () => {
    const machine = await machineWithPolicy();
    machine.now = instant('2026-03-01T10:54:59Z');
    expect(await found(machine)).toEqual([0]);
    machine.now = instant('2026-03-01T10:55:00Z');
    expect(await found(machine)).toEqual([1, 'error no-successor']);
    machine.now = instant('2026-03-10T12:00:00Z');
    expect(await found(machine)).toEqual([1, 'error overdue', 'error no-successor']);
    await transcript(
      machine,
      `
      $ jwks check
      SET ID⇥KEY ID⇥SEVERITY⇥CODE⇥MESSAGE
      auth⇥k1⇥error⇥overdue⇥should have been succeeded on 2026-03-03T12:00:00Z
      auth⇥k1⇥error⇥no-successor⇥a successor has been due since 2026-03-01T10:55:00Z
      ! jwks: 2 errors were found
      exit 1
    `,
    );
    await ok(machine, 'rotate auth --due');
    expect(await found(machine)).not.toContain('error no-successor');
    machine.now = instant('2026-03-12T13:05:00Z');
    expect(await found(machine)).toEqual([0]);
  });

  test('an hourly rotate --due, late by minutes as it always is, wakes nobody at the switch', async () => {
    const machine = await machineWithPolicy();
    machine.now = instant('2026-03-01T11:30:00Z');
    await ok(machine, 'rotate auth --due');
    machine.now = instant('2026-03-03T12:10:00Z');
    expect(await found(machine)).toEqual([0]);
  });

  test('no successor is no error where none is due', async () => {
    const machine = new Machine();
    await ok(machine, 'create --alg ES256 auth k1');
    machine.now = instant('2026-12-01T12:00:00Z');
    expect(await found(machine)).toEqual([0]);
    await ok(machine, 'rotate auth');
    expect(await found(machine)).toEqual([0]);
  });

  test('no signer, a key that is too old, one that is not seen, one that should be destroyed', async () => {
    const machine = new Machine();
    await ok(machine, 'create --alg ES256 auth k1');
    machine.now = instant('2026-02-11T12:00:00Z');
    expect(await found(machine, '--max-age 10d')).toEqual([0]);
    expect(await found(machine, '--max-age 9d')).toEqual([1, 'error too-old']);
    await ok(machine, 'policy auth --published-at https://cdn.example/jwks.json');
    await ok(machine, 'rotate auth');
    expect(await found(machine)).toEqual([0, 'warning not-seen']);
    await ok(machine, 'rotate auth --now --force');
    machine.now = instant('2026-02-14T12:00:00Z');
    expect(await found(machine)).toEqual([0, 'warning not-destroyed']);
    await ok(machine, 'revoke auth --all --no-successor');
    expect(await found(machine)).toEqual([1, 'error no-signer']);
  });

  test('an unsafe policy that was forced stays a warning', async () => {
    const machine = await machineWithPolicy();
    await ok(machine, 'policy auth --rotate-every 4d --force');
    expect(await found(machine)).toEqual([0, 'warning unsafe-policy']);
  });

  test('a clock that is behind by more than the skew', async () => {
    const machine = await machineWithPolicy();
    machine.now = instant('2026-02-01T11:55:00Z');
    expect(await found(machine)).toEqual([0]);
    machine.now = instant('2026-02-01T11:54:59Z');
    expect(await found(machine)).toEqual([1, 'error clock']);
  });

  test('a damaged set is a finding under its own name, and the others are still checked', async () => {
    const machine = await machineWithPolicy();
    await ok(machine, 'create --alg ES256 Pay p1');
    damage(machine, '%50ay/1.json');
    machine.now = instant('2026-03-01T10:55:00Z');
    for (const words of ['', 'auth Pay', 'Pay auth']) {
      const { stdout, status } = await machine.jwks(`check ${words} --format json`);
      const { findings } = JSON.parse(stdout);
      const told = findings.map(({ set, code }: Record<string, string>) => `${set} ${code}`).sort();
      expect([words, status, ...told]).toEqual([words, 1, 'Pay damaged', 'auth no-successor']);
    }
    expect((await machine.jwks('check auth nowhere')).status).toBe(3);
  });

  test('--at looks at another time, and nothing is ever written', async () => {
    const machine = await machineWithPolicy();
    const before = snapshotOf(`${machine.home}/.local/share/jwks`);
    expect(await found(machine, '--at 2026-03-10T12:00:00Z')).toEqual([
      1,
      'error overdue',
      'error no-successor',
    ]);
    expect(await found(machine, '--at 2026-02-02')).toEqual([0]);
    expect((await machine.jwks('check --at soon')).status).toBe(2);
    expect((await machine.jwks('check --at 2026-03-10 --url https://x.example/')).status).toBe(2);
    expect(snapshotOf(`${machine.home}/.local/share/jwks`)).toEqual(before);
  });
});

describe('forms', () => {
  test('nagios: one line, whatever is in it', async () => {
    const machine = await machineWithPolicy();
    await ok(machine, ['create', '--alg', 'ES256', 'a|b\u202e', 'p|1']);
    await ok(machine, ['revoke', 'a|b\u202e', 'p|1', '--no-successor']);
    machine.now = instant('2026-03-10T12:00:00Z');
    const { stdout, status } = await machine.jwks('check --format nagios');
    expect([status, stdout.split('\n').length, stdout.split('|').length]).toEqual([1, 2, 2]);
    expect(stdout).toMatch(/^JWKS CRITICAL - .*(?:overdue|succeeded)/);
    expect(stdout).toMatch(/ \| sets=2 overdue=604800s next_change=\d+s\n$/);
    expect(stdout).not.toContain('\u202e');
    await ok(machine, 'rotate --all --due');
    damage(machine, 'auth/3.json');
    expect((await machine.jwks('check --format nagios')).stdout).toMatch(/^JWKS CRITICAL - .*damaged.*\n$/);
  });

  test('prometheus: the text format 0.0.4, to the letter', async () => {
    const machine = await machineWithPolicy();
    const odd = 'we"ird\\|na=me,{}';
    await ok(machine, ['create', '--alg', 'ES256', odd, 'p1']);
    await ok(machine, ['create', '--alg', 'EdDSA', odd, 'p2']);
    machine.now = instant('2026-03-10T12:00:00Z');
    const { stdout, status } = await machine.jwks('check --format prometheus');
    expect(status).toBe(1);
    const samples = parsePrometheus(stdout);
    const escaped = 'we\\"ird\\\\|na=me,{}';
    expect(samples).toMatchObject({
      'jwks_signer_age_seconds{set="auth",alg="ES256"}': 37 * 86_400,
      [`jwks_signer_age_seconds{set="${escaped}",alg="EdDSA"}`]: 37 * 86_400,
      'jwks_overdue_seconds{set="auth"}': 7 * 86_400,
      [`jwks_overdue_seconds{set="${escaped}"}`]: 0,
      'jwks_keys{set="auth",state="active"}': 1,
      [`jwks_keys{set="${escaped}",state="active"}`]: 2,
      'jwks_next_change_seconds{set="auth"}': 0,
      'jwks_findings{severity="error"}': 2,
      jwks_check_ok: 0,
      jwks_check_timestamp_seconds: machine.now,
    });
  });

  test('they belong to check alone', async () => {
    const machine = await machineWithPolicy();
    for (const form of ['prometheus', 'nagios']) {
      for (const words of ['list', 'policy', 'history', 'get auth', 'rotate --due', 'revoke auth k1'])
        expect([words, (await machine.jwks(`${words} --format ${form}`)).status]).toEqual([words, 2]);
      expect((await machine.jwks('list', { env: { JWKS_FORMAT: form } })).status).toBe(2);
      expect((await machine.jwks('check', { env: { JWKS_FORMAT: form } })).status).toBe(0);
    }
    expect((await machine.jwks('check --format Nagios')).status).toBe(2);
  });
});

/** HELP, TYPE and the samples of each metric together, each name and label set once; fails on anything else. */
function parsePrometheus(text: string): Record<string, number> {
  expect(text.endsWith('\n')).toBe(true);
  const samples: Record<string, number> = {};
  const metrics: string[] = [];
  const label = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
  const sample = new RegExp(`^([a-z_]+)(\\{${label}(?:,${label})*\\})? (-?\\d+(?:\\.\\d+)?)$`);
  const lines = text.slice(0, -1).split('\n');
  for (const [index, line] of lines.entries()) {
    const help = /^# HELP ([a-z_]+) \S.*$/.exec(line)?.[1];
    if (help !== undefined) {
      expect([line, metrics.includes(help)]).toEqual([line, false]);
      expect(lines[index + 1]).toBe(`# TYPE ${help} gauge`);
      metrics.push(help);
    } else if (!line.startsWith('# TYPE ')) {
      const [, name, labels = '', value] = sample.exec(line) ?? [];
      expect([line, name]).toEqual([line, metrics.at(-1)]);
      expect(samples).not.toHaveProperty([`${name}${labels}`]);
      samples[`${name}${labels}`] = Number(value);
    }
  }
  return samples;
}
