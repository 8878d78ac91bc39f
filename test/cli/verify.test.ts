// jwks verify, explain: is a token good, and if not, why; in the words of its key's history.
import { createHmac, createPublicKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { forged, part } from '../jose/tokens.ts';
import { instant, Machine } from '../support/cli.ts';
import { startHttp } from '../support/https-server.ts';
import { transcript } from '../support/transcript.ts';
import { readVector } from '../support/vectors.ts';
import { machineAfter, ok } from './machines.ts';

const start = '2026-02-01T12:00:00Z';

function machineWith(...creates: readonly string[]): Promise<Machine> {
  return machineAfter('init', ...creates.map((words) => `create ${words}`));
}

async function sign(machine: Machine, words: string): Promise<string> {
  const { status, stdout } = await machine.jwks(`sign ${words}`);
  expect(status).toBe(0);
  return stdout.trim();
}

/** The codes of what is wrong with a token. */
async function reasons(machine: Machine, token: string, words = ''): Promise<string[]> {
  const ran = await machine.jwks(`explain ${words} --format json`, { stdin: token });
  const { ok, reasons: found } = JSON.parse(ran.stdout);
  expect(ran.status).toBe(ok ? 0 : 1);
  expect(ok).toBe(found.length === 0);
  return found.map(({ code }: { code: string }) => code);
}

async function serve(body: string): Promise<string> {
  return `${await startHttp((_, response) => void response.end(body))}/jwks.json`;
}

test('a good token: its claims on one line, from any set, one set, a file and a URL', async () => {
  const machine = await machineWith('--alg ES256 auth k1', '--alg EdDSA other');
  const token = await sign(machine, 'auth --sub alice --aud api');
  const claims = '{"sub":"alice","aud":"api","iat":1769947200,"exp":1769947800}\n';
  const { stdout: jwks } = await machine.jwks('export auth -o /dev/stdout');
  writeFileSync(join(machine.home, 'work', 'jwks.json'), jwks);
  for (const words of [
    ['verify', token],
    ['verify', '--set', 'auth', token],
    ['verify', '--jwks', 'jwks.json', '--alg', 'ES256', '--alg', 'RS256', token],
    ['verify', '--jwks', await serve(jwks), '--aud', 'x', '--aud', 'api', token],
  ]) {
    expect(await machine.jwks(words)).toEqual({ status: 0, stdout: claims, stderr: '' });
  }
  const fromStdin = await machine.jwks('verify --set auth', { stdin: `${token}\n` });
  expect(fromStdin.stdout).toBe(claims);
  expect((await machine.jwks(`verify ${token} --format jsonpath=sub`)).stdout).toBe('"alice"\n');
  expect((await machine.jwks(`verify --jwks - ${token}`, { stdin: jwks })).stdout).toBe(claims);
});

test('it needs no secret, but for symmetric keys', async () => {
  const machine = await machineWith('--alg ES256 auth', '--alg HS256 sym');
  const [token, shared] = [await sign(machine, 'auth'), await sign(machine, 'sym')];
  expect((await machine.jwks(['verify', shared])).status).toBe(0);
  const env = { JWKS_SECRET: 'jwks_secret_wrong' };
  expect((await machine.jwks(['verify', token], { env })).status).toBe(0);
  expect(await machine.jwks(['verify', shared], { env })).toMatchObject({ status: 4, stdout: '' });
});

test('explain: what happened to the key, whatever else is wrong', async () => {
  const machine = await machineWith('--alg ES256 auth k1');
  const token = await sign(machine, 'auth --sub alice');
  await transcript(
    machine,
    `
    $ jwks explain ${token}
    good  signed by key "k1" of set "auth" (ES256, active); it expires 2026-02-01T12:10:00Z (10 min)
    $ jwks verify --explain ${token} --aud api --iss me --typ at+jwt --alg RS256
    REASON⇥MESSAGE
    wrong-alg⇥it says that it is signed by "ES256", and RS256 was asked for
    wrong-audience⇥it is for nobody in particular, not for "api"
    wrong-issuer⇥it names no issuer, not by "me"
    wrong-type⇥its type is "JWT", not "at+jwt"
    ! jwks: the token is not good
    exit 1
    $ jwks verify ${token} --aud api
    ! jwks: the token is not good: it is for nobody in particular, not for "api"
    exit 1
  `,
  );
  await ok(machine, 'rotate auth --now');
  expect(await reasons(machine, token)).toEqual([]);
  machine.now = instant('2026-02-01T13:00:00Z');
  await transcript(
    machine,
    `
    $ jwks explain ${token}
    REASON⇥MESSAGE
    expired⇥it expired 50 min ago (2026-02-01T12:10:00Z)
    ! jwks: the token is not good
    exit 1
  `,
  );
  machine.now = instant('2026-02-10T12:00:00Z');
  await transcript(
    machine,
    `
    $ jwks explain ${token} --format json
    {"ok":false,"reasons":[{"code":"retired","message":"key \\"k1\\" of set \\"auth\\" was retired on 2026-02-03T12:05:00Z"},{"code":"expired","message":"it expired 9 d ago (2026-02-01T12:10:00Z)"}],"set":"auth","kid":"k1","alg":"ES256","state":"retired","claims":null}
    ! {"error":{"code":"answer-no","message":"the token is not good"}}
    exit 1
  `,
  );
});

test('explain: revoked, deleted, not yet active, unknown, for encryption', async () => {
  const machine = await machineWith(
    '--alg ES256 auth k1',
    '--alg ES256 gone k2',
    '--alg ECDH-ES --use enc enc k3',
  );
  const [token, deleted] = [await sign(machine, 'auth'), await sign(machine, 'gone')];
  await ok(machine, 'revoke auth k1 --reason superseded');
  await ok(machine, 'delete gone --yes');
  const { stdout } = await machine.jwks('rotate auth --format json');
  const next = JSON.parse(stdout).changes.find((change: { to: string }) => change.to === 'next');
  const claims = { exp: machine.now + 60 };
  await transcript(
    machine,
    `
    $ jwks verify ${token}
    ! jwks: the token is not good: key "k1" of set "auth" was revoked on 2026-02-01T12:00:00Z (superseded)
    exit 1
    $ jwks verify ${deleted}
    ! jwks: the token is not good: key "k2" of set "gone" was deleted on 2026-02-01T12:00:00Z
    exit 1
    $ jwks verify ${forged({ alg: 'ES256', kid: 'k3' }, claims)}
    ! jwks: the token is not good: key "k3" of set "enc" is for encryption
    exit 1
    $ jwks verify ${forged({ alg: 'ES256', kid: 'nobody' }, claims)}
    ! jwks: the token is not good: there is no key "nobody" in any set
    exit 1
    $ jwks verify --set enc ${token}
    ! jwks: the token is not good: there is no key "k1" in set "enc"
    exit 1
    $ jwks verify ${forged({ alg: 'ES256' }, claims)}
    ! jwks: the token is not good: it does not say by which key it was signed (it has no "kid"), and no set was named
    exit 1
    $ jwks verify --set gone ${deleted}
    ! jwks: set "gone" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
  `,
  );
  const { stderr } = await machine.jwks(['verify', forged({ alg: 'ES256', kid: next.kid }, claims)]);
  expect(stderr).toContain(`key "${next.kid}" of set "auth" is not yet active: it signs from 2026-02-0`);
});

test('a key that is next verifies as soon as a fast clock may sign by it', async () => {
  const machine = await machineWith('--alg ES256 auth k1');
  await ok(machine, 'rotate auth');
  machine.now = instant('2026-02-03T13:05:00Z');
  const token = await sign(machine, 'auth');
  expect(await reasons(machine, token)).toEqual([]);
  machine.now = instant('2026-02-03T13:00:00Z');
  expect(await reasons(machine, token)).toEqual([]);
  machine.now = instant('2026-02-03T12:59:59Z');
  expect(await reasons(machine, token)).toEqual(['not-active']);
});

test('times: as far apart as clocks may be, and no further', async () => {
  const machine = await machineWith('--alg ES256 auth k1');
  const now = machine.now;
  const token = async (claims: object) =>
    (await machine.jwks('sign auth --claims -', { stdin: JSON.stringify(claims) })).stdout;
  const [short, later] = [
    await token({ exp: now + 10 }),
    await token({ nbf: now + 1_000, exp: now + 2_000 }),
  ];
  const at = async (seconds: number, text: string) => {
    machine.now = instant(new Date((now + seconds) * 1000).toISOString());
    return reasons(machine, text);
  };
  expect(await at(309, short)).toEqual([]);
  expect(await at(310, short)).toEqual(['expired']);
  expect(await at(699, later)).toEqual(['not-yet-valid']);
  expect(await at(700, later)).toEqual([]);
});

test('a token that never expires is good, and it is said so', async () => {
  const machine = new Machine('2011-03-22T18:00:00Z');
  const hmac = { kty: 'oct', k: part('x'.repeat(32)), alg: 'HS256', kid: 'h' };
  writeFileSync(join(machine.home, 'work', 'key.jwk'), JSON.stringify(hmac));
  const text = `${part({ alg: 'HS256', kid: 'h' })}.${part({ sub: 'x\u202e', n: 1 })}`;
  const token = `${text}.${createHmac('sha256', 'x'.repeat(32)).update(text).digest('base64url')}`;
  await transcript(
    machine,
    `
    $ jwks verify --jwks key.jwk ${token}
    {"sub":"x\\u202e","n":1}
    ! jwks: it never expires: it has no "exp"
    $ jwks explain --jwks key.jwk ${token}
    good  signed by key "h" in key.jwk (HS256); it never expires
  `,
  );
});

test('RFC 7515 appendix A.3: no kid, and a key that has none either', async () => {
  const machine = new Machine('2011-03-22T18:00:00Z');
  const { key, jws } = JSON.parse(readVector('rfc7515-a.3.json'));
  writeFileSync(join(machine.home, 'work', 'key.jwk'), JSON.stringify(key));
  const claims = '{"iss":"joe","exp":1300819380,"http://example.com/is_root":true}\n';
  expect((await machine.jwks(['verify', '--jwks', 'key.jwk', jws])).stdout).toBe(claims);
  machine.now = instant(start);
  expect(await reasons(machine, jws, '--jwks key.jwk')).toEqual(['expired']);
});

test('hostile tokens', async () => {
  const machine = await machineWith('--alg RS256 --bits 2048 auth rsa', '--alg ES256 other es');
  const claims = { sub: 'admin', exp: machine.now + 60 };
  const { stdout: jwks } = await machine.jwks('export auth');
  const [jwk] = JSON.parse(jwks).keys;
  // The public key as the secret of an HMAC, in every form that an attacker may try.
  const head = `${part({ alg: 'HS256', kid: 'rsa' })}.${part(claims)}`;
  const pem = createPublicKey({ key: jwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
  for (const secret of [pem, String(pem).trim(), JSON.stringify(jwk), Buffer.from(jwk.n, 'base64url')]) {
    const token = `${head}.${createHmac('sha256', secret).update(head).digest('base64url')}`;
    expect(await reasons(machine, token)).toEqual(['wrong-alg']);
    expect(await reasons(machine, token, '--set auth')).toEqual(['wrong-alg']);
    expect(await reasons(machine, token, '--alg HS256')).toEqual(['wrong-alg']);
  }
  const good = await sign(machine, 'auth --sub alice');
  const [header = '', payload = '', proof = ''] = good.split('.');
  const cases: readonly (readonly [string, string])[] = [
    [`${header}.${payload}.`, 'unsecured'],
    [`${part({ alg: 'none', kid: 'rsa' })}.${payload}.`, 'unsecured'],
    [`${header}.${part(claims)}.${proof}`, 'bad-signature'],
    [`${header}.${payload}.${proof.slice(0, -2)}`, 'bad-signature'],
    [`${part({ alg: 'RS256', kid: 'es' })}.${payload}.${proof}`, 'wrong-alg'],
    [`${part({ alg: 'PS256', kid: 'rsa' })}.${payload}.${proof}`, 'wrong-alg'],
    [`${part({ alg: 'RS256', kid: 'rsa', crit: ['x'], x: 1 })}.${payload}.${proof}`, 'critical-header'],
    [`${good}.`, 'malformed'],
    [`${good}..`, 'encrypted'],
    [`${good}=`, 'malformed'],
    [good.replace('.', '..'), 'malformed'],
    [good.slice(1), 'malformed'],
    ['', 'malformed'],
    ['\0', 'malformed'],
    ['x'.repeat(70_000), 'too-large'],
    [forged({ alg: 'RS256', kid: 'rsa', jwk, jku: 'http://127.0.0.1:1/' }, claims), 'bad-signature'],
    [forged('{"alg":"RS256","kid":"rsa","kid":"es"}', claims), 'malformed'],
    [forged({ alg: 'RS256', kid: '__proto__' }, claims), 'unknown-kid'],
    [forged({ alg: 'RS256', kid: '../other' }, claims), 'unknown-kid'],
    [forged({ alg: 'RS256', kid: "' OR 1=1" }, claims), 'unknown-kid'],
  ];
  for (const [token, code] of cases) expect([token, await reasons(machine, token)]).toEqual([token, [code]]);
});

test('claims that are not what they should be', async () => {
  const machine = await machineWith('--alg ES256 auth k');
  const found = (claims: object | string, words = '') =>
    reasons(machine, forged({ alg: 'ES256', kid: 'k' }, claims), words);
  const bad = ['bad-signature', 'bad-claim'];
  expect(await found({ exp: '2099' })).toEqual(bad);
  expect(await found({ exp: -1 })).toEqual(bad);
  expect(await found('{"exp":1e400}')).toEqual(bad);
  expect(await found({ nbf: {} })).toEqual(bad);
  expect(await found({ aud: [1] }, '--aud 1')).toEqual(bad);
  expect(await found({ iss: ['me'] }, '--iss me')).toEqual(bad);
  expect(await found({ exp: 1e300, nbf: 1e300 })).toEqual(['bad-signature', 'not-yet-valid']);
  expect(await found({ aud: [] }, '--aud x')).toEqual(['bad-signature', 'wrong-audience']);
});

test('what a token says is shown without its control characters, and not at length', async () => {
  const machine = await machineWith('--alg ES256 auth k');
  const evil = `\u001b[31m\u202e\n${'x'.repeat(5_000)}`;
  for (const token of [
    forged({ alg: 'ES256', kid: evil }),
    forged({ alg: evil, kid: 'k' }),
    forged({ alg: 'ES256', kid: 'k', typ: evil }, { iss: evil, aud: [evil, evil] }),
  ]) {
    for (const words of [
      'verify --aud a --iss b --typ c',
      'explain --aud a --iss b --typ c',
      'explain --format json',
    ]) {
      const { stdout, stderr } = await machine.jwks(words, { stdin: token });
      expect(`${stdout}${stderr}`).not.toMatch(/[\u001b\u202e]/);
      // As JSON it is data, and whole.
      if (!words.includes('json')) expect(stdout.length + stderr.length).toBeLessThan(2_000);
    }
  }
});

test('a token without a kid: the keys of the set that fit are tried, none of them by its state alone', async () => {
  const machine = await machineWith('--alg ES256 auth one', '--alg ES256 auth two');
  const token = await sign(machine, 'auth --kid one');
  const { stdout } = await machine.jwks('export auth');
  const nameless = { keys: JSON.parse(stdout).keys.map(({ kid: _, ...jwk }: { kid: string }) => jwk) };
  writeFileSync(join(machine.home, 'work', 'nameless.json'), JSON.stringify(nameless));
  // A kid that no key has is not as good as none.
  expect(await reasons(machine, token, '--jwks nameless.json')).toEqual(['unknown-kid']);
  const other = forged({ alg: 'ES256' }, { exp: machine.now + 60 });
  expect(await reasons(machine, other, '--set auth')).toEqual(['bad-signature']);
  expect(await reasons(machine, forged({ alg: 'RS256' }), '--set auth')).toEqual(['wrong-alg']);
});

test('a JWKS with keys that are not understood, private halves, and two of one kid', async () => {
  const machine = await machineWith('--alg ES256 auth k', '--alg ES256 b k2');
  const token = await sign(machine, 'auth');
  const keys = async (words: string) => JSON.parse((await machine.jwks(`export ${words}`)).stdout).keys;
  const [mine] = await keys('auth --private --yes');
  const [other] = await keys('b');
  const odd = [7, null, {}, { kty: 'XYZ', kid: 'k' }, { kty: 'RSA', kid: 'k', n: 'AQAB', e: 'AQAB' }];
  const jwks = JSON.stringify({ keys: [...odd, { ...other, kid: 'k' }, mine] });
  writeFileSync(join(machine.home, 'work', 'odd.json'), jwks);
  expect((await machine.jwks(['verify', '--jwks', 'odd.json', token])).status).toBe(0);
  const { status, stderr } = await machine.jwks(['verify', '--jwks', await serve(jwks), token]);
  expect({ status, stderr }).toEqual({
    status: 0,
    stderr: 'jwks: that URL publishes private keys: what they sign proves nothing\n',
  });
  const kept = (extra: object) => JSON.stringify({ keys: [{ ...mine, ...extra }] });
  for (const extra of [{ use: 'enc' }, { key_ops: ['encrypt'] }, { alg: 'ES384' }]) {
    writeFileSync(join(machine.home, 'work', 'other.json'), kept(extra));
    const [code] = await reasons(machine, token, '--jwks other.json');
    expect(['wrong-use', 'wrong-alg']).toContain(code);
  }
});

test('what cannot be found out is no answer', async () => {
  const machine = await machineWith('--alg ES256 auth k');
  const token = await sign(machine, 'auth');
  writeFileSync(join(machine.home, 'work', 'text'), 'no JSON');
  await transcript(
    machine,
    `
    $ jwks verify --jwks http://127.0.0.1:1/jwks ${token}
    ! jwks: http://127.0.0.1:1/jwks cannot be fetched: connection refused
    exit 7
    $ jwks explain --jwks http://example.com/jwks ${token}
    ! jwks: http://example.com/jwks is http, which is for loopback only
    ! hint: URLs are fetched by https, without credentials
    exit 2
    $ jwks verify --jwks none.json ${token}
    ! jwks: none.json cannot be read: no such file or directory
    exit 3
    $ jwks verify --jwks / ${token}
    ! jwks: / cannot be read: is a directory
    exit 7
    $ jwks verify --jwks text ${token}
    ! jwks: text is not a JWK or JWK Set in JSON
    exit 6
    $ jwks verify --set auth --jwks text ${token}
    ! jwks: name a set or a JWKS, not both
    exit 2
    $ jwks verify --jwks -
    ! jwks: only one of the token, the JWKS and the secret can come from standard input
    exit 2
    $ jwks verify --aud '' ${token}
    ! jwks: the value of --aud is empty
    exit 2
    $ jwks verify ${token} ${token}
    ! jwks: too many arguments: verify takes at most 1
    ! hint: jwks verify --help
    exit 2
  `,
  );
});

test('a set that cannot be read: "unknown" would be a lie', async () => {
  const machine = await machineWith('--alg ES256 auth k', '--alg ES256 broken b');
  const token = await sign(machine, 'auth');
  const path = join(machine.home, '.local/share/jwks/sets/broken/1.json');
  writeFileSync(path, '{}');
  expect((await machine.jwks(['verify', token])).status).toBe(0);
  const { status } = await machine.jwks(['verify', forged({ alg: 'ES256', kid: 'b' })]);
  expect(status).toBe(6);
});

test('claims with a private key in them are not shown', async () => {
  const machine = await machineWith('--alg ES256 auth k');
  const claims = JSON.stringify({ cnf: { jwk: { kty: 'oct', k: 'c2VjcmV0' } } });
  const { stdout: token } = await machine.jwks(['sign', 'auth', '--claims', claims]);
  const { status, stdout, stderr } = await machine.jwks('verify', { stdin: token });
  expect([status, stdout, stderr]).toEqual([
    6,
    '',
    'jwks: its claims hold a private key, which is not shown\n',
  ]);
});
