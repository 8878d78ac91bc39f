// What the hosts of a simulated world send each other, and who understands it: tokens, messages, and forgeries.
import type { Target } from '../../src/lifecycle/draft.ts';
import { publishAhead } from '../../src/lifecycle/policy.ts';
import type { Seconds } from '../../src/lifecycle/time.ts';
import { type Cache, Holder, type Publisher } from './fleet-hosts.ts';
import type { FleetKey, FleetKeystore, Truth } from './fleet-keystore.ts';
import type { Chance } from './fleet-random.ts';

/** Something that one host made with a key and another must be able to use while it lives. */
interface Message {
  readonly id: number;
  readonly until: number;
}

/** An algorithm that somebody relies on. */
export interface Relied {
  readonly target: Target;
  readonly since: number;
}

/**
 * What is looked at in a step: everything, or a number of messages. `busy` verifiers of all, others after a while,
 * are asked half of them: one that is asked seldom has no stale copy.
 */
export type Checks = 'all' | { readonly messages: number; readonly busy: number; readonly turn: Seconds };

export interface World {
  readonly store: FleetKeystore;
  readonly chance: Chance;
  readonly publishers: readonly Publisher[];
  readonly holders: readonly Holder[];
  readonly caches: readonly Cache[];
  readonly relied: ReadonlyMap<string, Relied>;
  readonly fault: (text: string) => void;
}

export class Traffic {
  checked = 0;
  refused = 0;
  accepted = 0;
  readonly #world: World;
  readonly #tick: Seconds;
  readonly #checks: Checks;
  /** Signed or encrypted, oldest first. */
  #messages: Message[] = [];
  #first = 0;
  #time = 0;

  constructor(world: World, tick: Seconds, checks: Checks) {
    this.#world = world;
    this.#tick = tick;
    this.#checks = checks;
  }

  step(time: number): void {
    this.#time = time;
    const fresh = this.#messages.length;
    this.#send();
    this.#receive(fresh);
    this.#forge();
  }

  #send(): void {
    const { store, holders, publishers, chance, relied, fault } = this.#world;
    const until = this.#time + store.tokenTtl(this.#time);
    for (const holder of holders) {
      const signers = holder.signers();
      for (const key of signers)
        if (key.use === 'sig' || key.symmetric) this.#messages.push({ id: key.id, until });
      for (const { target, since } of relied.values()) {
        const isMissing = !signers.some((key) => nameOf(key) === nameOf(target));
        if (isMissing && holder.loaded > since) fault(`a host has nothing to sign ${nameOf(target)} with`);
      }
    }
    for (const cache of this.#senders()) {
      const { keys } = cache.read(store, publishers, this.#time, chance);
      const algs = new Set<string>();
      for (const { use, alg, id } of keys) {
        if (use === 'enc' && !algs.has(alg)) this.#messages.push({ id, until });
        if (use === 'enc') algs.add(alg);
      }
    }
  }

  #senders(): readonly Cache[] {
    const { caches } = this.#world;
    return this.#checks === 'all' ? caches : caches.slice(0, 3);
  }

  #receive(fresh: number): void {
    const { chance } = this.#world;
    while ((this.#messages[this.#first]?.until ?? Number.POSITIVE_INFINITY) <= this.#time) this.#first += 1;
    if (this.#checks === 'all') {
      this.#messages.forEach((message, index) => {
        const isEdge = index >= fresh || message.until - this.#tick <= this.#time || chance.is(0.05);
        if (index >= this.#first && isEdge) this.#deliver(message, true);
      });
    } else {
      for (let count = 0; count < this.#checks.messages; count++) {
        const message = this.#messages[chance.from(this.#first, this.#messages.length - 1)];
        if (message !== undefined) this.#deliver(message, false);
      }
    }
    if (this.#first > 10_000) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
  }

  #deliver({ id, until }: Message, toAll: boolean): void {
    const { store, caches, holders, chance } = this.#world;
    if (until <= this.#time) return;
    const truth = store.truths[id];
    if (truth === undefined) return;
    const isPublic = truth.target.use === 'sig' && !truth.target.symmetric;
    if (toAll) for (const reader of isPublic ? caches : holders) this.#ask(reader, id, truth);
    else this.#ask(isPublic ? this.#anyCache() : chance.pick(holders), id, truth);
  }

  #anyCache(): Cache | undefined {
    const { caches, chance } = this.#world;
    if (this.#checks === 'all' || chance.is(0.5)) return chance.pick(caches);
    const { busy, turn } = this.#checks;
    const first = (Math.floor(this.#time / turn) * busy) % caches.length;
    return caches[(first + chance.from(0, busy - 1)) % caches.length];
  }

  #ask(reader: Cache | Holder | undefined, id: number, truth: Truth): void {
    if (reader === undefined) return;
    this.checked += 1;
    if (this.#isKnown(reader, id) || this.#isExcused(truth)) return;
    this.refused += 1;
    this.#world.fault(`${truth.kid} ${nameOf(truth.target)} is unknown to somebody`);
  }

  #isKnown(reader: Cache | Holder, id: number): boolean {
    const { store, publishers, chance } = this.#world;
    if (reader instanceof Holder) return reader.holds(id);
    return reader.knows(store, publishers, id, this.#time, chance);
  }

  /** What a forced switch, or taking a key away, openly costs. */
  #isExcused({ gone, isForced, written, target }: Truth): boolean {
    return gone !== undefined || (isForced && this.#time < written + this.#spread(target));
  }

  /** How long it takes at most until a change has reached everyone. */
  #spread({ use, symmetric }: Target): Seconds {
    const { worst } = this.#world.store;
    return use === 'enc' || symmetric ? worst.signerReload : publishAhead({ ...worst, skew: 0 });
  }

  /** Somebody got hold of keys that are over. */
  #forge(): void {
    const { store, chance, caches, holders, fault } = this.#world;
    const isWhole = this.#checks === 'all';
    // The newest stand in front: those that were over long ago are trusted last.
    const chosen = isWhole ? store.keys : [chance.pick(store.keys.slice(0, 8))];
    for (const key of chosen) {
      const truth = key && store.truths[key.id];
      if (key === undefined || truth === undefined || key.use !== 'sig') continue;
      const over = Math.min(truth.gone ?? Number.POSITIVE_INFINITY, endOf(key));
      if (this.#time < over + this.#spread(truth.target)) continue;
      const { symmetric } = truth.target;
      const one = symmetric ? chance.pick(holders) : this.#anyCache();
      for (const reader of isWhole ? (symmetric ? holders : caches) : [one]) {
        if (reader === undefined || !this.#isKnown(reader, key.id)) continue;
        this.accepted += 1;
        fault(`${truth.kid} is still trusted, though it is over since ${over}`);
      }
    }
  }
}

function endOf({ retires, revoked }: FleetKey): number {
  return Math.min(retires ?? Number.POSITIVE_INFINITY, revoked?.at ?? Number.POSITIVE_INFINITY);
}

export function nameOf({ use, alg }: { readonly use: string; readonly alg: string }): string {
  return `${use} ${alg}`;
}
