// What is made from the declarations of the commands is in step with them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { exitStatus } from '../../src/cli/exit-status.ts';
import { commandNames } from '../../src/cli/program.ts';
import { exitMeanings, variables } from '../../src/cli/reference/every-command.ts';
import { generate, readProgram } from '../../src/cli/reference/generate.ts';
import type { Page } from '../../src/cli/reference/page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(`${root}/${path}`, 'utf8');
const program = await readProgram();
const withBelow = (page: Page): Page[] => [page, ...page.below.flatMap(withBelow)];
const pages = program.below.flatMap(withBelow);

test('docs/commands.md is what the commands say (npm run reference writes it anew)', async () => {
  const { markdown } = await generate('1.2.3');
  expect(read('docs/commands.md')).toBe(markdown);
  expect((await generate('1.2.3')).markdown).toBe(markdown);
});

test('every command is there, and package.json names its manual page', async () => {
  expect(program.below.map(({ name }) => name)).toEqual(
    [...commandNames, 'help'].map((one) => `jwks ${one}`),
  );
  const { manPages } = await generate('1.2.3');
  const named = JSON.parse(read('package.json')).man;
  expect(named).toEqual(manPages.map(({ file }) => `./dist/man/${file}`).sort());
});

test.each(pages.map((page) => [page.name, page] as const))('%s says what there is to know', (_, page) => {
  expect(page.summary).toMatch(/^[a-z].*[^.]$/);
  expect(page.description).toMatch(/^[A-Z].*\.$/);
  expect(page.examples.length).toBeGreaterThanOrEqual(2);
  for (const [term, meaning] of [...page.options, ...page.operands]) expect(meaning, term).toMatch(/\S{3}/);
  // What the usage names is explained, and nothing else; values of options and a word of its own apart.
  const named = [...page.usage.matchAll(/(?<!--\w+ )[<[]([^\]>]+?)(?:\.\.\.)?[\]>]/g)].map(
    ([, name]) => name,
  );
  const explained = page.operands.map(([name]) => name);
  expect(named.filter((name) => name !== 'options')).toEqual(page.below.length > 0 ? ['command'] : explained);
});

test('every option of every command is explained', () => {
  expect(program.options.length).toBeGreaterThan(10);
  for (const [term, meaning] of program.options) expect(meaning, term).toMatch(/\S{3}/);
});

test('every exit code and every variable is told', () => {
  const codes = [0, ...Object.values(exitStatus)].map(String);
  expect(Object.keys(exitMeanings).sort()).toEqual([...new Set(codes)].sort());
  const sources = readdirSync(`${root}/src`, { recursive: true })
    .map(String)
    .filter((path) => path.endsWith('.ts') && !path.includes('reference/'));
  const code = sources.map((path) => read(`src/${path}`)).join('\n');
  // Set for the command that prints the secret, so that it is not asked for the secret in turn.
  const own = 'JWKS_IN_SECRET_COMMAND';
  const used = new Set([...code.matchAll(/\bJWKS_[A-Z_]+\b/g)].map(String));
  const told = variables.flatMap(([names]) => names.split(', ')).filter((name) => name.startsWith('JWKS_'));
  expect([...used].filter((name) => name !== own).sort()).toEqual(told.sort());
});
