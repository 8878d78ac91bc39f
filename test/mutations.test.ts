// The faults that scripts/mutate-rules.js makes are still faults of what stands there: each is found once. Not in the
// folder of their tests, which would notice any of them by that.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

interface Mutation {
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

test.each(['plan-mutations.js', 'state-mutations.js'])('%s', async (name) => {
  const lists: Record<string, readonly Mutation[]> = await import(
    new URL(`lifecycle/${name}`, import.meta.url).href
  );
  const mutations = Object.values(lists).flat();
  const textOf = (file: string) => readFileSync(new URL(`../src/lifecycle/${file}`, import.meta.url), 'utf8');
  expect(mutations.length).toBeGreaterThan(0);
  expect(mutations.filter(({ file, find }) => textOf(file).split(find).length !== 2)).toEqual([]);
  expect(mutations.filter(({ find, replace }) => find === replace)).toEqual([]);
});
