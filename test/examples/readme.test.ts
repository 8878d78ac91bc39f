// examples/README.md: its console block as it stands, its links, and what it says of the files beside it.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { sh } from '../support/shell.ts';
import { runSteps, stepsOf, withoutKeys } from '../support/shell-transcript.ts';
import { dueHost, examples } from './schedule.ts';

const path = `${examples}README.md`;
const text = readFileSync(path, 'utf8');
const hasBash = spawnSync('bash', ['--version']).status === 0;

test.skipIf(!hasBash)('the console block shows what its commands print (skipped without bash)', () => {
  const plain = (shown: string) => withoutKeys(shown).replace(/\d{4}-\d\d-\d\dT[\d:]+Z \(\d+ d\)/g, '<date>');
  const steps = stepsOf(path);
  expect(steps.length).toBeGreaterThan(3);
  const printed = runSteps(steps, new Map());
  expect(printed.map(plain)).toEqual(steps.map(({ shown }) => plain(shown)));
});

test('its links lead somewhere', () => {
  const links = [...text.matchAll(/\]\(([^)#]+)\)/g)].map(([, target = '']) => target);
  expect(links.length).toBeGreaterThan(5);
  expect(links.filter((target) => !existsSync(examples + target))).toEqual([]);
});

test('the metrics that it alerts on are written, also where an error was found', async () => {
  const [, rules = ''] = /^```yaml\n([\s\S]*?)^```$/m.exec(text) ?? [];
  const expressions: string[] = parse(rules).groups[0].rules.map(({ expr }: { expr: string }) => expr);
  const { host } = await dueHost();
  await host.at('89d', 'policy -q auth --rotate-every 30d');
  const ran = await sh(host.shell, 'jwks check --format prometheus -q -o jwks.prom 2> /dev/null');
  expect(ran.status).toBe(1);
  const written = readFileSync(`${host.machine.home}/jwks.prom`, 'utf8');
  for (const expression of expressions) {
    expect(written).toMatch(new RegExp(`^${/jwks_\w+/.exec(expression)?.[0]}[ {]`, 'm'));
  }
  expect(written).toMatch(/^jwks_check_ok 0$/m);
});
