// Shows of commands that are refused that they change nothing, and that every key is still there.
import { expect } from 'vitest';
import { Machine } from './cli.ts';
import { snapshotOf } from './snapshot.ts';

export const hydra = 'hydra.openid.id-token';

export async function machineWithKeys(): Promise<Machine> {
  const machine = new Machine();
  await machine.jwks(`create --alg ES256 ${hydra} first`);
  await machine.jwks('create --alg HS256 sym shared');
  return machine;
}

/** Runs commands and shows that they changed nothing on the machine. */
export async function refused(machine: Machine, work: () => Promise<void>): Promise<void> {
  const before = snapshotOf(machine.home);
  await work();
  expect(snapshotOf(machine.home)).toEqual(before);
  const kids = await machine.jwks(`export ${hydra} sym --private --format json`);
  expect(JSON.parse(kids.stdout).keys.map(({ kid }: { kid: string }) => kid)).toEqual(['first', 'shared']);
}
