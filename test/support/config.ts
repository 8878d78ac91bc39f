// Machines with configuration files on them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect } from 'vitest';
import { Machine, type Settings } from './cli.ts';

/** A machine with a repository in its home and files in it, by paths below the home. */
export function machineWith(files: Readonly<Record<string, string>>): Machine {
  const machine = new Machine();
  mkdirSync(`${machine.home}/repository/.git`, { recursive: true });
  mkdirSync(`${machine.home}/repository/deep/down`, { recursive: true });
  for (const [path, text] of Object.entries(files)) put(machine, path, text);
  return machine;
}

export function put(machine: Machine, path: string, text: string): void {
  mkdirSync(dirname(join(machine.home, path)), { recursive: true });
  writeFileSync(join(machine.home, path), text);
}

/** Effective values by their names, with where they come from. */
export async function effective(machine: Machine, settings: Settings = {}, words = '') {
  const { stdout, stderr, status } = await machine.jwks(`config --format json ${words}`, settings);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const rows: { name: string; value: unknown; from: string }[] = JSON.parse(stdout).settings;
  return Object.fromEntries(rows.map(({ name, value, from }) => [name, { value, from }]));
}
