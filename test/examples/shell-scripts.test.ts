// Every line of shell in examples/, through shellcheck.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { examples } from './schedule.ts';

const has = spawnSync('shellcheck', ['--version']).status === 0;

function faultsOf(script: string, shell: 'sh' | 'bash'): string {
  const words = ['--shell', shell, '--norc', '--enable', 'check-unassigned-uppercase', '-'];
  return spawnSync('shellcheck', words, { input: script, encoding: 'utf8' }).stdout;
}

const files = readdirSync(examples, { recursive: true, encoding: 'utf8' });

describe.skipIf(!has)('shellcheck (skipped where it is not installed)', () => {
  test.each(files.filter((name) => name.endsWith('.sh')))('%s', (name) => {
    expect(faultsOf(readFileSync(examples + name, 'utf8'), 'sh')).toBe('');
  });

  test('the steps of the workflow', () => {
    const [workflow] = parseAllDocuments(readFileSync(`${examples}github-actions/rotate.yml`, 'utf8'));
    const steps: { run?: string; env?: object }[] = workflow?.toJS().jobs.rotate.steps;
    for (const { run = '', env = {} } of steps) {
      const known = [...Object.keys(env), 'GITHUB_REF_NAME'].map((name) => `: "\${${name}:=x}"\n`);
      expect(faultsOf(known.join('') + run, 'bash')).toBe('');
    }
  });

  test('the jobs of the crontab', () => {
    const lines = readFileSync(`${examples}crontab`, 'utf8').split('\n');
    const commands = lines.map((line) => /^[\d*][^ ]*(?: +\S+){5} +(.*)$/.exec(line)?.[1]);
    const jobs = commands.filter((command) => command !== undefined);
    expect(jobs).toHaveLength(2);
    for (const job of jobs) expect(faultsOf(job, 'sh')).toBe('');
  });

  test('the shell in README.md', () => {
    const blocks = readFileSync(`${examples}README.md`, 'utf8').matchAll(/^```sh\n([\s\S]*?)^```$/gm);
    const scripts = [...blocks].map(([, script = '']) => script);
    expect(scripts.length).toBeGreaterThan(2);
    for (const script of scripts) expect(faultsOf(script, 'bash')).toBe('');
  });
});

test.each(files.filter((name) => name.endsWith('.sh')))('%s can be run', (name) => {
  expect(statSync(examples + name).mode & 0o111).toBe(0o111);
  expect(readFileSync(examples + name, 'utf8')).toMatch(/^#!\/bin\/sh\n/);
});
