// The single-file executable that JWKS_EXECUTABLE names (scripts/sea.js makes one): every command, and PostgreSQL.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { cleanEnv } from '../support/command.ts';
import { findPostgres } from '../support/postgres-binaries.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const executable = process.env['JWKS_EXECUTABLE'] ?? '';
const smoke = fileURLToPath(new URL('../../scripts/smoke.js', import.meta.url));

describe.skipIf(executable === '')('the executable', () => {
  test('runs every command, alone and under another name', { timeout: 120_000 }, () => {
    const home = temporaryDirectory();
    copyFileSync(executable, join(home, 'keys'));
    const program = `import { smoke } from '${pathToFileURL(smoke)}'; console.log(await smoke(['${home}/keys'], {}))`;
    const argv = ['--input-type=module', '-e', program];
    const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(Number(stdout)).toBeGreaterThan(40);
    expect(readdirSync(home)).toEqual(['keys']);
  });

  test('makes RSA keys in processes of itself', () => {
    const { stdout } = spawnSync(executable, ['--rsa-racer', '2048'], { env: {}, encoding: 'utf8' });
    expect(JSON.parse(stdout)).toMatchObject({ kty: 'RSA', e: 'AQAB' });
  });

  test('lies beside the licences of what is in it', () => {
    const textOf = (name: string) => readFileSync(join(dirname(executable), name), 'utf8');
    expect(textOf('LICENSE')).toContain('Apache License');
    for (const name of [/^pg \d/m, /^commander \d/m, /^Node\.js v\d/m])
      expect(textOf('THIRD-PARTY-LICENSES.txt')).toMatch(name);
    expect(textOf('sbom.cdx.json')).toMatch(
      /"name": "pg"[\s\S]*"name": "node"|"name": "node"[\s\S]*"name": "pg"/,
    );
  });

  test.skipIf(findPostgres() === undefined)('keeps keys in PostgreSQL', { timeout: 120_000 }, async () => {
    const server = await startPostgres();
    try {
      const home = temporaryDirectory();
      const run = (...argv: string[]) => {
        const place = ['--keystore', server.url(), ...argv];
        return spawnSync(executable, place, { cwd: home, env: cleanEnv(home), encoding: 'utf8' });
      };
      expect(run('init')).toMatchObject({ status: 0 });
      expect(run('create', '--alg', 'ES256', 'auth')).toMatchObject({ status: 0 });
      expect(run('list').stdout).toMatch(/^auth\t[\w-]{43}\tES256\tsig\tactive/m);
      expect(existsSync(join(home, '.local', 'share', 'jwks'))).toBe(false);
    } finally {
      await server.remove();
    }
  });
});
