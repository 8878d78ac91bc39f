// The console blocks of the documents, typed as they stand.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { definitions } from '../../src/keystore/postgres-schema.ts';
import { closedPort } from '../support/https-server.ts';
import { findPostgres, startPostgres } from '../support/postgres.ts';
import { filesOf, runSteps, type Step, stepsOf, withoutKeys } from '../support/shell-transcript.ts';

const documents = [
  { name: 'README.md', needs: 'bash --version' },
  { name: 'docs/rotation.md', needs: 'bash --version' },
  { name: 'docs/lint.md', needs: 'bash --version' },
  { name: 'docs/keys.md', needs: 'openssl version' },
  { name: 'docs/configuration.md', needs: 'bash --version' },
  { name: 'docs/secrets.md', needs: 'openssl version' },
  { name: 'docs/scripting.md', needs: 'bash --version' },
  { name: 'docs/convert.md', needs: 'openssl version' },
  { name: 'docs/products.md', needs: 'bash --version' },
  {
    name: 'docs/recovery.md',
    needs: 'jose alg && jq --version && openssl version && /usr/bin/python3 -c "import jwcrypto"',
  },
  {
    name: 'docs/keystore-format.md',
    needs: 'jose alg && jq --version && /usr/bin/python3 -c "import jwcrypto"',
  },
];

/** Pages for a job, each with the other side where it can be had here: nginx, oidc-provider, Ory's client, jose. */
const jobs: readonly { readonly name: string; readonly needs: string; readonly ports?: readonly string[] }[] =
  [
    { name: 'ory-hydra', needs: 'curl --version && jq --version', ports: ['4444', '4445'] },
    { name: 'oidc-provider', needs: 'curl --version && jq --version', ports: ['3000'] },
    { name: 'keycloak', needs: 'openssl version && jq --version && basenc --version' },
    { name: 'postgrest-supabase', needs: 'jose alg && jq --version' },
    { name: 'kubernetes', needs: 'openssl version && jq --version' },
    { name: 'envoy-istio', needs: 'jose alg && jq --version' },
    {
      name: 'nginx',
      needs: '/usr/sbin/nginx -v && curl --version && jose alg && jq --version',
      ports: ['8080'],
    },
    { name: 'ci', needs: 'git --version && openssl version' },
    { name: 'compromise', needs: 'curl --version && jose alg && jq --version', ports: ['4450'] },
    { name: 'monitoring', needs: 'curl --version', ports: ['4450', '9464', '4459'] },
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
  expect(steps.length).toBeGreaterThan(1);
  expect(shown(printed)).toEqual(shown(steps.map((step) => step.shown)));
}

describe.each(documents)('$name', ({ name, needs }) => {
  test.skipIf(!isThere(needs))(`shows what its commands print (skipped without: ${needs})`, () => {
    const document = pathOf(name);
    const steps = stepsOf(document);
    expectPrinted(steps, runSteps(steps, filesOf(document)));
  });
});

describe.each(jobs)('docs/jobs, $name', ({ name, needs, ports = [] }) => {
  test.skipIf(!isThere(needs))(
    `shows what its commands print (skipped without: ${needs})`,
    async () => {
      const document = pathOf(`docs/jobs/${name}.md`);
      // A port stands behind a host or an option.
      const free: (readonly [shown: string, real: string])[] = [];
      for (const port of ports) free.push([port, String(await closedPort())]);
      const swap = (text: string, way: 'real' | 'shown'): string =>
        free.reduce((sofar, [shown, real]) => {
          const [from, to] = way === 'real' ? [shown, real] : [real, shown];
          return sofar.replace(new RegExp(`(?<=:|port )${from}\\b`, 'g'), to);
        }, text);
      const files = [...filesOf(document)].map(([file, text]) => [file, swap(text, 'real')] as const);
      const steps = stepsOf(document);
      const typed = steps.map((step) => ({ ...step, command: swap(step.command, 'real') }));
      const printed = runSteps(typed, new Map(files));
      expectPrinted(
        steps,
        printed.map((text) => swap(text, 'shown')),
      );
    },
    60_000,
  );
});

test('every page for a job is here', () => {
  const pages = readdirSync(pathOf('docs/jobs')).map((file) => file.replace(/\.md$/, ''));
  expect(jobs.map(({ name }) => name).sort()).toEqual(pages.sort());
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
