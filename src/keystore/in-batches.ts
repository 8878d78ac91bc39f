// Long work in portions, between which the process does what else it has to.
import { setImmediate as turn } from 'node:timers/promises';

/** Works on up to `size` items at a time. One that fails ends it. */
export async function inBatches<T>(
  items: readonly T[],
  size: number,
  work: (item: T) => void | Promise<void>,
): Promise<void> {
  for (let next = 0; next < items.length; next += size) {
    if (next > 0) await turn();
    await Promise.all(items.slice(next, next + size).map(work));
  }
}
