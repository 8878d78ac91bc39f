// Run by test/process/leak-watch.test.ts as a test file of its own: its test passes, and the file fails for both keys.
import { expect, test } from 'vitest';
import { Machine } from './cli.ts';
import { jwks } from './command.ts';
import { isNoted, noteOutput } from './leaks.ts';

test('a key is made here and in a process, and a piece of each is shown', async () => {
  const machine = new Machine();
  const options = { cwd: machine.home, env: { PATH: process.env['PATH'] ?? '', HOME: machine.home } };
  expect((await machine.jwks('create --alg ES256 here')).status).toBe(0);
  expect((await jwks(['create', '--alg', 'ES256', 'there'], options)).status).toBe(0);
  const { stdout } = await machine.jwks('export --private here there');
  const members: string[] = JSON.parse(stdout).keys.map(({ d }: { d: string }) => d);
  expect(members.map(isNoted)).toEqual([true, true]);
  for (const [at, member] of members.entries())
    noteOutput(`planted ${at}`, '', `near "${member.slice(7, 31)}", line 1`);
});
