// Published test vectors: short ones in test/vectors, and collections that may lie beside the project.
import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Collections are read where they are, in a folder next to the repository, and never copied into it. */
const collections = new URL('../../../shared/vectors/', import.meta.url);

export const hasCollections = existsSync(collections);

/** A title for tests that need the collections: where they are skipped it says why. */
export function withCollections(title: string): string {
  return hasCollections ? title : `${title} (skipped: ../shared/vectors is not beside the project)`;
}

export function readCollected(path: string): string {
  return readFileSync(new URL(path, collections), 'utf8').trim();
}

/** The files of a collection, as paths for `readCollected`; none where there is no collection. */
export function listCollected(folder: string, suffix: string): string[] {
  if (!hasCollections) return [];
  const names = readdirSync(new URL(folder, collections)).sort();
  return names.filter((name) => name.endsWith(suffix)).map((name) => `${folder}${name}`);
}

/** A vector of the project's own, typed in from a standard. */
export function readVector(name: string): string {
  return readFileSync(new URL(`../vectors/${name}`, import.meta.url), 'utf8');
}
