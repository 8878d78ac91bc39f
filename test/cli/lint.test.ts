// jwks lint as a person, a script and a code scanner see it.
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lintRules } from '../../src/jose/lint/rules.ts';
import { certified, ec, okp, privateEc, rsa, setOf } from '../jose/lint-sets.ts';
import { Machine } from '../support/cli.ts';
import { closedPort, startHttp } from '../support/https-server.ts';
import { filesBelow } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';

function machineWith(files: Readonly<Record<string, string | Uint8Array>>): Machine {
  const machine = new Machine();
  for (const [name, text] of Object.entries(files)) writeFileSync(join(machine.home, 'work', name), text);
  return machine;
}

test('a sound set: no finding, no keystore, nothing written', async () => {
  const machine = machineWith({ 'jwks.json': setOf(rsa, ec) });
  await transcript(
    machine,
    `
    $ jwks lint jwks.json
    ok  2 keys
    $ jwks lint jwks.json --for aws-iam --format json
    {"ok":true,"findings":[]}
    $ jwks lint -q jwks.json
    ok  2 keys
  `,
  );
  expect(filesBelow(machine.home)).toEqual(['work', 'work/jwks.json']);
});

test('a line a finding: rule, place, why, what to do', async () => {
  const machine = machineWith({ 'jwks.json': setOf({ ...rsa, e: 'Aw' }, { ...privateEc, alg: undefined }) });
  await transcript(
    machine,
    `
    $ jwks lint jwks.json
    SEVERITY⇥RULE⇥PLACE⇥KEY ID⇥WHY⇥WHAT TO DO
    error⇥private-member⇥keys[1].d⇥e⇥private member d: the private half of a key lies open⇥take it out and revoke the key: whoever saw the file can sign
    warning⇥rsa-exponent-unusual⇥keys[0].e⇥r⇥exponent 3: FIPS 186-5 wants more than 65536, Envoy takes only 3 and 65537, Go nothing above 31 bits⇥make keys with 65537
    warning⇥alg-missing⇥keys[1]⇥e⇥no alg: clients guess the algorithm, or take it from the token⇥add alg
    ! jwks: 1 error was found
    exit 1
  `,
  );
  const { stdout } = await machine.jwks('lint jwks.json --no-color', { terminal: 80 });
  expect(stdout.split('\n')[1]).toMatch(
    /^error {5}private-member +keys\[1\]\.d +e +private member d: .*; take it out/,
  );
});

test('warnings alone are exit 0; from standard input too', async () => {
  const machine = new Machine();
  const { status, stdout } = await machine.jwks('lint', { stdin: setOf(okp) });
  expect([status, stdout.split('\n').map((line) => line.split('\t')[1])]).toEqual([
    0,
    ['RULE', 'client-okp', 'client-eddsa-name', undefined],
  ]);
  expect((await machine.jwks('lint -', { stdin: setOf(ec) })).stdout).toBe('ok  1 key\n');
});

test('JSON: the shape that scripts rely on, with what else is known', async () => {
  const machine = machineWith({ 'jwks.json': setOf({ ...ec, y: undefined }) });
  const { stdout, status } = await machine.jwks('lint jwks.json --format json');
  expect([status, JSON.parse(stdout)]).toEqual([
    1,
    {
      ok: false,
      findings: [
        {
          set: null,
          kid: 'e',
          code: 'member-missing',
          severity: 'error',
          message: 'a key of type EC without "y": the key cannot be used',
          place: 'keys[0]',
          advice: 'publish all members of its type',
          source: 'jwks.json',
          line: 1,
          column: 10,
        },
      ],
    },
  ]);
});

test('SARIF 2.1.0: what its schema requires, and where in the file', async () => {
  const name = 'a b#c.json';
  const machine = machineWith({
    [name]: JSON.stringify({ keys: [{ ...privateEc, kid: '\u202e' }] }, null, 2),
  });
  const { stdout, status } = await machine.jwks(['lint', name, '--format', 'sarif']);
  const { version, $schema, runs } = JSON.parse(stdout);
  expect([status, version, typeof $schema, runs.length]).toEqual([1, '2.1.0', 'string', 1]);
  const [{ tool, results, columnKind }] = runs;
  expect(columnKind).toBe('utf16CodeUnits');
  expect(tool.driver.name).toBe('jwks');
  expect(tool.driver.rules.map(({ id }: { id: string }) => id)).toEqual(Object.keys(lintRules));
  for (const rule of tool.driver.rules) {
    expect(rule).toMatchObject({
      shortDescription: { text: expect.any(String) },
      help: { text: expect.any(String) },
    });
    expect(rule.defaultConfiguration.level).toMatch(/^(?:error|warning)$/);
  }
  expect(results).toEqual([
    {
      ruleId: 'private-member',
      ruleIndex: 0,
      level: 'error',
      message: { text: expect.stringContaining('private member d') },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: 'a%20b%23c.json' },
            region: { startLine: 11, startColumn: 7 },
          },
          logicalLocations: [{ fullyQualifiedName: 'keys[0].d' }],
        },
      ],
    },
  ]);
});

test('text from outside is escaped, and no private value is printed in any format', async () => {
  const machine = machineWith({ 'jwks.json': setOf({ ...privateEc, kid: 'a\u001b[2J\u202e' }) });
  for (const format of ['table', 'json', 'json-pretty', 'yaml', 'sarif', 'jsonpath=$..findings']) {
    const { stdout, stderr } = await machine.jwks(['lint', 'jwks.json', '--format', format]);
    expect(stdout).toContain('private-member');
    expect(stdout + stderr).not.toContain(String(privateEc['d']));
    expect(stdout).not.toMatch(/[\u001b\u202e]/);
  }
});

describe('what is no JWK Set', () => {
  test.each<[string, string | Uint8Array, string]>([
    ['no JSON', '{"keys":[', 'not-json'],
    ['nothing', '', 'not-json'],
    ['another object', '{"issuer":"https://a.example"}', 'not-a-set'],
    ['Latin-1', Buffer.from('{"keys":[],"n":"\u00e4"}', 'latin1'), 'not-utf8'],
    ['UTF-16', Buffer.from(`\ufeff${setOf(ec)}`, 'utf16le'), 'not-utf8'],
    ['a byte order mark', `\ufeff${setOf(ec)}`, 'bom'],
    ['over a mebibyte', setOf(...Array(8000).fill(ec)), 'too-large'],
    ['10 MB of brackets', '['.repeat(10_000_000), 'too-large'],
  ])('%s is a finding', async (_, text, code) => {
    const { status, stdout, stderr } = await machineWith({ 'jwks.json': text }).jwks('lint jwks.json');
    expect([status, stdout.split('\n')[1]?.split('\t')[1], stderr]).toEqual([
      1,
      code,
      expect.stringContaining('found'),
    ]);
  });

  test('too large for the rules: private keys are found all the same', async () => {
    const text = setOf(...Array(8000).fill(ec), privateEc);
    const { stdout } = await machineWith({ 'jwks.json': text }).jwks('lint jwks.json');
    expect(stdout).toContain('private-member\tkeys[8000].d');
  });
});

test('a thousand findings are shown, those that matter most first', async () => {
  const text = setOf(...Array(1500).fill({ kid: 'x' }), privateEc);
  const { stdout, stderr } = await machineWith({ 'jwks.json': text }).jwks('lint jwks.json');
  expect(stdout.split('\n')[1]).toMatch(/^error\tprivate-member\tkeys\[1500\]\.d\t/);
  expect([stdout.split('\n').length, stderr]).toEqual([
    1002,
    'jwks: 3500 more findings are not shown\njwks: 1000 errors were found\n',
  ]);
});

describe('what cannot be read', () => {
  test('exit 3 for a file that is not there, 7 for another reason', async () => {
    const machine = machineWith({ 'big.json': Buffer.alloc(17 * 1_048_576, 32) });
    mkdirSync(join(machine.home, 'work', 'folder'));
    await transcript(
      machine,
      `
      $ jwks lint none.json
      ! jwks: none.json cannot be read: no such file or directory
      exit 3
      $ jwks lint folder
      ! jwks: folder cannot be read: is a directory
      exit 7
      $ jwks lint big.json --format json
      ! {"error":{"code":"unreachable","message":"big.json is larger than 16 MiB"}}
      exit 7
      $ jwks lint http://example.com/jwks.json
      ! jwks: http://example.com/jwks.json is http, which is for loopback only
      ! hint: URLs are fetched by https, without credentials
      exit 2
    `,
    );
    const url = `http://127.0.0.1:${await closedPort()}/jwks.json`;
    const { status, stderr } = await machine.jwks(['lint', url]);
    expect([status, stderr]).toEqual([7, `jwks: ${url} cannot be fetched: connection refused\n`]);
  });

  test('usage', async () => {
    await transcript(
      new Machine(),
      `
      $ jwks lint a.json b.json
      ! jwks: too many arguments: lint takes at most 1
      ! hint: jwks lint --help
      exit 2
      $ jwks lint a.json --for mars
      ! jwks: --for mars is not one of aws-iam, gcp-wif, azure, oci, kubernetes, istio, supabase
      ! hint: jwks lint --help
      exit 2
      $ jwks lint --private-only --for azure a.json
      ! jwks: --private-only looks for nothing else, and leaves no room for --for
      exit 2
      $ jwks lint --format jwks a.json
      ! jwks: this has no form "jwks"
      ! hint: json has all of it
      exit 2
    `,
    );
    const { status, stderr } = await new Machine().jwks('lint', { terminal: 80 });
    expect([status, stderr]).toEqual([2, 'jwks: there is neither a file nor anything on standard input\n']);
  });
});

describe('a URL', () => {
  const serve = (headers: Readonly<Record<string, string>>, text = setOf(ec)) =>
    startHttp((_, response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      response.end(text);
    });
  const good = { 'content-type': 'application/jwk-set+json', 'cache-control': 'public, max-age=3600' };

  test.each<[string, Readonly<Record<string, string>>, string[]]>([
    ['as it should be', good, []],
    [
      'JSON as its type',
      { ...good, 'content-type': 'application/json; charset=utf-8' },
      ['json-content-type'],
    ],
    ['another type', { ...good, 'content-type': 'text/html' }, ['content-type']],
    ['no cache header', { 'content-type': good['content-type'] }, ['no-cache-header']],
    ['no-store', { ...good, 'cache-control': 'no-store' }, ['not-cached']],
    ['a week', { ...good, 'cache-control': 'max-age=604800' }, ['cached-long']],
    ['one day, stale for a week', { ...good, 'cache-control': 'max-age=86400, stale-if-error=604800' }, []],
  ])('%s', async (_, headers, codes) => {
    const origin = await serve(headers);
    const { stdout, status } = await new Machine().jwks([
      'lint',
      `${origin}/jwks.json?token=s3cret`,
      '--format',
      'json',
    ]);
    const { ok, findings } = JSON.parse(stdout);
    expect(findings.map(({ code }: { code: string }) => code)).toEqual(codes);
    expect([ok, status]).toEqual(codes.includes('content-type') ? [false, 1] : [true, 0]);
    expect(stdout).not.toContain('s3cret');
  });

  test('its keys are looked at, and a key alone is no set there', async () => {
    const { stdout, status } = await new Machine().jwks([
      'lint',
      await serve(good, JSON.stringify(certified)),
    ]);
    expect([status, stdout.split('\n')[1]?.split('\t')[1]]).toEqual([1, 'not-a-set']);
    const sarif = await new Machine().jwks(['lint', await serve(good, setOf(okp)), '--format', 'sarif']);
    const { uri } = JSON.parse(sarif.stdout).runs[0].results[0].locations[0].physicalLocation
      .artifactLocation;
    expect(uri).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });
});

describe('--private-only', () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${createHash('sha512').update('x').digest('base64')}\n`;

  test('any files, and only what must not be in them', async () => {
    const machine = machineWith({
      'public.json': setOf({ ...ec, kid: undefined, alg: 'none' }),
      'notes.txt': 'no JSON',
      'picture.png': Buffer.from([0x89, 0x50, 0xff, 0xfe, 0]),
      'private.json': JSON.stringify({ keys: [privateEc] }, null, 2),
      'key.pem': `# mine\n${pem}`,
    });
    await transcript(
      machine,
      `
      $ jwks lint --private-only public.json notes.txt picture.png
      ok  no private key in public.json, notes.txt, picture.png
      $ jwks lint --private-only public.json private.json key.pem
      SEVERITY⇥RULE⇥PLACE⇥KEY ID⇥WHY⇥WHAT TO DO
      error⇥private-member⇥private.json keys[0].d⇥e⇥private member d: the private half of a key lies open⇥take it out and revoke the key: whoever saw the file can sign
      error⇥private-text⇥key.pem line 2⇥⇥a private key in PEM: a private key or secret as text lies open⇥take it out and revoke the key: whoever saw the file can sign
      ! jwks: 2 errors were found
      exit 1
      $ jwks lint --private-only none.json public.json
      ok  no private key in public.json
      ! jwks: none.json cannot be read: no such file or directory
      exit 3
      $ jwks lint --private-only none.json private.json
      SEVERITY⇥RULE⇥PLACE⇥KEY ID⇥WHY⇥WHAT TO DO
      error⇥private-member⇥keys[0].d⇥e⇥private member d: the private half of a key lies open⇥take it out and revoke the key: whoever saw the file can sign
      ! jwks: none.json cannot be read: no such file or directory
      ! jwks: 1 error was found
      exit 1
    `,
    );
    expect((await machine.jwks('lint --private-only', { stdin: pem })).status).toBe(1);
  });

  test('a file of megabytes takes no time', async () => {
    const machine = machineWith({ 'lock.json': JSON.stringify(Array(400_000).fill({ name: 'package' })) });
    const start = performance.now();
    expect((await machine.jwks('lint --private-only lock.json')).status).toBe(0);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});
