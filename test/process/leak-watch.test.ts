// The watch over private keys in outputs (test/support/leaks.ts) notices a leak, wherever the key was made.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

test('a piece of a key is noticed, of one made in this process and of one made by the built command', async () => {
  const argv = [vitest, 'run', '--config', 'test/support/planted-leak.config.ts'];
  const { VITEST: _, ...others } = process.env;
  const env = { ...others, NO_COLOR: '1' };
  const { error, output } = await new Promise<{ error: Error | null; output: string }>((resolve) => {
    execFile(process.execPath, argv, { env }, (error, stdout, stderr) =>
      resolve({ error, output: stdout + stderr }),
    );
  });
  expect(error).not.toBeNull();
  expect(output).toContain('1 passed');
  expect(output).toContain('commands that showed a private key which nobody asked for');
  expect(output).toContain('planted 0');
  expect(output).toContain('planted 1');
});
