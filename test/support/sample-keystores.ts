// The samples of test/fixtures/keystores, each put into a home of its own as the host that made it had it.
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Machine } from './cli.ts';

export const fixtures = fileURLToPath(new URL('../fixtures/keystores', import.meta.url));

interface About {
  readonly commit: string;
  readonly made: string;
  readonly identity: string;
  /** Where it lay, as its host remembers. */
  readonly place: string;
}

export interface Sample extends About {
  readonly machine: Machine;
  readonly keystore: string;
  /** What it had published when it was made, as text. */
  readonly published: string;
  /** A copy of a file of the sample that only its owner reads. */
  readonly file: (name: string) => string;
  readonly ok: (words: string | readonly string[]) => Promise<string>;
}

/** `newer`: what this version is not to read. */
export function sampleNames(kind: 'older' | 'newer'): string[] {
  const names = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return names.map(({ name }) => name).filter((name) => name.startsWith('newer-') === (kind === 'newer'));
}

export function readText(...path: readonly string[]): string {
  return readFileSync(join(fixtures, ...path), 'utf8');
}

/** A machine with a copy of a keystore and its secret. */
export function machineWith(name: string, now?: string): Machine {
  const machine = new Machine(now);
  const config = join(machine.home, '.config/jwks');
  mkdirSync(config, { recursive: true, mode: 0o700 });
  for (const file of readdirSync(join(fixtures, name)).filter((each) => each.startsWith('secret')))
    writeFileSync(join(config, file), readText(name, file), { mode: 0o600 });
  const keystore = join(machine.home, '.local/share/jwks');
  cpSync(join(fixtures, name, 'keystore'), keystore, { recursive: true });
  // Git keeps no modes.
  for (const entry of readdirSync(keystore, { recursive: true, encoding: 'utf8' })) {
    const path = join(keystore, entry);
    chmodSync(path, statSync(path).isDirectory() ? 0o700 : 0o600);
  }
  chmodSync(keystore, 0o700);
  return machine;
}

export function openSample(name: string): Sample {
  const about = JSON.parse(readText(name, 'sample.json')) as About;
  const machine = machineWith(name, about.made);
  const keystore = join(machine.home, '.local/share/jwks');
  const state = join(machine.home, '.local/state/jwks');
  mkdirSync(state, { recursive: true, mode: 0o700 });
  for (const file of readdirSync(join(fixtures, name, 'state'))) {
    const seen = readText(name, 'state', file).replaceAll(about.place, keystore);
    writeFileSync(join(state, file), seen, { mode: 0o600 });
  }
  return {
    ...about,
    machine,
    keystore,
    published: readText(name, 'public.jwks.json'),
    file: (file) => {
      const path = join(machine.home, file);
      writeFileSync(path, readText(name, file), { mode: 0o600 });
      return path;
    },
    ok: async (words) => {
      const ran = await machine.jwks(words);
      if (ran.status !== 0) throw new Error(`${name}: ${words}: exit ${ran.status}, ${ran.stderr}`);
      return ran.stdout;
    },
  };
}
