// jwks policy: what is known of signers and verifiers, what follows from it, and what a change of it does.
import { describe, expect, test } from 'vitest';
import type { Machine } from '../support/cli.ts';
import { put } from '../support/config.ts';
import { transcript } from '../support/transcript.ts';
import { json, machineAfter, ok } from './machines.ts';

function machineWith(...sets: readonly string[]): Promise<Machine> {
  return machineAfter('init', ...sets.map((set) => `create --alg ES256 ${set} ${set}-1`));
}

const factsOf = async (machine: Machine, set = 'auth') =>
  (await json(machine, `policy ${set}`)).policies[0].policy;
const revisionOf = async (machine: Machine) => (await json(machine, 'list auth')).sets[0].revision;

const defaults = {
  ...{ publishLag: '1d', cacheMaxAge: '1h', staleIfError: '0s', verifierCache: '1d' },
  ...{ tokenTtl: '1d', signerReload: '1d', skew: '5m' },
};

describe('showing', () => {
  test('no set, one, several and all', async () => {
    const machine = await machineWith();
    expect(await json(machine, 'policy')).toEqual({ policies: [] });
    for (const set of ['auth', 'pay', 'third']) await ok(machine, `create --alg ES256 ${set}`);
    const shown = async (words: string) =>
      (await json(machine, words)).policies.map((one: { set: string }) => one.set);
    expect(await shown('policy auth')).toEqual(['auth']);
    expect(await shown('policy third auth')).toEqual(['third', 'auth']);
    expect(await shown('policy')).toEqual(['auth', 'pay', 'third']);
    expect(await shown('policy --all')).toEqual(['auth', 'pay', 'third']);
    expect((await machine.jwks('policy auth nope')).status).toBe(3);
  });

  test('a set without a policy has the defaults in force, and never rotates by itself', async () => {
    const { policies } = await json(await machineWith('auth'), 'policy auth');
    const spans = {
      spans: [{ use: 'sig', symmetric: false, lead: '2945m', grace: '2885m' }],
      publishAhead: '2945m',
      grace: '2885m',
    };
    expect(policies).toEqual([
      { set: 'auth', policy: null, was: [], inForce: defaults, ...spans, planned: [] },
    ]);
  });

  test('the table, off a terminal and on one', async () => {
    const machine = await machineWith('auth');
    await ok(machine, 'policy auth --rotate-every 90d');
    const rows = `
    $ jwks policy auth
    SET ID⇥FACT⇥VALUE⇥WHAT IT IS
    auth⇥rotateEvery⇥90d⇥how often to rotate
    auth⇥publishLag⇥1d⇥from export until all can fetch it
    auth⇥cacheMaxAge⇥1h⇥max-age of the published set
    auth⇥staleIfError⇥0s⇥stale-if-error of the published set
    auth⇥verifierCache⇥1d⇥how long verifiers keep it besides
    auth⇥tokenTtl⇥1d⇥longest life of a token
    auth⇥signerReload⇥1d⇥how long signers keep a private set
    auth⇥skew⇥5m⇥how far clocks may be apart
    auth⇥publishAhead⇥2d 1h 5m⇥published so long before it signs
    auth⇥grace⇥2d 5m⇥published so long after it signed
    auth⇥next rotation⇥ES256⇥published 2026-04-30T10:55:00Z (88 d), signs from 2026-05-02T12:00:00Z (90 d)
    `;
    await transcript(machine, rows);
    const { stdout } = await machine.jwks('policy auth', { terminal: 80, env: { NO_COLOR: '1' } });
    expect(stdout).toMatch(/^auth {4}rotateEvery {4}90d {7}how often to rotate$/m);
    expect(stdout).toMatch(/^auth {4}next rotation +ES256 +published 30 Apr \(88 d\)/m);
  });

  test('-q only silences stderr: ids are for commands that make keys, delete and list', async () => {
    const machine = await machineWith('auth');
    expect((await machine.jwks('policy auth -q')).stdout).toBe((await machine.jwks('policy auth')).stdout);
  });

  test('--explain shows the arithmetic', async () => {
    const machine = await machineWith('auth');
    expect((await machine.jwks('policy auth --explain')).stdout).toContain('rotateEvery   never');
    await ok(machine, 'policy auth --rotate-every 60d --stale-if-error 2h --token-ttl 48h');
    const { stdout } = await machine.jwks('policy auth --explain');
    expect(stdout).toContain(
      'publishAhead  2d 3h 5m = publishLag 1d + cacheMaxAge 1h + staleIfError 2h + verifierCache 1d + skew 5m',
    );
    expect(stdout).toContain('grace         3d 5m = tokenTtl 2d + signerReload 1d + skew 5m');
    expect(stdout).toContain('rotateEvery   60d, at least 2 x publishAhead = 4d 6h 10m;');
    expect(stdout).toContain('published 57d 20h 55m after a key began to sign');
  });
});

describe('setting', () => {
  test('one set, several, or --all; which must be said', async () => {
    const machine = await machineWith('auth', 'pay', 'third');
    await json(machine, 'policy auth --rotate-every 60d');
    expect([await factsOf(machine), await factsOf(machine, 'pay')]).toEqual([
      { ...defaults, rotateEvery: '60d' },
      null,
    ]);
    await json(machine, 'policy auth pay --skew 1m');
    const both = [await factsOf(machine), await factsOf(machine, 'pay'), await factsOf(machine, 'third')];
    expect(both).toEqual([
      { ...defaults, rotateEvery: '60d', skew: '1m' },
      { ...defaults, rotateEvery: '90d', skew: '1m' },
      null,
    ]);
    await json(machine, 'policy --all --token-ttl 15m');
    expect((await factsOf(machine, 'third')).tokenTtl).toBe('15m');
    for (const words of ['policy --skew 1m', 'policy auth --all --skew 1m'])
      expect([words, (await machine.jwks(words)).status]).toEqual([words, 2]);
  });

  test("the configuration's default is the policy of new sets, and what others start from", async () => {
    const machine = await machineWith('before');
    put(machine, '.config/jwks/config.yaml', 'policy:\n  rotateEvery: 60d\n  tokenTtl: 10m\n');
    await ok(machine, 'create --alg ES256 auth');
    const configured = { ...defaults, rotateEvery: '60d', tokenTtl: '10m' };
    expect(await factsOf(machine)).toEqual(configured);
    expect(await factsOf(machine, 'before')).toBeNull();
    await json(machine, 'policy before --skew 1m');
    expect(await factsOf(machine, 'before')).toEqual({ ...configured, skew: '1m' });
  });

  test('--rotate-every never, --alg and --destroy-retiring, set and taken back; notes', async () => {
    const machine = await machineWith('auth');
    const set = async (words: string) => json(machine, `policy auth ${words}`);
    await set('--rotate-every 60d --note first');
    await set('--rotate-every never');
    expect(await factsOf(machine)).toEqual(defaults);
    await set('--alg ES256,EdDSA --destroy-retiring');
    expect(await factsOf(machine)).toEqual({ ...defaults, alg: ['ES256', 'EdDSA'], destroyRetiring: true });
    await set('--alg any --no-destroy-retiring');
    expect(await factsOf(machine)).toEqual(defaults);
    const urls = ['https://a.example/jwks', 'https://b.example/jwks'];
    await set(`--published-at ${urls.join(' ')}`);
    expect(await factsOf(machine)).toEqual({ ...defaults, publishedAt: urls });
    await set('--published-at none');
    expect(await factsOf(machine)).toEqual(defaults);
    const { events } = await json(machine, 'history auth --since 1.1');
    const notes = events.map((event: { note: string }) => event.note);
    expect(notes[0]).toMatch(/rotateEvery 60d; first$/);
    expect(notes.slice(1)).toEqual([
      'rotateEvery 60d -> none',
      'destroyRetiring none -> true, alg none -> ES256 EdDSA',
      'alg ES256 EdDSA -> none, destroyRetiring true -> none',
      `publishedAt none -> ${urls.join(' ')}`,
      `publishedAt ${urls.join(' ')} -> none`,
    ]);
  });

  test('--dry-run and the policy that is there already write nothing', async () => {
    const machine = await machineWith('auth');
    await json(machine, 'policy auth --rotate-every 60d --token-ttl 1h');
    const dry = await machine.jwks('policy auth --rotate-every 90d --dry-run');
    expect([dry.status, dry.stderr]).toEqual([0, 'jwks: auth would have that policy; nothing was done\n']);
    expect(dry.stdout).toContain('auth\trotateEvery\t90d\t');
    const same = await machine.jwks('policy auth --token-ttl 60m --rotate-every 60d --note again');
    expect([same.status, same.stderr]).toEqual([0, 'jwks: auth has that policy already; nothing was done\n']);
    expect([await revisionOf(machine), (await factsOf(machine)).rotateEvery]).toEqual([2, '60d']);
  });
});

describe('refusals', () => {
  test('what contradicts itself is exit 5; forced, the history says why', async () => {
    const machine = await machineWith('auth');
    const refused = await machine.jwks('policy auth --rotate-every 4d');
    expect([refused.status, await factsOf(machine), await revisionOf(machine)]).toEqual([5, null, 1]);
    expect(refused.stderr).toContain('rotateEvery 4d is shorter than twice the time');
    expect((await machine.jwks('policy auth --rotate-every 5889m')).status).toBe(5);
    expect((await machine.jwks('policy auth --rotate-every 5890m --dry-run')).status).toBe(0);
    await ok(machine, ['policy', 'auth', '--rotate-every', '4d', '--force', '--note', 'a drill']);
    const { events } = await json(machine, 'history auth --since 1.1');
    expect(events[0].note).toMatch(/rotateEvery 4d; forced although rotateEvery 4d is shorter .*; a drill$/);
  });

  test('exit 5 means that nothing was changed, also with several sets', async () => {
    const machine = await machineWith('auth', 'pay');
    await ok(machine, 'policy auth --publish-lag 0s --verifier-cache 0s');
    const before = await revisionOf(machine);
    expect((await machine.jwks('policy auth pay --rotate-every 1d')).status).toBe(5);
    expect([await factsOf(machine, 'pay'), await revisionOf(machine)]).toEqual([null, before]);
  });

  test('a value that is none is exit 2 and writes nothing', async () => {
    const machine = await machineWith('auth');
    const spans = ['-1d', '1y2', '1e9d', '90', '', '1.5h', ' 1d', '36526d'];
    const lines = [
      ...spans.flatMap((span) => [`--rotate-every=${span}`, `--token-ttl=${span}`, `--skew=${span}`]),
      ...['--skew=never', '--alg=ES999', '--alg=', '--alg=ES256,', '--alg=none'],
      ...[
        '--published-at=nonsense',
        '--published-at=http://example.com/',
        '--published-at=https://u:p@x.example/',
      ],
    ];
    for (const line of lines) {
      const ran = await machine.jwks(['policy', 'auth', line]);
      expect([line, ran.status, ran.stdout]).toEqual([line, 2, '']);
    }
    expect((await machine.jwks('policy auth --token-ttl -1d')).status).toBe(2);
    expect(await revisionOf(machine)).toBe(1);
  });
});
