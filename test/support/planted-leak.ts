// Run by test/process/leak-watch.test.ts as a test file of its own: its tests pass, and the file fails for each leak.
import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { Machine } from './cli.ts';
import { cleanEnv, jwks, startWith } from './command.ts';
import { listen } from './https-server.ts';
import { isNoted, noteFiles, noteOutput } from './leaks.ts';
import { serving } from './serving.ts';
import { newShell, sh } from './shell.ts';

const settings = ({ home }: Machine) => ({ cwd: home, env: cleanEnv(home) });
const pieceOf = (member: string): string => member.slice(7, 31);

async function keyOf(machine: Machine, set: string, alg = 'ES256') {
  expect(await machine.jwks(`create --alg ${alg} ${set}`)).toMatchObject({ status: 0 });
  const [key] = JSON.parse((await machine.jwks(`export --private ${set}`)).stdout).keys;
  expect(isNoted(key.d)).toBe(true);
  return key;
}

/** A machine whose public sets show a piece of a private member: the name of another key is one. */
async function leaking(sets: readonly string[]): Promise<Machine> {
  const machine = new Machine();
  const piece = pieceOf((await keyOf(machine, 'whole')).d);
  // Quietly: it would show what is to be seen in a file alone.
  for (const set of sets)
    expect(await machine.jwks(`create -q --alg ES256 ${set} k${piece}`)).toMatchObject({ status: 0 });
  return machine;
}

test('a key is made here and in a process, and a piece of each is shown', async () => {
  const machine = new Machine();
  expect((await machine.jwks('create --alg ES256 here')).status).toBe(0);
  expect((await jwks(['create', '--alg', 'ES256', 'there'], settings(machine))).status).toBe(0);
  const { stdout } = await machine.jwks('export --private here there');
  const members: string[] = JSON.parse(stdout).keys.map(({ d }: { d: string }) => d);
  expect(members.map(isNoted)).toEqual([true, true]);
  for (const [at, member] of members.entries())
    noteOutput(`planted ${at}`, '', `near "${pieceOf(member)}", line 1`);
});

test.each([
  ['ES256', 'sec1'],
  ['EdDSA', 'pkcs8'],
  ['RS256', 'pkcs1'],
] as const)('a private key of %s is shown as %s', async (alg, type) => {
  const machine = new Machine();
  const size = alg === 'RS256' ? ' --bits 2048' : '';
  const key = createPrivateKey({ key: await keyOf(machine, 'a', alg + size), format: 'jwk' });
  const pem = (form: 'pkcs8' | 'sec1') => String(key.export({ type: form, format: 'pem' }));
  noteOutput(`planted PKCS#8 of ${alg}`, pem('pkcs8'), '');
  const other = pem(type as 'sec1').replaceAll('\n', '\r\n');
  noteOutput(`planted ${type} of ${alg} in JSON`, JSON.stringify({ other }), '');
  noteOutput(`planted ${type} of ${alg}, indented`, other.replaceAll('\n', '\n    '), '');
  writeFileSync(`${machine.home}/${alg}.der`, key.export({ type: 'pkcs8', format: 'der' }));
  noteFiles(['planted', '-o', `${alg}.der`], machine.home);
});

test('a file that is written shows a piece', async () => {
  const machine = await leaking(['a', 'b', 'c', 'd', 'e', 'f']);
  for (const line of ['export a -o a.json', 'export b -ob.json', 'export c --output c.json'])
    expect(await machine.jwks(line)).toMatchObject({ status: 0, stdout: '' });
  const spawned = await jwks('export d --output=d.json'.split(' '), settings(machine));
  expect(spawned).toMatchObject({ status: 0, stdout: '' });
  const shell = { home: machine.home, env: { ...newShell().env, HOME: machine.home } };
  expect(await sh(shell, 'true | cat; jwks export e -o "e.json" && true')).toMatchObject({ status: 0 });
  // One that asks for private keys is let be.
  expect(await machine.jwks('export f --private -o f.json')).toMatchObject({ status: 0 });
});

test('a server answers with a piece', async () => {
  const machine = await leaking(['a', 'b', 'c']);
  const path = (set: string) => `/sets/${set}/.well-known/jwks.json`;
  const env = { JWKS_ADMIN_TOKEN: 'x'.repeat(32) };
  const { url, admin } = await serving(machine, '--all --admin-port 0 --admin-private', { env });
  expect((await fetch(url + path('a'))).status).toBe(200);
  const headers = { authorization: `Bearer ${env.JWKS_ADMIN_TOKEN}` };
  const shown = await fetch(`${admin}/admin/keys/c`, { headers });
  expect(await shown.text()).toContain('"d":');

  const child = startWith(['serve', '--all', '--port', '0'], {
    ...settings(machine),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  onTestFinished(() => void child.kill());
  if (child.stderr === null) throw new Error('it has no stderr');
  for await (const line of createInterface({ input: child.stderr })) {
    const there = /"listener":"public","url":"(http:\/\/[^/"]+)/.exec(line)?.[1];
    if (there === undefined) continue;
    expect((await fetch(there + path('b'))).status).toBe(200);
    break;
  }

  const { d } = await keyOf(machine, 'd');
  const port = await listen(
    createServer((_, response) => response.writeHead(200, { 'x-planted': pieceOf(d) }).end()),
  );
  expect((await fetch(`http://127.0.0.1:${port}/head`)).status).toBe(200);
});
