// Looking for a project's file ends at the project: the user's directory has its own rules, and code is never run.
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { effective, machineWith, put } from '../support/config.ts';
import { transcript } from '../support/transcript.ts';

test.each(['', '\n', '# nothing\n'])('a project file that says nothing (%j)', async (text) => {
  const machine = machineWith({
    'work/.jwksrc': text,
    '.config/jwks/config.json': '{"format":"json","alg":"ES512"}',
  });
  const proof = `${machine.home}/proof`;
  const code = `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(proof)}, '');\nexport default {};\n`;
  for (const name of ['config.js', 'config.mjs', 'config.ts']) put(machine, `.config/jwks/${name}`, code);
  put(machine, '.config/jwks/config.cjs', code.replace(/import (.*) from (.*);/, 'const $1 = require($2);'));
  const settings = await effective(machine);
  expect(settings['alg']).toEqual({ value: 'ES512', from: `${machine.home}/.config/jwks/config.json` });
  const failed = await machine.jwks('list');
  expect(failed.status).toBe(3);
  expect(JSON.parse(failed.stderr).error).toMatchObject({ code: 'not-found' });
  expect(existsSync(proof)).toBe(false);
});

test('a configuration that is a bare text is one short error', async () => {
  const machine = machineWith({
    'bare.yaml': 'x'.repeat(10_000),
    'bare.json': JSON.stringify('y '.repeat(5_000)),
    'list.json': JSON.stringify(Array.from({ length: 1_000 }, () => 'z')),
  });
  await transcript(
    machine,
    `
    $ jwks list --config ../bare.yaml
    ! jwks: the configuration ~/bare.yaml is not a set of members
    exit 2
    $ jwks list --config ../bare.json
    ! jwks: the configuration ~/bare.json is not a set of members
    exit 2
    $ jwks list --config ../list.json
    ! jwks: the configuration ~/list.json is not a set of members
    exit 2
  `,
  );
});
