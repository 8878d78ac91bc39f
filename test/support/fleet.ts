// A simulated world around one set: hosts with clocks of their own, stale copies everywhere, and a judge who knows all.
import { nowFor } from '../../src/lifecycle/clock.ts';
import type { Target } from '../../src/lifecycle/draft.ts';
import { stateOf } from '../../src/lifecycle/key.ts';
import { publishAhead } from '../../src/lifecycle/policy.ts';
import { isPublished } from '../../src/lifecycle/publication.ts';
import { signerOf } from '../../src/lifecycle/signer.ts';
import type { Instant, Seconds } from '../../src/lifecycle/time.ts';
import { Cache, Holder, Publisher } from './fleet-hosts.ts';
import type { Decision, FleetKeystore, Operation, Written } from './fleet-keystore.ts';
import { brokenLaws, isRepeatable } from './fleet-laws.ts';
import type { Chance } from './fleet-random.ts';
import { type Checks, nameOf, type Relied, Traffic } from './fleet-traffic.ts';

export interface Crowd {
  readonly publishers: number;
  readonly holders: number;
  readonly caches: number;
}

export interface Scale {
  /** From one look at the world to the next. */
  readonly tick: Seconds;
  /** How far clocks are ahead at most. */
  readonly skew: Seconds;
  readonly checks: Checks;
}

export class Fleet {
  time = 0;
  longest = 0;
  readonly faults: string[] = [];
  readonly log: string[] = [];
  readonly store: FleetKeystore;
  readonly traffic: Traffic;
  readonly #chance: Chance;
  readonly #tick: Seconds;
  readonly #isWhole: boolean;
  readonly #aheads: readonly Seconds[];
  readonly #publishers: readonly Publisher[];
  readonly #holders: readonly Holder[];
  /** The algorithms that somebody relies on. */
  readonly #relied = new Map<string, Relied>();

  constructor(store: FleetKeystore, chance: Chance, crowd: Crowd, { tick, skew, checks }: Scale) {
    this.store = store;
    this.#chance = chance;
    this.#tick = tick;
    this.#isWhole = checks === 'all';
    const ahead = () => chance.oneOf(0, skew, chance.from(0, skew));
    const list = <T>(count: number, make: (index: number) => T) =>
      Array.from({ length: count }, (_, i) => make(i));
    this.#aheads = list(3, ahead);
    const publishers = list(crowd.publishers, () => new Publisher(ahead()));
    const holders = list(crowd.holders, (index) => new Holder(ahead(), index % 2 === 0, chance.is(0.7)));
    const caches = list(crowd.caches, (index) => new Cache(index % 3 === 0, chance.is(0.7)));
    [this.#publishers, this.#holders] = [publishers, holders];
    const fault = (text: string) => this.#fault(text);
    const hosts = { publishers, holders, caches, relied: this.#relied };
    this.traffic = new Traffic({ store, chance, fault, ...hosts }, tick, checks);
  }

  /** One host does something, by its own clock: some stop before they write, and some find that others were faster. */
  do(operation: Operation): void {
    const clock = (this.time + (this.#chance.pick(this.#aheads) ?? 0)) as Instant;
    const decision = this.store.decide(operation, clock);
    if (this.#chance.is(0.03)) return;
    if (this.#chance.is(0.1)) this.do(this.due());
    const { keys, revision } = this.store;
    const done = this.store.write(decision, this.time);
    if (done !== 'conflict') this.#judge(decision, done, keys, clock);
    else if (decision.from === revision) this.#fault('a conflict with nobody');
    else {
      const again = this.store.decide(operation, clock);
      this.#judge(again, this.store.write(again, this.time), keys, clock);
    }
  }

  /** What policy makes due, by what is up everywhere. */
  due(): Operation {
    const all = this.#publishers.map((one) => one.fetch(this.store, this.time));
    const seen = this.store.keys.filter(({ id }) => all.every(({ ids }) => ids.has(id)));
    return { kind: 'rotate', request: { kind: 'due', seen: seen.map(({ kid }) => kid) } };
  }

  step(): void {
    this.time += this.#tick;
    for (const publisher of this.#publishers) publisher.step(this.store, this.time, this.#chance);
    for (const holder of this.#holders) holder.step(this.store, this.time, this.#chance);
    this.#judgeStore();
    this.traffic.step(this.time);
  }

  /** After a long quiet time in which policy was followed: nothing is left over, nothing is too old. */
  settle(): void {
    const { store } = this;
    const { rotateEvery } = store.facts;
    if (rotateEvery === undefined) return;
    for (let step = 0; step < 300 && this.faults.length === 0; step++) {
      this.do(this.due());
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

  #judge({ operation, from }: Decision, done: Written, before: FleetKeystore['keys'], clock: Instant): void {
    const { store } = this;
    if (done === 'conflict') this.#fault('a conflict with nobody');
    if (this.#isWhole && typeof done !== 'string') {
      const now = nowFor(clock, store.updated);
      for (const law of brokenLaws(before, store.keys, now, operation)) this.#fault(law);
      // Where there was nothing to do, others may have given it something to do since.
      const isLast = done.length > 0 || from === store.revision;
      const again = isLast && isRepeatable(operation) ? (store.decide(operation, now).plan?.steps ?? []) : [];
      if (again.length > 0) this.#fault(`asked twice, ${JSON.stringify(again)}`);
    }
    const steps =
      typeof done === 'string' ? done : done.map((step) => `${step.event} ${step.kid}`).join(', ');
    if (steps !== '') this.log.push(`${this.time} (${clock}) ${JSON.stringify(operation)}: ${steps}`);
    this.#rely(operation);
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
    const published = store.keys.filter((key) => isPublished(key, clock));
    for (const { target } of this.#relied.values()) {
      const name = nameOf(target);
      const signer = signerOf(store.keys, target, clock, skew);
      if (signer === undefined) this.#fault(`nothing signs ${name}`);
      if (!target.symmetric && !published.some((key) => nameOf(key) === name))
        this.#fault(`nothing is published for ${name}`);
    }
    this.longest = Math.max(this.longest, published.length);
  }

  #fault(text: string): void {
    if (this.faults.length < 20) this.faults.push(`${this.time}: ${text}`);
  }
}

function isUnlisted({ listed = [] }: FleetKeystore, { use, alg }: Target): boolean {
  const forUse = listed.filter((target) => target.use === use);
  return forUse.length > 0 && !forUse.some((target) => target.alg === alg);
}
