// What every start loads is one file: what it needed besides would cost time, and might need it in turn.
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
