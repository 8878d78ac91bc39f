// jwks history: who did what to a set, when and why.
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { startHttp } from '../support/https-server.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

interface Event {
  readonly id: string;
  readonly event: string;
  readonly kid: string | null;
  readonly by: string;
  readonly note: string | null;
}

async function eventsOf(machine: Machine, words = 'auth'): Promise<Event[]> {
  const { stdout, status } = await machine.jwks(`history ${words} --format json`);
  expect([words, status]).toEqual([words, 0]);
  return JSON.parse(stdout).events;
}

test('every kind of event', async () => {
  const machine = new Machine();
  let published = '';
  const url = await startHttp((_, response) => {
    response.writeHead(200, { 'content-type': 'application/jwk-set+json' }).end(published);
  });
  const publish = async () => {
    published = (await machine.jwks('export auth')).stdout;
  };
  await ok(machine, 'create --alg ES256 auth k1');
  await ok(machine, `policy auth --rotate-every 30d --published-at ${url}`);
  await ok(machine, 'rotate auth --note early');
  await ok(machine, 'rotate auth --cancel');
  machine.now = instant('2026-03-01T12:00:00Z');
  await ok(machine, 'rotate auth --due');
  await publish();
  machine.now = instant('2026-03-02T12:00:00Z');
  await ok(machine, 'rotate auth --due');
  await ok(machine, 'rotate auth --now');
  machine.now = instant('2026-03-20T12:00:00Z');
  await ok(machine, 'rotate auth --due');
  await ok(machine, 'create --alg ES256 auth k2');
  await ok(machine, 'retire auth k2');
  await ok(machine, 'revoke auth k2 --reason superseded');
  await ok(machine, 'delete auth --yes --note over');
  const kids: string[] = [];
  const nameOf = (kid: string | null) => {
    if (kid === null || /^k\d$/.test(kid)) return kid ?? '';
    if (!kids.includes(kid)) kids.push(kid);
    return `kid${kids.indexOf(kid) + 1}`;
  };
  const told = (await eventsOf(machine)).map(({ id, event, kid }) => `${id} ${event} ${nameOf(kid)}`.trim());
  expect(told).toEqual([
    '1.1 created k1',
    '2.1 policy',
    '3.1 published kid1',
    '4.1 cancelled kid1',
    '5.1 published kid2',
    '6.1 seen kid2',
    '6.2 scheduled k1',
    '7.1 activated kid2',
    '7.2 scheduled k1',
    '8.1 destroyed k1',
    '9.1 created k2',
    '10.1 retired k2',
    '11.1 revoked k2',
    '12.1 deleted',
    '12.2 deleted kid2',
  ]);
});

test('by whom: JWKS_ACTOR, else SUDO_USER, else user and host', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  await machine.jwks('create --alg ES256 auth k2', { env: { SUDO_USER: 'bob' } });
  await machine.jwks('policy auth --skew 1m', { env: { SUDO_USER: 'bob', JWKS_ACTOR: 'ci' } });
  await machine.jwks('revoke auth k1', { env: { SUDO_USER: '', JWKS_ACTOR: '' } });
  const by = (await eventsOf(machine)).map((event) => event.by);
  expect(by).toEqual(['alice@laptop', 'bob', 'ci', 'alice@laptop']);
});

test('notes of every command that changes a set; one that is none is refused', async () => {
  const machine = new Machine();
  const change = async (words: string) => machine.jwks([...words.split(' '), '--note', 'for a reason']);
  for (const words of [
    'create --alg ES256 auth k1',
    'policy auth --skew 1m',
    'rotate auth',
    'rotate auth --cancel',
  ])
    await change(words);
  await change('rotate auth --now');
  await change('retire auth k1');
  await change('revoke auth k1');
  const notes = (await eventsOf(machine)).map(({ note }) => note);
  expect(notes.filter((note) => note?.endsWith('for a reason') !== true)).toEqual([]);
  expect(notes.at(0)).toBe('for a reason');
  for (const note of ['', '\u001b[2J', 'two\nlines', 'x'.repeat(1001)])
    expect((await machine.jwks(['revoke', 'auth', '--signer', '--note', note])).status).toBe(2);
  expect((await eventsOf(machine)).map((event) => event.note)).toEqual(notes);
});

test('its JSON, and what came after an event', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1 --note first');
  machine.now = instant('2026-02-02T12:00:00Z');
  await ok(machine, 'revoke auth k1 --no-successor');
  await transcript(
    machine,
    `
    $ jwks history auth --format json
    {"events":[{"id":"1.1","at":"2026-02-01T12:00:00Z","event":"created","set":"auth","kid":"k1","by":"alice@laptop","note":"first"},{"id":"2.1","at":"2026-02-02T12:00:00Z","event":"revoked","set":"auth","kid":"k1","by":"alice@laptop","note":"keyCompromise"}]}
    $ jwks history auth --since 1.1 --format jsonpath=events.#.id
    ["2.1"]
    $ jwks history auth --since 2.1 --format json
    {"events":[]}
    $ jwks history auth --since 0.0 --format jsonpath=events.#.id
    ["1.1","2.1"]
    $ jwks history auth --since yesterday
    ! jwks: "yesterday" is no id of an event such as 8.1
    exit 2
    $ jwks history --since 1.1
    ! jwks: --since wants a set: the ids of events are those of one set
    exit 2
    $ jwks history auth pay
    ! jwks: too many arguments: history takes at most 1
    ! hint: jwks history --help
    exit 2
    $ jwks history nope
    ! jwks: set "nope" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
  `,
  );
});

test('a script that has got ahead of the history, as after a restore, should notice', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  expect((await machine.jwks('history auth --since 99.1')).status).toBe(3);
});

test('the tables, of one set and of all, deleted ones too, in the order of time', async () => {
  const machine = new Machine();
  await ok(machine, 'create --alg ES256 auth k1');
  machine.now = instant('2026-02-02T12:00:00Z');
  await ok(machine, 'create --alg ES256 pay p1');
  machine.now = instant('2026-02-03T12:00:00Z');
  await ok(machine, 'delete auth --yes');
  await transcript(
    machine,
    `
    $ jwks history pay
    SET ID⇥KEY ID⇥EVENT⇥WHEN⇥BY⇥ID⇥NOTE
    pay⇥p1⇥created⇥2026-02-02T12:00:00Z⇥alice@laptop⇥1.1⇥
    $ jwks history
    SET ID⇥KEY ID⇥EVENT⇥WHEN⇥BY⇥ID⇥NOTE
    auth⇥k1⇥created⇥2026-02-01T12:00:00Z⇥alice@laptop⇥1.1⇥
    pay⇥p1⇥created⇥2026-02-02T12:00:00Z⇥alice@laptop⇥1.1⇥
    auth⇥⇥deleted⇥2026-02-03T12:00:00Z⇥alice@laptop⇥2.1⇥
    auth⇥k1⇥deleted⇥2026-02-03T12:00:00Z⇥alice@laptop⇥2.2⇥the set was deleted
  `,
  );
  await transcript(
    machine,
    `
    $ jwks history pay
    SET ID  KEY ID  EVENT    WHEN                  BY            ID   NOTE
    pay     p1      created  2026-02-02T12:00:00Z  alice@laptop  1.1
  `,
    { terminal: 80, env: { NO_COLOR: '1' } },
  );
});

test('text from outside cannot steer a terminal', async () => {
  const machine = new Machine();
  const bidi = '\u202e';
  const create = ['create', '--alg', 'ES256', 'auth', `k${bidi}1`, '--note'];
  expect((await machine.jwks([...create, `a${bidi}b\ttab`])).status).toBe(2);
  const env = { JWKS_ACTOR: `eve\u001b[31m\n${bidi}\u009b1m` };
  expect((await machine.jwks([...create, `a${bidi}b`], { env })).status).toBe(0);
  for (const words of ['history auth', 'history auth --format json', 'history auth --format yaml']) {
    const { stdout, status } = await machine.jwks(words);
    expect([words, status]).toEqual([words, 0]);
    expect(stdout).toContain('eve');
    expect(stdout.replaceAll('\n', '').replaceAll('\t', '')).not.toMatch(
      /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/,
    );
  }
  const [event] = await eventsOf(machine);
  expect([event?.kid, event?.note]).toEqual([`k${bidi}1`, `a${bidi}b`]);
  const { stdout } = await machine.jwks('history auth');
  expect(stdout.split('\n')).toHaveLength(3);
});
