// The console blocks of the documents, typed as they stand.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { filesOf, runSteps, stepsOf, withoutKeys } from '../support/shell-transcript.ts';

const documents = [
  { name: 'README.md', needs: 'bash --version' },
  { name: 'docs/rotation.md', needs: 'bash --version' },
  { name: 'docs/lint.md', needs: 'bash --version' },
  { name: 'docs/products.md', needs: 'bash --version && openssl version' },
  {
    name: 'docs/recovery.md',
    needs: 'jose alg && jq --version && openssl version && /usr/bin/python3 -c "import jwcrypto"',
  },
  {
    name: 'docs/keystore-format.md',
    needs: 'jose alg && jq --version && /usr/bin/python3 -c "import jwcrypto"',
  },
];

describe.each(documents)('$name', ({ name, needs }) => {
  const document = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  const isReady = spawnSync('sh', ['-c', needs], { stdio: 'ignore' }).status === 0;

  test.skipIf(!isReady)(`shows what its commands print (skipped without: ${needs})`, () => {
    const steps = stepsOf(document);
    const printed = runSteps(steps, filesOf(document));
    const shown = (texts: readonly string[]) =>
      steps.map(
        ({ line, command }, index) => `line ${line}: $ ${command}\n${withoutKeys(texts[index] ?? '')}`,
      );
    expect(steps.length).toBeGreaterThan(5);
    expect(shown(printed)).toEqual(shown(steps.map((step) => step.shown)));
  });
});
