// The short form of scripts/load.js: full speed for a few seconds while the keystore changes.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const script = fileURLToPath(new URL('../../scripts/load.js', import.meta.url));

test('under load every answer is whole and right, and what is changed is seen', async () => {
  // Other tests want the same cores: a second is for a machine that does nothing else.
  const argv = [script, '--seconds', '2', '--within', '5000'];
  const ran = await new Promise<{ error: Error | null; stdout: string; stderr: string }>((resolve) => {
    execFile(process.execPath, argv, (error, stdout, stderr) => resolve({ error, stdout, stderr }));
  });
  expect(ran).toMatchObject({ error: null, stderr: '' });
  expect(ran.stdout).toMatch(/^load: \d{3,} requests in .*; [1-9]\d* changes, seen after .*; 0 errors\n$/);
});
