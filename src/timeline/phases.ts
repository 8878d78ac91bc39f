// What each key of one role does over time, as stretches without a gap.
import { type KeyLife, stateOf } from '../lifecycle/key.ts';
import { type Role, signerOf } from '../lifecycle/signer.ts';
import type { Instant } from '../lifecycle/time.ts';

/**
 * What a key is good for. Of `use: enc`: handed out, encrypts, decrypts. An active key beside the signer only
 * verifies.
 */
export type Phase = 'published' | 'signs' | 'verifies';

export interface Stretch {
  readonly phase: Phase;
  readonly from: Instant;
  /** Absent: no end is known. */
  readonly to: Instant | undefined;
}

/**
 * The stretches of every key, in the order of the keys. `known`: when it was last written whether a private half
 * is held; one that was destroyed after its key's work has signed before.
 */
export function stretchesOf(keys: readonly KeyLife[], role: Role, known: Instant): Stretch[][] {
  const lives = keys.map((key) => ({ ...key, held: key.held || isPastWork(key, known) }));
  const stretches = lives.map((): Stretch[] => []);
  const times = [...new Set(lives.flatMap(datesOf))].sort((a, b) => a - b);
  for (const [index, from] of times.entries()) {
    const to = times[index + 1];
    const there = lives.filter(({ created }) => created <= from);
    const signer = role.use === 'sig' ? signerOf(there, role, from, 0) : undefined;
    for (const [place, life] of lives.entries()) {
      const phase = life.created <= from ? phaseOf(life, from, signer) : undefined;
      if (phase !== undefined) extend(stretches[place], { phase, from, to });
    }
  }
  return stretches;
}

/** Every date at which something happens to a key. */
export function datesOf({ created, activates, deactivates, retires, revoked }: KeyLife): Instant[] {
  const dates = [created, activates, deactivates, retires, revoked?.at];
  return dates.filter((date) => date !== undefined);
}

function isPastWork(key: KeyLife, known: Instant): boolean {
  const state = stateOf(key, known);
  return state !== 'next' && state !== 'active';
}

function phaseOf(key: KeyLife, at: Instant, signer: KeyLife | undefined): Phase | undefined {
  switch (stateOf(key, at)) {
    case 'next':
      return 'published';
    case 'active':
      return key.use === 'enc' || key === signer ? 'signs' : 'verifies';
    case 'retiring':
      return 'verifies';
    case 'retired':
    case 'revoked':
      return undefined;
  }
}

function extend(stretches: Stretch[] | undefined, next: Stretch): void {
  const last = stretches?.at(-1);
  if (last?.phase === next.phase && last.to === next.from) stretches?.pop();
  stretches?.push(last?.phase === next.phase && last.to === next.from ? { ...next, from: last.from } : next);
}
