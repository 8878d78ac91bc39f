// The console blocks of the documents, typed as they stand.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { definitions } from '../../src/keystore/postgres-schema.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import { filesOf, runSteps, type Step, stepsOf, withoutKeys } from '../support/shell-transcript.ts';

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

/** A server whose tools are beside it, so that a dump is one of its own version. */
const postgres = findPostgres() ?? 'no PostgreSQL';
const postgresNeeds = `jose alg && jq --version && ${postgres}/psql --version && ${postgres}/pg_dump --version`;

function pathOf(name: string): string {
  return fileURLToPath(new URL(`../../${name}`, import.meta.url));
}

function isThere(needs: string): boolean {
  return spawnSync('sh', ['-c', needs], { stdio: 'ignore' }).status === 0;
}

function expectPrinted(steps: readonly Step[], printed: readonly string[]): void {
  const shown = (texts: readonly string[]) =>
    steps.map(({ line, command }, index) => `line ${line}: $ ${command}\n${withoutKeys(texts[index] ?? '')}`);
  expect(steps.length).toBeGreaterThan(5);
  expect(shown(printed)).toEqual(shown(steps.map((step) => step.shown)));
}

describe.each(documents)('$name', ({ name, needs }) => {
  test.skipIf(!isThere(needs))(`shows what its commands print (skipped without: ${needs})`, () => {
    const document = pathOf(name);
    const steps = stepsOf(document);
    expectPrinted(steps, runSteps(steps, filesOf(document)));
  });
});

describe('docs/postgres.md', () => {
  const document = pathOf('docs/postgres.md');

  test.skipIf(!isThere(postgresNeeds))(
    `shows what its commands print (skipped without: ${postgresNeeds})`,
    async () => {
      const server = await startPostgres({ hba: 'host all all 127.0.0.1/32 trust\n' });
      onTestFinished(() => server.remove());
      const [shown, real] = ['db.example.com', `127.0.0.1:${server.port}`];
      const steps = stepsOf(document);
      const typed = steps.map((step) => ({ ...step, command: step.command.replaceAll(shown, real) }));
      const path = { line: 0, command: `PATH=${postgres}:$PATH`, shown: '' };
      const [, ...printed] = runSteps([path, ...typed], new Map());
      expectPrinted(
        steps,
        printed.map((text) => text.replaceAll(real, `${shown}:5432`)),
      );
    },
  );

  test('shows the statements that make the table', () => {
    const [, shown = ''] = /^```sql\n([\s\S]*?)^```$/m.exec(readFileSync(document, 'utf8')) ?? [];
    const server = { isThere: false, hasSchema: false, isCockroach: false, isLazy: false };
    const made = definitions('jwks', server).map((statement) => `${statement};`);
    const squeeze = (text: string) => text.replaceAll('"jwks"', 'jwks').replace(/\s+/g, ' ').trim();
    expect(squeeze(shown)).toBe(squeeze(made.join('\n')));
  });
});
