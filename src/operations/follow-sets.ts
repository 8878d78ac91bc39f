// Follows the sets of a keystore while it changes, and keeps the last good state of what cannot be read.
import { JwksError } from '../errors.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import { type SetId, setNameOf } from '../keystore/set-id.ts';
import { selectSets } from './select-sets.ts';

export interface FollowedFault {
  /** Absent: it concerns the whole keystore. */
  readonly set: string | undefined;
  readonly error: JwksError;
}

export class Follower {
  readonly #reader: Reader;
  readonly #sets: readonly SetId[] | 'all';
  #manifests: readonly Manifest[];
  #faults: readonly FollowedFault[] = [];
  #looking: Promise<boolean> | undefined;

  /** What is not there or cannot be read at the start is an error, as for `selectSets`. */
  static async start(reader: Reader, sets: readonly SetId[] | 'all'): Promise<Follower> {
    return new Follower(reader, sets, await selectSets(reader, sets));
  }

  private constructor(reader: Reader, sets: readonly SetId[] | 'all', manifests: readonly Manifest[]) {
    this.#reader = reader;
    this.#sets = sets;
    this.#manifests = manifests;
  }

  /** The last good one of each set that is not deleted. Another array only when something has changed. */
  get manifests(): readonly Manifest[] {
    return this.#manifests;
  }

  get faults(): readonly FollowedFault[] {
    return this.#faults;
  }

  /** Looks again; tells whether anything is another. Never throws, and looks once where it is called twice. */
  poll(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<boolean> {
    const faults: FollowedFault[] = [];
    const fail = (set: string | undefined, error: unknown) =>
      void faults.push({ set, error: toFault(error) });
    let manifests = this.#manifests;
    try {
      await this.#reader.reloadMaster();
      const found = await this.#read(fail);
      // A set that cannot be read now is served as it was.
      const kept = this.#manifests.filter(({ set }) => faults.some((fault) => fault.set === set));
      manifests = this.#inOrder([
        ...found,
        ...kept.filter(({ set }) => !found.some((one) => one.set === set)),
      ]);
    } catch (error) {
      fail(undefined, error);
    }
    const hasChanged = textOf(manifests) !== textOf(this.#manifests);
    const isOther = faults.map(wordsOf).join() !== this.#faults.map(wordsOf).join();
    this.#faults = faults;
    if (hasChanged) {
      this.#manifests = manifests;
      this.#reader.remember(false);
    }
    return hasChanged || isOther;
  }

  async #read(fail: (set: string | undefined, error: unknown) => void): Promise<Manifest[]> {
    const found: Manifest[] = [];
    if (this.#sets === 'all') {
      found.push(...(await this.#reader.readManifests((name, error) => fail(setNameOf(name), error))));
    } else {
      for (const id of new Set(this.#sets)) {
        try {
          const document = await this.#reader.readSet(id);
          if (document !== undefined) found.push(document.manifest);
        } catch (error) {
          fail(id, error);
        }
      }
    }
    return found.filter(({ deleted }) => deleted === undefined);
  }

  #inOrder(manifests: readonly Manifest[]): Manifest[] {
    const order = this.#sets;
    if (order === 'all') return manifests.toSorted((a, b) => (a.set < b.set ? -1 : a.set > b.set ? 1 : 0));
    return manifests.toSorted((a, b) => order.indexOf(a.set) - order.indexOf(b.set));
  }
}

function textOf(manifests: readonly Manifest[]): string {
  return manifests.map(({ set, revision, updated }) => `${set} ${revision} ${updated}`).join('\n');
}

function wordsOf({ set, error }: FollowedFault): string {
  return `${set ?? ''} ${error.message}`;
}

function toFault(error: unknown): JwksError {
  if (error instanceof JwksError) return error;
  return new JwksError('internal', 'the keystore could not be looked at', { cause: error });
}
