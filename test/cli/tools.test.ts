// jwks algs, thumbprint: what needs no keystore.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

// RFC 7638 section 3.1.
const rfc7638 = {
  kty: 'RSA',
  n: '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw',
  e: 'AQAB',
  alg: 'RS256',
  kid: '2011-04-29',
};
const thumbprint = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';

test('algs: the algorithms, with what fits and whether it works here', async () => {
  const machine = new Machine();
  const { stdout } = await machine.jwks('algs');
  const [titles, first] = stdout.split('\n');
  expect(titles).toBe('ALGORITHM\tUSE\tKEY TYPE\tSIZE OR CURVE\tHERE\tDEFINED IN');
  expect(first).toBe('RS256\tsig\tRSA\t4096, 2048, 3072\tyes\tRFC 7518 3.3');
  await transcript(
    machine,
    `
    $ jwks algs --format 'jsonpath=$.algorithms[?@.alg == "EdDSA"]'
    [{"alg":"EdDSA","use":"sig","kty":"OKP","curves":["Ed25519","Ed448"],"bits":[],"source":"RFC 8037 3.1","available":true}]
    $ jwks algs RS256
    ! jwks: too many arguments: algs takes at most 0
    ! hint: jwks algs --help
    exit 2
  `,
  );
  expect(filesBelow(machine.home)).toEqual(['work']);
});

test('every algorithm that is there on this machine makes a key', async () => {
  const machine = new Machine();
  const { stdout } = await machine.jwks('algs --format json');
  await ok(machine, 'init');
  for (const { alg, use, kty, available } of JSON.parse(stdout).algorithms) {
    if (kty === 'RSA' && alg !== 'PS256' && alg !== 'RSA-OAEP-256') continue;
    const bits = kty === 'RSA' ? ['--bits', '2048'] : [];
    const made = await machine.jwks(['create', '--alg', alg, ...bits, '--format', 'json', 'auth']);
    expect(made.status).toBe(available ? 0 : 1);
    if (available) expect(JSON.parse(made.stdout).keys[0]).toMatchObject({ alg, use });
  }
});

test('thumbprint: the example of RFC 7638 section 3.1, from a file, stdin, and a set', async () => {
  const machine = new Machine();
  writeFileSync(`${machine.home}/work/key.jwk`, JSON.stringify(rfc7638));
  await transcript(
    machine,
    `
    $ jwks thumbprint key.jwk
    ${thumbprint}
    $ jwks thumbprint key.jwk --format json
    {"keys":[{"kid":"2011-04-29","thumbprint":"${thumbprint}"}]}
    $ jwks thumbprint key.jwk --format table
    KEY ID⇥THUMBPRINT
    2011-04-29⇥${thumbprint}
  `,
  );
  const stdin = JSON.stringify({ keys: [rfc7638, rfc7638] });
  const { stdout } = await machine.jwks('thumbprint -', { stdin });
  expect(stdout).toBe(`${thumbprint}\n${thumbprint}\n`);
});

test('thumbprint: what is no sound key is exit 6 and is not quoted', async () => {
  const machine = new Machine();
  for (const text of [
    'not JSON, secret-word',
    '{"keys":["secret-word"]}',
    '[]',
    '{"keys":[]}',
    '',
    '{"kty":"secret-word"}',
    '{"kty":"EC","crv":"P-256","x":"secret-word","y":"secret-word"}',
    '{"kty":"RSA","n":"AAAA","e":"AQAB"}',
  ]) {
    const refused = await machine.jwks('thumbprint --debug', { stdin: text });
    expect(refused).toMatchObject({ status: 6, stdout: '' });
    expect(refused.stderr).not.toContain('secret-word');
  }
  expect((await machine.jwks('thumbprint nowhere.jwk')).status).toBe(3);
  expect((await machine.jwks('thumbprint', { terminal: 80 })).status).toBe(2);
  expect((await machine.jwks('thumbprint', { stdin: ' '.repeat(1_048_577) })).status).toBe(6);
});

test('-q leaves stdout of commands without ids as it is', async () => {
  const machine = new Machine();
  for (const command of ['algs', 'config', 'thumbprint key.jwk', 'completion bash']) {
    writeFileSync(`${machine.home}/work/key.jwk`, JSON.stringify(rfc7638));
    expect(await machine.jwks(`${command} -q`)).toEqual(await machine.jwks(command));
  }
  const quiet = await machine.jwks('init -q');
  expect(quiet.stdout).toContain('KEYSTORE');
  expect(quiet.stderr).toBe('');
});
