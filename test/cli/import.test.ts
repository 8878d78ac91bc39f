// jwks import: what a person sees who brings keys along.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { filesBelow, modeOf, snapshotOf } from '../support/snapshot.ts';
import { runLine, standsFor, transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

function ecJwk(members: object = {}): Record<string, unknown> {
  const { privateKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { ...createPrivateKey(privateKey).export({ format: 'jwk' }), ...members };
}

const publicOf = ({ d: _, ...jwk }: Record<string, unknown>) => jwk;
const keystoreOf = ({ home }: Machine) => snapshotOf(`${home}/.local/share/jwks`);

function put(machine: Machine, name: string, jwk: object): void {
  writeFileSync(`${machine.home}/work/${name}`, JSON.stringify(jwk));
}

/** A machine with a keystore, and files of one key each, `k1.json` to `k4.json`. */
async function withFiles(): Promise<Machine> {
  const machine = new Machine('2026-02-01T12:00:00Z');
  await ok(machine, 'init');
  for (const kid of ['k1', 'k2', 'k3', 'k4']) put(machine, `${kid}.json`, ecJwk({ kid }));
  put(machine, 'public.json', publicOf(ecJwk({ kid: 'theirs' })));
  return machine;
}

test('the first import makes keystore, secret and set, and prints the public half only', async () => {
  const machine = new Machine();
  put(machine, 'key.json', ecJwk());
  await transcript(
    machine,
    `
    $ jwks import auth key.json
    {
      "keys": [
        {
          "kty": "EC",
          "use": "sig",
          "alg": "ES256",
          "kid": "<kid>",
          "crv": "P-256",
          "x": "<x>",
          "y": "<y>"
        }
      ]
    }
    ! jwks: made a keystore   ~/.local/share/jwks
    ! jwks: made its secret   ~/.config/jwks/secret    keep a copy somewhere else
    ! jwks: auth: 1 key taken in
    ! jwks: auth signs with <kid> from now on
    ! next: jwks export auth -o FILE    publish it
    $ jwks export auth | jwks thumbprint
    <kid>
  `,
  );
  expect(filesBelow(`${machine.home}/.local/share/jwks/sets`)).toEqual(['auth', 'auth/1.json']);
  expect(modeOf(`${machine.home}/.config/jwks/secret`)).toBe('0600');
});

test('the first of several signs, and the set is in their order', async () => {
  const machine = await withFiles();
  await transcript(
    machine,
    `
    $ jwks import -q auth k2.json k1.json k3.json
    k2
    k1
    k3
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥k2⇥ES256⇥sig⇥active⇥signs
    auth⇥k1⇥ES256⇥sig⇥active⇥does not sign
    auth⇥k3⇥ES256⇥sig⇥active⇥does not sign
  `,
  );
  const { stderr } = await machine.jwks('import auth k4.json');
  expect(stderr).toMatch(/k4 is used in place of k2 at once.*--next/);
});

test('Ory reads the JSON, private members only where they are asked for', async () => {
  const machine = await withFiles();
  await transcript(
    machine,
    `
    $ jwks import auth k1.json --format json
    {"set":"auth","keys":[{"kty":"EC","use":"sig","alg":"ES256","kid":"k1","crv":"P-256","x":"<x1>","y":"<y1>","set":"auth"}]}
    ! jwks: auth: 1 key taken in
    ! jwks: auth signs with k1 from now on
    ! next: jwks export auth -o FILE    publish it
    $ jwks import other k2.json --format json --private
    {"set":"other","keys":[{"kty":"EC","use":"sig","alg":"ES256","kid":"k2","crv":"P-256","x":"<x2>","y":"<y2>","d":"<d2>","set":"other"}]}
    ! jwks: other: 1 key taken in; these are private halves: keep them secret
    ! jwks: other signs with k2 from now on
    ! next: jwks export other -o FILE    publish it
    $ jwks import third k3.json --format table -q
    k3
  `,
  );
  const { d } = JSON.parse(readFileSync(`${machine.home}/work/k2.json`, 'utf8'));
  expect(standsFor(machine, 'd2')).toBe(d);
});

test('a successor from elsewhere is published ahead', async () => {
  const machine = await withFiles();
  await ok(machine, 'import auth k1.json');
  await ok(machine, 'import auth k2.json --next');
  await transcript(
    machine,
    `
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥k2⇥ES256⇥sig⇥next⇥signs from 2026-02-03T13:05:00Z (2 d)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs until 2026-02-03T13:05:00Z (2 d)
    $ jwks rotate auth -q
  `,
  );
});

test.each([
  ['--next', '2026-02-03T13:05:00Z'],
  ['--retiring', '2026-02-03T12:05:00Z'],
  ['--retiring --retire-at 2026-03-01', '2026-03-01T00:00:00Z'],
])('with %s the dates are told on which it has to be published again', async (options, date) => {
  const machine = await withFiles();
  await ok(machine, 'import auth k1.json');
  expect((await machine.jwks(`import auth k2.json ${options}`)).stderr).toContain(date);
});

test('keys that no longer sign are published until grace is over, or until a date', async () => {
  const machine = await withFiles();
  await ok(machine, 'import auth k1.json');
  await ok(machine, 'import auth k2.json --retiring');
  await ok(machine, 'import auth k3.json --retiring --retire-at 2026-03-01');
  await transcript(
    machine,
    `
    $ jwks list auth
    SET ID⇥KEY ID⇥ALGORITHM⇥USE⇥STATE⇥WHAT HAPPENS NEXT
    auth⇥k3⇥ES256⇥sig⇥retiring⇥leaves 2026-03-01T00:00:00Z (28 d)
    auth⇥k2⇥ES256⇥sig⇥retiring⇥leaves 2026-02-03T12:05:00Z (2 d)
    auth⇥k1⇥ES256⇥sig⇥active⇥signs
  `,
  );
  machine.now = instant('2026-02-28T23:59:59Z');
  expect(JSON.parse((await machine.jwks('export auth')).stdout).keys).toHaveLength(2);
  machine.now = instant('2026-03-01T00:00:00Z');
  expect(JSON.parse((await machine.jwks('export auth')).stdout).keys).toHaveLength(1);
});

describe('--dry-run', () => {
  test('makes nothing and says what would be', async () => {
    const machine = await withFiles();
    await ok(machine, 'import auth k1.json');
    const before = snapshotOf(machine.home);
    for (const options of ['', '--next', '--retiring', '--format json', '-o out.json']) {
      const { status, stderr } = await machine.jwks(`import auth k2.json --dry-run ${options}`);
      expect([options, status, stderr]).toEqual([options, 0, expect.stringContaining('nothing was')]);
    }
    expect((await machine.jwks('import auth k1.json --dry-run')).status).toBe(5);
    expect(snapshotOf(machine.home)).toEqual(before);
  });

  test('says which key would be superseded at once', async () => {
    const machine = await withFiles();
    await ok(machine, 'import auth k1.json');
    expect((await machine.jwks('import auth k2.json --dry-run')).stderr).toContain('in place of k1');
  });

  test('on the first run makes no keystore', async () => {
    const machine = new Machine();
    put(machine, 'key.json', ecJwk({ kid: 'k1' }));
    expect((await machine.jwks('import auth key.json --dry-run')).status).toBe(0);
    expect(filesBelow(machine.home)).toEqual(['work', 'work/key.json']);
  });

  test('on the first run prints the JSON that a script asked for, and one key is a key', async () => {
    const machine = new Machine();
    put(machine, 'key.json', ecJwk({ kid: 'k1' }));
    const { stdout, stderr } = await machine.jwks('import auth key.json --dry-run --format json');
    expect(stderr).toContain('1 key ');
    expect(JSON.parse(stdout || 'null')).toMatchObject({ set: 'auth', keys: [{ kid: 'k1' }] });
  });
});

test('the history says where keys came from, who took them in and why, and what was mended', async () => {
  const machine = await withFiles();
  const jwk = ecJwk({ kid: 'padded' });
  put(machine, 'padded.json', { ...jwk, x: `${jwk['x']}=` });
  const { stderr } = await machine.jwks('import auth padded.json --note migration');
  expect(stderr).toContain('jwks: padded.json: "x" had padding: mended');
  await runLine(machine, `jwks import auth public.json --note 'from the HSM'`);
  const { events } = JSON.parse((await machine.jwks('history auth --format json')).stdout);
  expect(events).toMatchObject([
    { event: 'imported', kid: 'padded', by: 'alice@laptop' },
    { event: 'imported', kid: 'theirs', note: 'from public.json (public half only); from the HSM' },
  ]);
  expect(events[0].note).toMatch(/^from padded\.json; mended: "x" .*; migration$/);
});

test('a file gets the result, and stdout is empty then', async () => {
  const machine = await withFiles();
  expect((await machine.jwks('import auth k1.json -o out.json')).stdout).toBe('');
  expect(modeOf(`${machine.home}/work/out.json`)).toBe('0644');
  expect((await machine.jwks('import auth k2.json --private -o private.json')).stdout).toBe('');
  expect(modeOf(`${machine.home}/work/private.json`)).toBe('0600');
  const before = keystoreOf(machine);
  expect((await machine.jwks('import auth k3.json -o nowhere/out.json')).status).toBe(3);
  expect((await machine.jwks('import auth k3.json --private -o private.json')).status).toBe(5);
  expect((await machine.jwks('import auth k3.json --private', { env: { CI: 'true' } })).status).toBe(2);
  expect(keystoreOf(machine)).toEqual(before);
});

test('the successor of an imported key has its curve, its size and its kind of kid', async () => {
  const machine = await withFiles();
  const after = async (set: string, jwk: object, options = '') => {
    await machine.jwks(`import ${set} ${options}`, { stdin: JSON.stringify(jwk) });
    await ok(machine, `rotate ${set} --now`);
    return JSON.parse((await machine.jwks(`export ${set} --private`)).stdout).keys[0];
  };
  const { privateKey } = generateKeyPairSync('ed448', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const ed448 = createPrivateKey(privateKey).export({ format: 'jwk' });
  const byHand = await after('hand', { ...ed448, kid: 'by-hand' });
  expect(byHand).toMatchObject({ alg: 'EdDSA', crv: 'Ed448', kid: expect.stringMatching(/^[\w-]{43}$/) });
  expect((await after('uuid', ed448, '--kid-from uuid')).kid).toMatch(/^[0-9a-f]{8}-/);
  const secret = await after('oct', {
    kty: 'oct',
    alg: 'HS256',
    k: Buffer.alloc(64, 'k').toString('base64url'),
  });
  expect(Buffer.from(secret.k, 'base64url')).toHaveLength(64);
});

test('a thousand keys come in one step, and can all be told apart', async () => {
  const machine = await withFiles();
  const keys = Array.from({ length: 1_000 }, (_, index) => ecJwk({ kid: `k${index}` }));
  const { status, stdout } = await machine.jwks('import -q many', { stdin: JSON.stringify({ keys }) });
  expect([status, stdout.trim().split('\n')]).toEqual([0, keys.map(({ kid }) => kid)]);
  expect(filesBelow(`${machine.home}/.local/share/jwks/sets/many`)).toEqual(['1.json']);
  expect(JSON.parse((await machine.jwks('export many')).stdout).keys).toHaveLength(1_000);
});
