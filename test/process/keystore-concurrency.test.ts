// Many processes change one keystore at once: nothing is lost, nothing is there twice.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { cleanEnv, jwks } from '../support/command.ts';
import { ofExtent } from '../support/extent.ts';
import { pathsBelow, revisionsIn, temporariesBelow } from '../support/keystore-files.ts';
import { Home, inTurn, printedKid } from '../support/keystore-processes.ts';

/** JWKS_FAULTS=more: more of them. */
const many = ofExtent({ few: 10, more: 40 });

test(`${many} processes add a key to one set at once`, { timeout: 60_000 }, async () => {
  const home = new Home();
  const first = await home.create('auth');
  const finished = await Promise.all(Array.from({ length: many }, () => home.create('auth')));
  expect(finished.filter(({ status }) => status !== 0)).toEqual([]);
  const printed = [first, ...finished].map(printedKid);
  const { kids, revision } = await home.read('auth');
  expect(kids).toHaveLength(many + 1);
  expect([...kids].sort()).toEqual(printed.sort());
  expect(revision).toBe(many + 1);
  const texts = revisionsIn(join(home.keystore, 'sets', 'auth'));
  expect(texts.filter((text) => text !== '')).toHaveLength(1);
  expect(temporariesBelow(home.path)).toEqual([]);
});

test(`${many} processes find no keystore at once, and each makes its set`, { timeout: 60_000 }, async () => {
  const home = new Home();
  const finished = await Promise.all(Array.from({ length: many }, (_, index) => home.create(`set-${index}`)));
  expect(finished.filter(({ status }) => status !== 0)).toEqual([]);
  expect(finished.filter(({ stderr }) => stderr.includes('made a keystore'))).toHaveLength(1);
  expect(readdirSync(dirname(home.secretFile))).toEqual(['secret']);
  expect(readdirSync(join(home.keystore, 'master'))).toEqual(['1.json']);
  const listed = await jwks(['list', '--format', 'json'], { env: cleanEnv(home.path), cwd: home.path });
  expect(listed.status).toBe(0);
  expect(JSON.parse(listed.stdout).sets).toHaveLength(many);
  const read = await inTurn(many, 4, (index) => home.read(`set-${index}`));
  expect(read).toEqual(finished.map((one) => ({ kids: [printedKid(one)], revision: 1 })));
  expect(temporariesBelow(home.path)).toEqual([]);
  expect(pathsBelow(home.keystore).filter((path) => path.endsWith('.json'))).toHaveLength(many + 1);
});
