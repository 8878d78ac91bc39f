// jwks doctor as a user who may not change, or not read, directories that are theirs.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync } from 'node:fs';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { bin, cleanEnv, jwks } from '../support/command.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const isLinux = process.platform === 'linux';

async function made(context: TestContext) {
  const home = temporaryDirectory();
  // Root may write anywhere.
  const uid = process.geteuid?.() === 0 ? 65_534 : undefined;
  if (uid !== undefined && spawnSync(process.execPath, [bin, '--version'], { uid }).status !== 0)
    context.skip(`user ${uid} cannot run ${bin} with ${process.execPath}`);
  if (uid !== undefined) chownSync(home, uid, uid);
  const user = uid === undefined ? {} : { uid, gid: uid };
  const run = (line: string) => jwks(line.split(' '), { cwd: home, env: cleanEnv(home), ...user });
  expect((await run('create -q --alg ES256 auth k1')).status).toBe(0);
  /** With a directory of this mode: exit status and findings, but that there is one slot only. */
  const examined = async (directory: string, mode: number) => {
    const path = join(home, directory);
    chmodSync(path, mode);
    const { status, stdout } = await run('doctor --format json');
    chmodSync(path, 0o700);
    const { ok, findings } = JSON.parse(stdout) as {
      ok: boolean;
      findings: { code: string; severity: string; message: string }[];
    };
    expect(ok).toBe(status === 0);
    const own = findings.filter(({ code }) => code !== 'single-slot');
    return { status, path, own, codes: own.map(({ severity, code }) => `${severity} ${code}`) };
  };
  return { run, examined };
}

const keystore = '.local/share/jwks';

test.runIf(isLinux)('where nothing can be changed it is an error', { timeout: 60_000 }, async (context) => {
  const { examined } = await made(context);
  for (const directory of ['sets/auth', 'sets', 'master']) {
    const { status, path, codes, own } = await examined(`${keystore}/${directory}`, 0o500);
    expect([directory, status, codes]).toEqual([directory, 1, ['error closed']]);
    expect(own[0]?.message).toContain(`chmod u+rwx ${path}`);
  }
  expect((await examined(keystore, 0o500)).codes).toEqual([]);
});

test.runIf(isLinux)(
  'where nothing can be remembered it is a warning',
  { timeout: 60_000 },
  async (context) => {
    const { examined } = await made(context);
    expect(await examined('.local/state/jwks', 0o500)).toMatchObject({ status: 0, codes: ['warning state'] });
  },
);

test.runIf(isLinux)('what cannot be read is found and named', { timeout: 60_000 }, async (context) => {
  const { run, examined } = await made(context);
  for (const below of ['sets/auth', 'sets', 'master', '']) {
    const directory = join(keystore, below);
    const { status, path, own, codes } = await examined(directory, 0);
    expect([below, status, codes.includes('error unreadable')]).toEqual([below, 1, true]);
    expect(own.map(({ message }) => message).join('\n')).toContain(
      `${path} cannot be read: permission denied`,
    );
  }
  const { status, codes } = await examined(`${keystore}/sets/auth`, 0o600);
  expect([status, codes]).toEqual([1, expect.arrayContaining(['error closed'])]);
  expect((await run('doctor')).status).toBe(0);
});
