// Who lives with a set in a simulated world: publishers, holders of its private half, and holders of its public one.
import { nowFor } from '../../src/lifecycle/clock.ts';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { heldKeys, publishedKeys } from '../../src/lifecycle/publication.ts';
import { signersOf } from '../../src/lifecycle/signer.ts';
import type { Instant, Seconds } from '../../src/lifecycle/time.ts';
import type { FleetKey, FleetKeystore } from './fleet-keystore.ts';
import type { Chance } from './fleet-random.ts';

/** A public set as it can be fetched. */
export interface Published {
  readonly keys: readonly FleetKey[];
  readonly ids: ReadonlySet<number>;
  /** `max-age` and `stale-if-error` of its headers. */
  readonly fresh: Seconds;
}

/** The next second at which a date of some key is reached. */
function nextDate(keys: readonly KeyLife[], now: number): number {
  let next = Number.POSITIVE_INFINITY;
  for (const { activates, deactivates, retires } of keys)
    for (const date of [activates, deactivates, retires])
      if (date !== undefined && date > now && date < next) next = date;
  return next;
}

/** Reads the keystore and puts up what it read, so that what is up is never older than publishLag. */
export class Publisher {
  readonly ahead: number;
  #up: Published | undefined;
  #read: Published | undefined;
  #readsAt = 0;
  #putsAt = 0;
  #until = 0;
  #known: { revision: number; until: number; set: Published } | undefined;

  constructor(ahead: number) {
    this.ahead = ahead;
  }

  step(store: FleetKeystore, time: number, chance: Chance): void {
    if (this.#read === undefined && time >= this.#readsAt) {
      this.#read = this.#export(store, time);
      // What is up was read at most publishLag ago; late as often as in time.
      this.#putsAt = Math.max(
        time,
        chance.is(0.5) ? this.#until : chance.from(time, Math.max(time, this.#until)),
      );
      this.#until = time + store.facts.publishLag;
    }
    if (this.#read === undefined || time < this.#putsAt) return;
    this.#up = this.#read;
    this.#read = undefined;
    this.#readsAt = chance.is(0.5) ? this.#until : chance.from(time, Math.max(time, this.#until));
  }

  fetch(store: FleetKeystore, time: number): Published {
    if (store.facts.publishLag === 0 || this.#up === undefined) return this.#export(store, time);
    return this.#up;
  }

  #export(store: FleetKeystore, time: number): Published {
    const clock = store.nowOn(time + this.ahead);
    const known = this.#known;
    if (known?.revision === store.revision && clock < known.until) return known.set;
    const facts = store.facts;
    const keys = publishedKeys(store.keys, clock, store.factsAt(clock).skew);
    const fresh = facts.cacheMaxAge + facts.staleIfError;
    const set = { keys, ids: new Set(keys.map(({ id }) => id)), fresh };
    this.#known = { revision: store.revision, until: nextDate(store.keys, clock), set };
    return set;
  }
}

/** Fetches a public set when it has none, or when its copy is too old. */
export class Cache {
  /** It fetches again, before its time, where it finds a kid unknown. */
  readonly isCurious: boolean;
  /** It keeps a copy for as long as it may. */
  readonly isLazy: boolean;
  #copy: Published | undefined;
  #until = 0;

  constructor(isCurious: boolean, isLazy: boolean) {
    this.isCurious = isCurious;
    this.isLazy = isLazy;
  }

  read(store: FleetKeystore, publishers: readonly Publisher[], time: number, chance: Chance): Published {
    if (this.#copy !== undefined && time < this.#until) return this.#copy;
    return this.#fetch(store, publishers, time, chance);
  }

  knows(
    store: FleetKeystore,
    publishers: readonly Publisher[],
    id: number,
    time: number,
    chance: Chance,
  ): boolean {
    if (this.read(store, publishers, time, chance).ids.has(id)) return true;
    return this.isCurious && this.#fetch(store, publishers, time, chance).ids.has(id);
  }

  #fetch(store: FleetKeystore, publishers: readonly Publisher[], time: number, chance: Chance): Published {
    const publisher = chance.pick(publishers);
    if (publisher === undefined) throw new Error('nobody publishes');
    const copy = publisher.fetch(store, time);
    const longest = copy.fresh + store.facts.verifierCache;
    this.#copy = copy;
    this.#until = time + (this.isLazy ? longest : chance.from(0, longest));
    return copy;
  }
}

/** Loads the private set, and signs, encrypts or decrypts with what it loaded. */
export class Holder {
  readonly ahead: number;
  /** It knows dates, and follows them with its own clock; else it goes by what was so when it loaded the set. */
  readonly knowsDates: boolean;
  readonly isLazy: boolean;
  /** When it loaded the set, in true time. */
  loaded = Number.NEGATIVE_INFINITY;
  #keys: readonly FleetKey[] = [];
  #skew: Seconds = 0;
  #updated: Instant | undefined;
  #clock = 0 as Instant;
  #until = 0;
  #signing: { keys: readonly FleetKey[]; until: number } | undefined;
  #held: { ids: ReadonlySet<number>; until: number } | undefined;

  constructor(ahead: number, knowsDates: boolean, isLazy: boolean) {
    this.ahead = ahead;
    this.knowsDates = knowsDates;
    this.isLazy = isLazy;
  }

  step(store: FleetKeystore, time: number, chance: Chance): void {
    if (time >= this.#until) {
      this.#updated = store.updated;
      const longest = store.facts.signerReload;
      this.#keys = store.keys;
      this.#clock = nowFor((time + this.ahead) as Instant, this.#updated);
      this.#skew = store.factsAt(this.#clock).skew;
      this.loaded = time;
      this.#until = time + (this.isLazy ? longest : chance.from(0, longest));
      this.#held = undefined;
      this.#signing = undefined;
    }
    if (this.knowsDates) this.#clock = nowFor((time + this.ahead) as Instant, this.#updated);
  }

  signers(): readonly FleetKey[] {
    if (this.#signing === undefined || this.#clock >= this.#signing.until) {
      const keys = signersOf(this.#keys, this.#clock, this.#skew);
      const dates = [nextDate(this.#keys, this.#clock), nextDate(this.#keys, this.#clock + this.#skew)];
      this.#signing = { keys, until: Math.min(...dates) - this.#skew };
    }
    return this.#signing.keys;
  }

  holds(id: number): boolean {
    if (this.#held === undefined || this.#clock >= this.#held.until) {
      const ids = new Set(heldKeys(this.#keys, this.#clock, this.#skew).map((key) => key.id));
      this.#held = { ids, until: nextDate(this.#keys, this.#clock) };
    }
    return this.#held.ids.has(id);
  }
}
