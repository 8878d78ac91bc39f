// Machines on which something was done before, and where they keep it.
import { join } from 'node:path';
import { Machine } from '../support/cli.ts';

type Words = string | readonly string[];

/** Runs commands that must succeed; what the last one prints. */
export async function ok(machine: Machine, ...commands: readonly Words[]): Promise<string> {
  let last = '';
  for (const words of commands) {
    const { status, stdout, stderr } = await machine.jwks(words);
    if (status !== 0) throw new Error(`jwks ${[words].flat().join(' ')}: exit ${status}: ${stderr}`);
    last = stdout;
  }
  return last;
}

/** What a command that must succeed prints as JSON. */
// biome-ignore lint/suspicious/noExplicitAny: the shape is what is tested.
export async function json(machine: Machine, words: string): Promise<any> {
  return JSON.parse(await ok(machine, `${words} --format json`));
}

/** A new machine after these commands. */
export async function machineAfter(...commands: readonly Words[]): Promise<Machine> {
  const machine = new Machine();
  await ok(machine, ...commands);
  return machine;
}

export const keystoreOf = ({ home }: Machine, path = '') => join(home, '.local/share/jwks', path);
export const secretOf = ({ home }: Machine) => join(home, '.config/jwks/secret');
export const stateOf = ({ home }: Machine) => join(home, '.local/state/jwks');
export const inWork = ({ home }: Machine, name: string) => join(home, 'work', name);
