// What every start loads is one file: what it needed besides would cost time, and might need it in turn.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const core = readFileSync(fileURLToPath(new URL('../../dist/command/core.cjs', import.meta.url)), 'utf8');

test('the core loads no other file and no network before it is used', () => {
  const loads = [...core.matchAll(/(\(\)=>(?:\/\*.*?\*\/ ?)?(?:\w+\.\w+\()?)?require\([`"']([^`"']+)[`"']/g)];
  const first = loads.filter(([, deferred]) => deferred === undefined).map(([, , name]) => name ?? '');
  expect(first.filter((name) => name.startsWith('.'))).toEqual(['./rolldown-runtime.cjs']);
  for (const heavy of ['node:net', 'node:tls', 'node:http', 'node:https', 'node:child_process', 'pg'])
    expect(first).not.toContain(heavy);
  expect(first).toContain('node:crypto');
});

test('the code cache that lies beside it is one that this Node takes', () => {
  const path = fileURLToPath(new URL('../../dist/command/core.cjs', import.meta.url));
  // As src/main.ts reads it, in a process whose V8 has no other flags.
  const load = `
    const { readFileSync } = require('node:fs');
    const text = require('node:module').wrap(readFileSync(process.argv[1], 'utf8'));
    const cachedData = readFileSync(process.argv[1] + '.cache');
    const { cachedDataRejected } = new (require('node:vm').Script)(text, { filename: process.argv[1], cachedData });
    process.stdout.write(String(cachedDataRejected));`;
  expect(execFileSync(process.execPath, ['-e', load, path], { encoding: 'utf8' })).toBe('false');
});
