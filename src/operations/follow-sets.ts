// Follows the sets of a keystore for as long as a server runs, and keeps the last good state of each.
import { isDeepStrictEqual } from 'node:util';
import { JwksError } from '../errors.ts';
import { KnownManifests } from '../keystore/known-manifests.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import { type DocumentName, documentOf, type SetId, setNameOf } from '../keystore/set-id.ts';
import { noSet } from './select-sets.ts';

export interface FollowedFault {
  /** `undefined`: the keystore as a whole. */
  readonly set: string | undefined;
  readonly error: JwksError;
}

/** What one look has found. */
interface Look {
  readonly manifests: readonly Manifest[];
  readonly faults: readonly FollowedFault[];
}

export class Follower {
  readonly #reader: Reader;
  readonly #sets: readonly SetId[] | 'all';
  readonly #known: KnownManifests;
  #manifests: readonly Manifest[] = [];
  #faults: readonly FollowedFault[] = [];
  #looking: Promise<boolean> | undefined;

  /**
   * What is not there or does not open at the start ends it, as `selectSets` does. `now` counts milliseconds, from
   * wherever.
   */
  static async start(reader: Reader, sets: readonly SetId[] | 'all', now?: () => number): Promise<Follower> {
    const named = sets === 'all' ? sets : [...new Set(sets)];
    const follower = new Follower(reader, named, new KnownManifests(now));
    const { manifests, faults } = await follower.#read();
    if (faults[0] !== undefined) throw faults[0].error;
    follower.#manifests = manifests;
    return follower;
  }

  private constructor(reader: Reader, sets: readonly SetId[] | 'all', known: KnownManifests) {
    this.#reader = reader;
    this.#sets = sets;
    this.#known = known;
  }

  /** The last good manifest of each set that is not deleted, in the order named or by set id. Another array only when something changed. */
  get manifests(): readonly Manifest[] {
    return this.#manifests;
  }

  get faults(): readonly FollowedFault[] {
    return this.#faults;
  }

  /** Looks again; whether manifests or faults changed. Never throws. Concurrent calls share one look. */
  poll(): Promise<boolean> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  /** As `poll`, in a look that begins after the call: what was written before it is seen. */
  async refresh(): Promise<boolean> {
    await this.#looking;
    return this.poll();
  }

  /** Calls back when it is worth while to look, where the storage can tell that. Returns what ends it. */
  watch(onChange: () => void): () => void {
    return this.#reader.storage.watch?.(onChange) ?? (() => {});
  }

  async #look(): Promise<boolean> {
    let isNewMaster = false;
    let look: Look;
    try {
      isNewMaster = await this.#reader.reloadMaster();
      look = await this.#read();
    } catch (error) {
      look = { manifests: this.#manifests, faults: [{ set: undefined, error: toJwksError(error) }] };
    }
    const isOther = !isSameList(this.#manifests, look.manifests, isDeepStrictEqual);
    const isOtherwiseFaulty = !isSameList(this.#faults, look.faults, isSameFault);
    if (isOther) this.#manifests = look.manifests;
    if (isOtherwiseFaulty) this.#faults = look.faults;
    if (isOther || isNewMaster) this.#reader.remember(false);
    return isOther || isOtherwiseFaulty;
  }

  #read(): Promise<Look> {
    return this.#sets === 'all' ? this.#readAll() : this.#readNamed(this.#sets);
  }

  async #readNamed(sets: readonly SetId[]): Promise<Look> {
    const broken = new Map<DocumentName, JwksError>();
    const names = sets.map(documentOf);
    const found = await this.#reader.readEach(names, (name, error) => broken.set(name, error), this.#known);
    const manifests: Manifest[] = [];
    const faults: FollowedFault[] = [];
    for (const set of sets) {
      const name = documentOf(set);
      const manifest = found.get(name);
      if (manifest === undefined) {
        faults.push({ set, error: broken.get(name) ?? noSet(set) });
        manifests.push(...this.#lastGood(set));
      } else if (manifest.deleted === undefined) manifests.push(manifest);
      // It is not served any more, but somebody said that it should be.
      else faults.push({ set, error: noSet(set) });
    }
    return { manifests, faults };
  }

  async #readAll(): Promise<Look> {
    const broken = new Map<DocumentName, JwksError>();
    const found = await this.#reader.readManifests((name, error) => broken.set(name, error), this.#known);
    const read = new Set<string>(found.map(({ set }) => set));
    const kept = this.#manifests.filter(({ set }) => !read.has(set));
    const faults: FollowedFault[] = kept.map(({ set }) => {
      const name = documentOf(set);
      // A set is deleted by a revision that says so: one that is just not there any more is served on.
      const error = broken.get(name) ?? noSet(set);
      broken.delete(name);
      return { set, error };
    });
    for (const [name, error] of broken) faults.push({ set: setNameOf(name), error });
    const manifests = [...found.filter(({ deleted }) => deleted === undefined), ...kept];
    return { manifests: manifests.sort((a, b) => (a.set < b.set ? -1 : 1)), faults: faults.sort(bySet) };
  }

  #lastGood(id: SetId): readonly Manifest[] {
    return this.#manifests.filter(({ set }) => set === id);
  }
}

function toJwksError(error: unknown): JwksError {
  if (error instanceof JwksError) return error;
  return new JwksError('internal', 'the keystore could not be read for an unexpected reason', {
    cause: error,
  });
}

function bySet(a: FollowedFault, b: FollowedFault): number {
  return (a.set ?? '') < (b.set ?? '') ? -1 : 1;
}

function isSameList<T>(
  a: readonly T[],
  b: readonly T[],
  isSame: (a: T, b: T | undefined) => boolean,
): boolean {
  return a.length === b.length && a.every((one, index) => isSame(one, b[index]));
}

function isSameFault(a: FollowedFault, b: FollowedFault | undefined): boolean {
  return a.set === b?.set && a.error.code === b?.error.code && a.error.message === b.error.message;
}
