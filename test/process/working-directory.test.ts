// A working directory that was deleted: what needs it says so in a line.
import { expect, test } from 'vitest';
import { newShell, sh } from '../support/shell.ts';

test.each(['jwks list', 'jwks create --alg ES256 auth', 'jwks config', 'jwks export --all'])(
  '%s',
  async (line) => {
    const shell = newShell();
    const ran = await sh(shell, `mkdir gone; cd gone; rmdir ../gone; ${line}`);
    expect(ran).toMatchObject({ status: 1, stdout: '' });
    // The shell itself may have a line about it.
    const said = ran.stderr.replace(/^sh: .*\n/gm, '');
    expect(said).toBe('jwks: the working directory is gone\nhint: change to another directory\n');
  },
);
