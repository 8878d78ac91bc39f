// The program of docs/library.md, run as it stands but for the place of the keystore.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { newShell, sh } from '../support/shell.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

test('its token is verified by the set that is published', async () => {
  const page = readFileSync(join(root, 'docs/library.md'), 'utf8');
  const [, program = ''] = /^```ts\n([\s\S]*?)^```$/m.exec(page) ?? [];
  const shell = newShell();
  const modules = join(shell.home, 'node_modules');
  mkdirSync(modules);
  symlinkSync(root, join(modules, 'jwks-keystore'));
  symlinkSync(join(root, 'node_modules/jose'), join(modules, 'jose'));
  const keystore = join(shell.home, '.local/share/jwks');
  expect(program).toContain("'/srv/jwks'");
  const runnable = `${program.replace('/srv/jwks', keystore)}\nconsole.log(token);\n`;
  writeFileSync(join(shell.home, 'issuer.mjs'), runnable);
  const ran = await sh(
    shell,
    `jwks create --alg ES256 -q hydra.openid.id-token k1 2> told &&
    JWKS_SECRET=$(cat .config/jwks/secret) node issuer.mjs > token &&
    jwks verify --set hydra.openid.id-token - --format jsonpath=scope < token`,
  );
  expect(ran).toMatchObject({ status: 0, stdout: 'k1\n"openid"\n', stderr: '' });
});
