// examples/github-actions/rotate.yml: what it says, and its script against a remote repository.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { Finished } from '../support/command.ts';
import { type Clone, GitKeystore, hasGit } from './git-keystore.ts';
import { examples } from './schedule.ts';

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string>>;
}

const workflow = parse(readFileSync(`${examples}github-actions/rotate.yml`, 'utf8'));
const steps: readonly Step[] = workflow.jobs.rotate.steps;
const script = steps.at(-1)?.run ?? '';

/** The step as the runner runs it: bash with -e and pipefail, nothing of the shell's own. */
function runStep(
  clone: Clone,
  { identity, secretFile }: GitKeystore,
  env: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  const secret = readFileSync(secretFile, 'utf8').trim();
  const variables = {
    CI: 'true',
    GITHUB_REF_NAME: 'main',
    JWKS_IDENTITY: identity,
    JWKS_SECRET: secret,
    SEEN: `${clone.state}/seen`,
    STEP: script,
    ...env,
  };
  return clone.run(
    `unset JWKS_SECRET_FILE XDG_STATE_HOME HOME && bash --noprofile --norc -eo pipefail -c "$STEP"`,
    variables,
  );
}

test('it runs one at a time, on a schedule, with no more rights than it needs', () => {
  expect(workflow.on.schedule).toEqual([{ cron: expect.stringMatching(/^[1-9]\d? \d+ \* \* \*$/) }]);
  expect(workflow.permissions).toEqual({ contents: 'write' });
  expect(workflow.concurrency).toEqual({ group: 'jwks-keystore', 'cancel-in-progress': false });
  expect(workflow.jobs.rotate['timeout-minutes']).toBeGreaterThan(0);
});

test('the secret is in the environment of the last step only, and in no command line', () => {
  const text = JSON.stringify(workflow);
  expect(text.match(/secrets\.JWKS_SECRET/g)).toHaveLength(1);
  expect(steps.at(-1)?.env).toMatchObject({
    JWKS_SECRET: expect.stringContaining('secrets.JWKS_SECRET'),
    JWKS_IDENTITY: expect.stringContaining('vars.JWKS_IDENTITY'),
  });
  // Text of an expression in a script is how scripts are injected.
  for (const { run = '' } of steps) expect(run).not.toContain('{{');
});

test('what was seen is cached under a new name each time', () => {
  const cache = steps.find(({ uses }) => uses?.startsWith('actions/cache@'))?.with;
  expect(cache?.['path']).toBe(steps.at(-1)?.env?.['SEEN']);
  expect(cache?.['key']).toContain('github.run_id');
  expect(cache?.['key']).toMatch(new RegExp(`^${cache?.['restore-keys']}`));
});

describe.skipIf(!hasGit)('its script (skipped without git)', () => {
  test('it rotates, publishes and pushes; the next run finds nothing to do and says what is next', async () => {
    const keystore = await GitKeystore.make();
    const runner = await keystore.clone('runner');
    expect(await runStep(runner, keystore)).toMatchObject({ status: 0 });
    expect(await keystore.pushed('keys/sets/auth')).toContain('keys/sets/auth/3.json');
    const published = await keystore.do('git -C origin.git show main:public/.well-known/jwks.json');
    expect(JSON.parse(published).keys).toHaveLength(2);
    const head = await keystore.do('git -C origin.git rev-parse main');

    const again = await runStep(await keystore.clone('runner-2'), keystore);
    expect(again.status).toBe(0);
    expect(again.stderr).toContain('nothing is due; next: auth');
    expect(await keystore.do('git -C origin.git rev-parse main')).toBe(head);
  });

  test('where somebody pushes in between it starts again from what was pushed', async () => {
    const keystore = await GitKeystore.make();
    const [runner, other] = [await keystore.clone('runner'), await keystore.clone('other')];
    await other.change();
    // The other push arrives when this one has made its own change of the same revision.
    const hook = `[ ! -e ../raced ] || exit 0; touch ../raced; git -C ../other push --quiet origin main`;
    await runner.do(`printf '#!/bin/sh\\n%s\\n' ${JSON.stringify(hook)} > .git/hooks/post-commit &&
    chmod +x .git/hooks/post-commit`);
    const ran = await runStep(runner, keystore);
    expect(ran).toMatchObject({ status: 0 });
    expect(ran.stderr).toContain('rejected');
    const subjects = await keystore.do('git -C origin.git log --format=%s main');
    expect(subjects).toBe('keys: rotate what is due\nchange\nfirst\n');
    // What the attempt that was not pushed had seen is forgotten: the next run is no fork.
    expect((await runStep(runner, keystore)).status).toBe(0);
  });

  test('a history that was rewritten is refused, and nothing is pushed', async () => {
    const keystore = await GitKeystore.make();
    const runner = await keystore.clone('runner');
    expect((await runStep(runner, keystore)).status).toBe(0);
    await keystore.do('git -C origin.git update-ref refs/heads/main main~1');
    const ran = await runStep(runner, keystore);
    expect(ran.status).toBe(6);
    expect(await keystore.do('git -C origin.git log --format=%s main')).toBe('first\n');
  });

  test('without its secret nothing is rotated, what is there is published, and the job fails', async () => {
    const keystore = await GitKeystore.make();
    const ran = await runStep(await keystore.clone('runner'), keystore, { JWKS_SECRET: '' });
    expect(ran.status).toBe(4);
    expect(await keystore.pushed('keys/sets/auth')).not.toContain('keys/sets/auth/3.json');
    const published = await keystore.do('git -C origin.git show main:public/.well-known/jwks.json');
    expect(JSON.parse(published).keys).toHaveLength(1);
  });

  test('without the fingerprint nothing is done', async () => {
    const keystore = await GitKeystore.make();
    const ran = await runStep(await keystore.clone('runner'), keystore, { JWKS_IDENTITY: '' });
    expect(ran.status).toBe(2);
    expect(await keystore.do('git -C origin.git log --format=%s main')).toBe('first\n');
  });

  test('another keystore than the one that was named is not published', async () => {
    const keystore = await GitKeystore.make();
    const ran = await runStep(await keystore.clone('runner'), keystore, { JWKS_IDENTITY: 'A'.repeat(43) });
    expect(ran.status).toBe(4);
    expect(await keystore.do('git -C origin.git log --format=%s main')).toBe('first\n');
  });
});
