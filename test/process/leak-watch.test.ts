// The watch over private keys in outputs (test/support/leaks.ts) notices a leak, wherever the key was made.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** What it said of test/support/planted-leak.ts. */
let output = '';

beforeAll(async () => {
  const argv = [vitest, 'run', '--config', 'test/support/planted-leak.config.ts'];
  const { VITEST: _, ...others } = process.env;
  const env = { ...others, NO_COLOR: '1' };
  const ran = await new Promise<{ error: Error | null; output: string }>((resolve) => {
    execFile(process.execPath, argv, { env }, (error, stdout, stderr) =>
      resolve({ error, output: stdout + stderr }),
    );
  });
  output = ran.output;
  expect(ran.error, output).not.toBeNull();
  expect(output).toMatch(/Tests +6 passed/);
  expect(output).toContain('what showed a private key which nobody asked for');
}, 90_000);

test.each([
  ['a piece of one made in this process', ['planted 0']],
  ['a piece of one made by the built command', ['planted 1']],
  ['PEM', ['ES256', 'EdDSA', 'RS256'].map((alg) => `planted PKCS#8 of ${alg}`)],
  [
    'PEM in JSON',
    ['planted sec1 of ES256 in JSON', 'planted pkcs8 of EdDSA in JSON', 'planted pkcs1 of RS256 in JSON'],
  ],
  ['PEM that is indented', ['planted sec1 of ES256, indented', 'planted pkcs1 of RS256, indented']],
  ['a file of DER', ['ES256', 'EdDSA', 'RS256'].map((alg) => `planted -o ${alg}.der (its file)`)],
  ['-o FILE', ['export a -o a.json (its file)', 'export b -ob.json (its file)']],
  ['--output FILE', ['export c --output c.json (its file)']],
  ['--output=FILE of the built command', ['export d --output=d.json (its file)']],
  ['-o FILE in a script', ['jwks export e -o e.json (its file)']],
  ['an answer of a server in this process', ['the body of GET /sets/a/.well-known/jwks.json']],
  ['an answer of jwks serve', ['the body of GET /sets/b/.well-known/jwks.json']],
  ['a header', ['the head of GET /head']],
])('%s is noticed', (_, shown) => {
  for (const one of shown) expect(output).toContain(`"${one}",`);
});

test('what was asked for is let be', () => {
  expect(output).not.toContain('f.json (its file)');
  expect(output).not.toContain('/admin/keys/c');
});
