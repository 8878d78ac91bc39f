// Where a document should be there is a fifo, or a way to a device without end: an error at once.
import { expect, test } from 'vitest';
import { sh, shellWithKey } from '../support/shell.ts';

const lines = ['jwks list', 'jwks export auth', 'jwks create --alg ES256 auth k2'];

test.each([
  ['a fifo as a set document', 'mkfifo sets/auth/2.json'],
  ['a link to a device as a set document', 'ln -s /dev/zero sets/auth/2.json'],
  ['a fifo as the master document', 'mkfifo master/2.json'],
  ['a link to a device as the master document', 'ln -s /dev/zero master/2.json'],
])('%s', async (_, plant) => {
  const shell = await shellWithKey();
  await sh(shell, `cd .local/share/jwks; ${plant}`);
  for (const line of lines) {
    const ran = await sh(shell, `timeout -s KILL 10 ${line}`);
    expect([line, ran.status, ran.stdout]).toEqual([line, 1, '']);
    expect(ran.stderr).toMatch(/^jwks: the keystore .* cannot be read: [^\n]*\n$/);
  }
});
