// The words for what keys do, by what they are for.
import type { Phase } from './phases.ts';
import type { Group, Timeline } from './timeline.ts';

export type PhaseWords = Readonly<Record<Phase, string>>;

/** A symmetric key and one for encryption are never in the public set before they work: they are handed out. */
export function wordsFor({ use, symmetric }: Pick<Group, 'use' | 'symmetric'>): PhaseWords {
  const published = use === 'enc' || symmetric ? 'handed out' : 'published';
  return use === 'enc'
    ? { published, signs: 'encrypts', verifies: 'still decrypts' }
    : { published, signs: 'signs', verifies: 'still verifies' };
}

const phases: readonly Phase[] = ['published', 'signs', 'verifies'];

/** What the phases are called in a picture: by all their words, where its keys are of different kinds. */
export function legendOf({
  charts,
}: Pick<Timeline, 'charts'>): { readonly phase: Phase; readonly words: string }[] {
  const all = charts.flatMap(({ groups }) => groups.map(wordsFor));
  if (all.length === 0) return [];
  return phases.map((phase) => ({
    phase,
    words: [...new Set(all.map((words) => words[phase]))].join(' / '),
  }));
}
