// docs/lint.md tells the rules that there are, in their own words.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { lintRules } from '../../src/jose/lint/rules.ts';
import { Machine } from '../support/cli.ts';

const document = readFileSync(new URL('../../docs/lint.md', import.meta.url), 'utf8');
// Without what a table is padded with.
const rows = document
  .split('\n')
  .map((line) => line.replace(/ +\|/g, ' |'))
  .filter((line) => line.startsWith('| `'));

test('every rule has its row', () => {
  const expected = Object.entries(lintRules).map(
    ([code, { severity, why, advice }]) => `| \`${code}\` | ${severity} | ${why} | ${advice} |`,
  );
  expect(rows.filter((row) => /\| (?:error|warning) \|/.test(row))).toEqual(expected);
});

test('every consumer has its row', async () => {
  const { stdout } = await new Machine().jwks('lint --help');
  const choices = stdout.replace(/\s+/g, ' ').match(/--for <consumer>[^:]*: (.*?) --/)?.[1] ?? '';
  const named = rows.map((row) => row.split('`')[1]).slice(0, 7);
  expect(choices.split(', ')).toEqual(named);
});
