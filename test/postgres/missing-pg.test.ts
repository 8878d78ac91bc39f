// The package as it is installed, without the optional pg, and with one that does not load.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { cleanEnv, type Finished, finish } from '../support/command.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const url = 'postgres://ann:PW@127.0.0.1:1/auth';

interface Installed {
  readonly modules: string;
  run(argv: readonly string[]): Promise<Finished>;
}

function install(): Installed {
  const home = temporaryDirectory();
  const modules = join(home, 'node_modules');
  const at = join(modules, 'jwks-keystore');
  mkdirSync(at, { recursive: true });
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(join(root, name), join(at, name), { recursive: true });
  const { spawn } = process.getBuiltinModule('node:child_process');
  const run = (argv: readonly string[]): Promise<Finished> =>
    finish(spawn(process.execPath, [join(at, 'bin/jwks.js'), ...argv], { cwd: home, env: cleanEnv(home) }));
  return { modules, run };
}

test('without pg: what needs it says so, and the rest works', async () => {
  const { run } = install();
  for (const line of ['list', 'init', 'create a']) {
    expect(await run([...line.split(' '), '--keystore', url])).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'jwks: a keystore in PostgreSQL needs the npm package pg, which is not installed\n' +
        'hint: install it beside jwks: npm install -g pg (or, in a project, npm install pg)\n',
    });
  }
  const { status, stderr } = await run(['list', '--format', 'json', '--keystore', url]);
  expect([status, JSON.parse(stderr).error.code]).toEqual([1, 'unsupported']);
  const config = await run(['config', '--keystore', url]);
  expect(config).toMatchObject({
    status: 0,
    stdout: expect.stringContaining('postgres://ann@127.0.0.1:1/auth'),
  });
  expect(await run(['create', '--alg', 'ES256', 'a'])).toMatchObject({ status: 0 });
});

test('a pg that lacks a part of its own is no pg', async () => {
  const { modules, run } = install();
  mkdirSync(join(modules, 'pg'));
  writeFileSync(join(modules, 'pg/index.js'), "require('pg-protocol');\n");
  const ran = await run(['list', '--keystore', url]);
  expect(ran).toMatchObject({ status: 1, stderr: expect.stringContaining('needs the npm package pg') });
});
