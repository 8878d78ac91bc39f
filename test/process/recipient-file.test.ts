// --recipient of what is no file: nothing waits for ever, and nothing is read without end.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { finish, start } from '../support/command.ts';
import { sh, shellWithKey } from '../support/shell.ts';

function hasOpen(pid: number, path: string): boolean {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).some((name) => {
    try {
      return readlinkSync(`${directory}/${name}`) === path;
    } catch {
      return false;
    }
  });
}

test.skipIf(process.platform !== 'linux')(
  'a FIFO that nobody writes to is waited for until Ctrl-C (skipped off Linux)',
  async () => {
    const shell = await shellWithKey();
    execFileSync('mkfifo', [`${shell.home}/fifo`]);
    const child = start(['secret', 'add', '--recipient', 'fifo'], { env: shell.env, cwd: shell.home });
    const ended = finish(child);
    const giveUp = performance.now() + 10_000;
    while (!hasOpen(child.pid ?? 0, `${shell.home}/fifo`) && performance.now() < giveUp) await setImmediate();
    child.kill(performance.now() < giveUp ? 'SIGINT' : 'SIGKILL');
    expect((await ended).status).toBe(130);
  },
);

test('a FIFO that somebody writes to is read', async () => {
  const shell = await shellWithKey();
  const { publicKey } = generateKeyPairSync('x25519');
  writeFileSync(`${shell.home}/key.pem`, publicKey.export({ type: 'spki', format: 'pem' }));
  const ran = await sh(shell, 'jwks secret add -q --label recovery --recipient <(cat key.pem)');
  expect([ran.status, ran.stdout]).toEqual([0, 'recovery\n']);
});

test.each([
  ['/dev/zero', 6],
  ['/tmp', 2],
  ['nowhere', 3],
])('%s is exit %i', async (path, status) => {
  const ran = await sh(await shellWithKey(), `jwks secret add --recipient ${path}`);
  expect([ran.status, ran.stderr]).toEqual([status, expect.not.stringContaining('fault of jwks')]);
});
