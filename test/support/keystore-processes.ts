// Many `jwks create` at once against one home, and what they leave behind.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { cleanEnv, type Finished, finish, start } from './command.ts';
import { accessIn, secretOf } from './keystore.ts';
import { temporaryDirectory } from './temporary.ts';

/** A home of its own, and the command with nothing else in its environment. */
export class Home {
  readonly path = temporaryDirectory();

  startCreate(set: string): ReturnType<typeof start> {
    return start(['create', '--alg', 'ES256', set], { env: cleanEnv(this.path), cwd: this.path });
  }

  create(set: string): Promise<Finished> {
    return finish(this.startCreate(set));
  }

  get keystore(): string {
    return join(this.path, '.local', 'share', 'jwks');
  }

  get secretFile(): string {
    return join(this.path, '.config', 'jwks', 'secret');
  }

  /** The kids of a set whose private halves open, and its revision, read by this process and not by the command. */
  async read(set: string): Promise<{ readonly kids: string[]; readonly revision: number }> {
    const text = readFileSync(this.secretFile, 'utf8');
    const access = accessIn(this.path, {
      directory: this.keystore,
      stateDirectory: undefined,
      findSecret: secretOf(text),
    });
    const opened = await (await openKeystore(access, undefined)).openSet(parseSetId(set));
    return {
      kids: opened?.privateKeys.map(({ kid }) => kid ?? '') ?? [],
      revision: opened?.manifest.revision ?? 0,
    };
  }
}

/** The kid that a create printed, if it got so far. */
export function printedKid({ stdout }: Finished): string | undefined {
  try {
    return JSON.parse(stdout).keys[0].kid;
  } catch {
    return undefined;
  }
}

/** Runs tasks, so many at a time. */
export async function inTurn<T>(
  count: number,
  atOnce: number,
  task: (index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await task(index);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return results;
}

/** Random numbers from 0 to 1 that can be drawn again (mulberry32); the seed is printed. */
export function seeded(
  what: string,
  seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31)),
): () => number {
  console.log(`${what}: SEED=${seed}`);
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Milliseconds that a create takes here and now, so many at a time. */
export async function usualTime(home: Home, atOnce: number): Promise<number> {
  const times = await inTurn(2 * atOnce, atOnce, async () => {
    const begin = performance.now();
    await home.create('warm-up');
    return performance.now() - begin;
  });
  return times.sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 100;
}
