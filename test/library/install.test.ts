// `npm install -g` of the tarball in an empty place, with the Node that runs. With JWKS_FAULTS=more: .ci/run does it,
// and by the script with all of them.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { ofExtent } from '../support/extent.ts';

const script = fileURLToPath(new URL('../../scripts/install-check.js', import.meta.url));

test.skipIf(ofExtent({ few: true, more: false }))(
  'installs, runs every command, and goes again',
  { timeout: 180_000 },
  ({ skip }) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    skip(/registry cannot be reached/.test(stdout), 'no registry can be reached');
    expect(stderr).toBe('');
    expect(stdout).toMatch(/commands run, none left\n$/);
    expect(status).toBe(0);
  },
);
