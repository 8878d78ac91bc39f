// A simulated world around one set: hosts with clocks of their own, stale copies everywhere, and a judge who knows all.
import { nowFor } from '../../src/lifecycle/clock.ts';
import type { Target } from '../../src/lifecycle/draft.ts';
import { stateOf } from '../../src/lifecycle/key.ts';
import { publishAhead } from '../../src/lifecycle/policy.ts';
import { isPublished } from '../../src/lifecycle/publication.ts';
import { signerOf } from '../../src/lifecycle/signer.ts';
import type { Instant, Seconds } from '../../src/lifecycle/time.ts';
import { Cache, Holder, Publisher } from './fleet-hosts.ts';
import type { FleetKey, FleetKeystore, Operation, Truth } from './fleet-keystore.ts';
import { brokenLaws, isRepeatable } from './fleet-laws.ts';
import type { Chance } from './fleet-random.ts';

/** Something that one host made with a key and another must be able to use while it lives. */
interface Message {
  readonly id: number;
  readonly until: number;
}

export interface Crowd {
  readonly publishers: number;
  readonly holders: number;
  readonly caches: number;
}

/** How much is looked at in a step: everything, or a number of tokens. */
export type Checks = 'all' | number;

export class Fleet {
  time = 0;
  checked = 0;
  refused = 0;
  accepted = 0;
  longest = 0;
  readonly faults: string[] = [];
  readonly log: string[] = [];
  readonly store: FleetKeystore;
  readonly #chance: Chance;
  readonly #tick: Seconds;
  readonly #checks: Checks;
  readonly #aheads: readonly Seconds[];
  readonly #publishers: readonly Publisher[];
  readonly #holders: readonly Holder[];
  readonly #caches: readonly Cache[];
  /** Signed or encrypted, oldest first. */
  #messages: Message[] = [];
  #first = 0;
  /** The algorithms that somebody relies on. */
  readonly #relied = new Map<string, { target: Target; since: number }>();

  constructor(
    store: FleetKeystore,
    chance: Chance,
    crowd: Crowd,
    skew: Seconds,
    tick: Seconds,
    checks: Checks,
  ) {
    this.store = store;
    this.#chance = chance;
    this.#tick = tick;
    this.#checks = checks;
    const ahead = () => chance.oneOf(0, skew, chance.from(0, skew));
    const list = <T>(count: number, make: (index: number) => T) =>
      Array.from({ length: count }, (_, i) => make(i));
    this.#aheads = list(3, ahead);
    this.#publishers = list(crowd.publishers, () => new Publisher(ahead()));
    this.#holders = list(crowd.holders, (index) => new Holder(ahead(), index % 2 === 0, chance.is(0.7)));
    this.#caches = list(crowd.caches, (index) => new Cache(index % 3 === 0, chance.is(0.7)));
  }

  /** One host does something, by its own clock. */
  do(operation: Operation): readonly { readonly event: string; readonly kid: string }[] | string {
    const clock = (this.time + (this.#chance.pick(this.#aheads) ?? 0)) as Instant;
    const { keys, updated } = this.store;
    const done = this.store.change(operation, this.time, clock);
    if (this.#checks === 'all' && typeof done !== 'string') {
      const now = nowFor(clock, updated);
      for (const law of brokenLaws(keys, this.store.keys, now, operation)) this.#fault(law);
      const again = isRepeatable(operation) ? this.store.change(operation, this.time, clock) : [];
      if (again.length > 0) this.#fault(`asked twice, ${JSON.stringify(again)}`);
    }
    const steps =
      typeof done === 'string' ? done : done.map((step) => `${step.event} ${step.kid}`).join(', ');
    if (steps !== '') this.log.push(`${this.time} (${clock}) ${JSON.stringify(operation)}: ${steps}`);
    this.#rely(operation);
    return done;
  }

  /** The kids that are up at every publisher. */
  seen(): string[] {
    const all = this.#publishers.map((one) => one.fetch(this.store, this.time));
    return this.store.keys.filter(({ id }) => all.every(({ ids }) => ids.has(id))).map(({ kid }) => kid);
  }

  step(): void {
    this.time += this.#tick;
    for (const publisher of this.#publishers) publisher.step(this.store, this.time, this.#chance);
    for (const holder of this.#holders) holder.step(this.store, this.time, this.#chance);
    this.#judgeStore();
    const fresh = this.#messages.length;
    this.#send();
    this.#receive(fresh);
    this.#forge();
  }

  /** After a long quiet time in which policy was followed: nothing is left over, nothing is too old. */
  settle(): void {
    const { store } = this;
    const { rotateEvery } = store.facts;
    if (rotateEvery === undefined) return;
    for (let step = 0; step < 300 && this.faults.length === 0; step++) {
      this.do({ kind: 'rotate', request: { kind: 'due', seen: this.seen() } });
      this.step();
    }
    const now = store.nowOn(this.time);
    const active = store.keys.filter((key) => stateOf(key, now) === 'active');
    for (const key of active) {
      if (isUnlisted(store, key)) this.#fault(`${key.kid} ${nameOf(key)} goes on though it is not listed`);
      const age = now - (key.activates ?? now);
      if (age > rotateEvery + 2 * (publishAhead(store.facts) + store.facts.signerReload) + 10)
        this.#fault(`${key.kid} ${nameOf(key)} is too old: ${age}`);
    }
    for (const target of store.listed ?? [])
      if (!active.some((key) => nameOf(key) === nameOf(target))) this.#fault(`no key for ${nameOf(target)}`);
  }

  #rely(operation: Operation): void {
    const { store } = this;
    const now = (store.updated ?? this.time) as Instant;
    const active = store.keys.filter((key) => key.held && stateOf(key, now) === 'active');
    const isDeclined = operation.kind === 'remove' && operation.decline;
    for (const [name, { target }] of this.#relied) {
      const isActive = active.some((key) => nameOf(key) === name);
      if (isUnlisted(store, target) || (isDeclined && !isActive)) this.#relied.delete(name);
    }
    for (const { use, alg, symmetric, deactivates } of active) {
      if (deactivates !== undefined) continue;
      const target = { use, alg, symmetric };
      if (!this.#relied.has(nameOf(target)) && !isUnlisted(store, target))
        this.#relied.set(nameOf(target), { target, since: this.time });
    }
  }

  #judgeStore(): void {
    const { store } = this;
    const clock = store.nowOn(this.time + (this.#chance.pick(this.#aheads) ?? 0));
    const { skew } = store.factsAt(clock);
    for (const { target } of this.#relied.values()) {
      const signer = signerOf(store.keys, target, clock, skew);
      if (signer === undefined) this.#fault(`nothing signs ${nameOf(target)}`);
      const isUsable = store.keys.some((key) => nameOf(key) === nameOf(target) && isPublished(key, clock));
      if (!target.symmetric && !isUsable) this.#fault(`nothing is published for ${nameOf(target)}`);
    }
    const length = store.keys.filter((key) => isPublished(key, clock)).length;
    this.longest = Math.max(this.longest, length);
  }

  #send(): void {
    const until = this.time + this.store.tokenTtl(this.time);
    for (const holder of this.#holders) {
      const signers = holder.signers();
      for (const key of signers)
        if (key.use === 'sig' || key.symmetric) this.#messages.push({ id: key.id, until });
      for (const { target, since } of this.#relied.values()) {
        const isMissing = !signers.some((key) => nameOf(key) === nameOf(target));
        if (isMissing && holder.loaded > since)
          this.#fault(`a host has nothing to sign ${nameOf(target)} with`);
      }
    }
    for (const cache of this.#senders()) {
      const { keys } = cache.read(this.store, this.#publishers, this.time, this.#chance);
      const algs = new Set<string>();
      for (const { use, alg, id } of keys) {
        if (use === 'enc' && !algs.has(alg)) this.#messages.push({ id, until });
        if (use === 'enc') algs.add(alg);
      }
    }
  }

  #senders(): readonly Cache[] {
    return this.#checks === 'all' ? this.#caches : this.#caches.slice(0, 3);
  }

  #receive(fresh: number): void {
    const { time } = this;
    while ((this.#messages[this.#first]?.until ?? Number.POSITIVE_INFINITY) <= time) this.#first += 1;
    if (this.#checks === 'all') {
      this.#messages.forEach((message, index) => {
        const isEdge = index >= fresh || message.until - this.#tick <= time || this.#chance.is(0.05);
        if (index >= this.#first && isEdge) this.#deliver(message, true);
      });
    } else {
      for (let count = 0; count < this.#checks; count++) {
        const message = this.#messages[this.#chance.from(this.#first, this.#messages.length - 1)];
        if (message !== undefined) this.#deliver(message, false);
      }
    }
    if (this.#first > 10_000) {
      this.#messages = this.#messages.slice(this.#first);
      this.#first = 0;
    }
  }

  #deliver({ id, until }: Message, toAll: boolean): void {
    if (until <= this.time) return;
    const truth = this.store.truths[id];
    if (truth === undefined) return;
    const isPublic = truth.target.use === 'sig' && !truth.target.symmetric;
    const readers: readonly (Cache | Holder)[] = isPublic ? this.#caches : this.#holders;
    if (toAll) for (const reader of readers) this.#ask(reader, id, truth);
    else this.#ask(this.#chance.pick(readers), id, truth);
  }

  #ask(reader: Cache | Holder | undefined, id: number, truth: Truth): void {
    if (reader === undefined) return;
    this.checked += 1;
    if (this.#isKnown(reader, id) || this.#isExcused(truth)) return;
    this.refused += 1;
    this.#fault(`${truth.kid} ${nameOf(truth.target)} is unknown to somebody`);
  }

  #isKnown(reader: Cache | Holder, id: number): boolean {
    if (reader instanceof Holder) return reader.holds(id);
    return reader.knows(this.store, this.#publishers, id, this.time, this.#chance);
  }

  /** What a forced switch, or taking a key away, openly costs. */
  #isExcused({ gone, isForced, written, target }: Truth): boolean {
    return gone !== undefined || (isForced && this.time < written + this.#spread(target));
  }

  /** How long it takes at most until a change has reached everyone. */
  #spread({ use, symmetric }: Target): Seconds {
    const { worst } = this.store;
    return use === 'enc' || symmetric ? worst.signerReload : publishAhead({ ...worst, skew: 0 });
  }

  /** Somebody got hold of keys that are over. */
  #forge(): void {
    const chosen = this.#checks === 'all' ? this.store.keys : [this.#chance.pick(this.store.keys)];
    for (const key of chosen) {
      const truth = key && this.store.truths[key.id];
      if (key === undefined || truth === undefined || key.use !== 'sig') continue;
      const over = Math.min(truth.gone ?? Number.POSITIVE_INFINITY, endOf(key));
      if (this.time < over + this.#spread(truth.target)) continue;
      const readers: readonly (Cache | Holder)[] = truth.target.symmetric ? this.#holders : this.#caches;
      const asked = this.#checks === 'all' ? readers : [this.#chance.pick(readers)];
      for (const reader of asked) {
        if (reader === undefined || !this.#isKnown(reader, key.id)) continue;
        this.accepted += 1;
        this.#fault(`${truth.kid} is still trusted, though it is over since ${over}`);
      }
    }
  }

  #fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(`${this.time}: ${text}`);
  }
}

function endOf({ retires, revoked }: FleetKey): number {
  return Math.min(retires ?? Number.POSITIVE_INFINITY, revoked?.at ?? Number.POSITIVE_INFINITY);
}

export function nameOf({ use, alg }: { readonly use: string; readonly alg: string }): string {
  return `${use} ${alg}`;
}

function isUnlisted({ listed = [] }: FleetKeystore, { use, alg }: Target): boolean {
  const forUse = listed.filter((target) => target.use === use);
  return forUse.length > 0 && !forUse.some((target) => target.alg === alg);
}
