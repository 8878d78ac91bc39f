// A set as it is being planned: rules change it step by step, and nothing else happens until the plan is applied.
import { activation, type KeyLife, type KeyState, type Revocation, stateOf, type Use } from './key.ts';
import { factsInForce, type Kind, type Policy, type PolicyFacts } from './policy.ts';
import { hasRole, type Role, signerOf } from './signer.ts';
import type { Instant } from './time.ts';

/** What the rules know of a set. */
export interface SetLife<K extends KeyLife = KeyLife> {
  readonly keys: readonly K[];
  readonly policy?: Policy | undefined;
  /** The policy's algorithms as roles; absent: those of the active keys. */
  readonly listed?: readonly Target[] | undefined;
}

export interface Target extends Role, Kind {}

/** A key that is to be made: until then `kid` is only a placeholder within its plan. */
export interface NewKey extends KeyLife {
  readonly isNew: true;
  /** The kid of the key to take size and kid scheme from. */
  readonly like: string | undefined;
  readonly jwk?: undefined;
}

export type Drafted<K extends KeyLife> = K | NewKey;

/** What happened to a key, as its history has it. */
export type StepEvent =
  | 'imported'
  | 'published'
  | 'seen'
  | 'activated'
  | 'scheduled'
  | 'cancelled'
  | 'retired'
  | 'revoked'
  | 'deleted'
  | 'destroyed';

export interface Step {
  readonly event: StepEvent;
  readonly kid: string;
  readonly reason: string;
}

/** What a set should be: the steps that lead there, and its keys afterwards. No steps: nothing is to be done. */
export interface Plan<K extends KeyLife = KeyLife> {
  readonly steps: readonly Step[];
  readonly keys: readonly Drafted<K>[];
}

export type Dates = Partial<Pick<KeyLife, 'seen' | 'activates' | 'deactivates' | 'retires'>>;

export function isNew(key: KeyLife): key is NewKey {
  return 'isNew' in key;
}

export class Draft<K extends KeyLife> implements Plan<K> {
  readonly now: Instant;
  readonly facts: PolicyFacts;
  readonly policy: Policy | undefined;
  readonly listed: readonly Target[] | undefined;
  readonly steps: Step[] = [];
  #keys: readonly Drafted<K>[];

  constructor(set: SetLife<K>, now: Instant) {
    this.now = now;
    this.facts = factsInForce(set.policy, now);
    this.policy = set.policy;
    this.listed = set.listed;
    this.#keys = set.keys;
  }

  get keys(): readonly Drafted<K>[] {
    return this.#keys;
  }

  inState(state: KeyState): Drafted<K>[] {
    return this.#keys.filter((key) => stateOf(key, this.now) === state);
  }

  /** The key that signs, or would at the switch that is near. */
  signer(role: Role): Drafted<K> | undefined {
    return signerOf(this.#keys, role, this.now, this.facts.skew);
  }

  /** The key that signs now. */
  active(role: Role): Drafted<K> | undefined {
    const signer = this.signer(role);
    return signer !== undefined && stateOf(signer, this.now) === 'active' ? signer : undefined;
  }

  /** The keys that sign now, one of each role. */
  signers(): Drafted<K>[] {
    return this.inState('active').filter((key) => this.active(key)?.kid === key.kid);
  }

  /** The first to sign of those that do not yet; one without a date comes last. */
  next(role: Role): Drafted<K> | undefined {
    const waiting = this.inState('next').filter((key) => key.held && hasRole(key, role));
    return waiting.reduce<Drafted<K> | undefined>(
      (first, key) => (first === undefined || activation(key) < activation(first) ? key : first),
      undefined,
    );
  }

  /** A key to make, in front of the others. */
  add(target: Target, like: string | undefined, dates: Dates, event: StepEvent, reason: string): NewKey {
    const { use, alg, symmetric } = target;
    const kid = `(new ${this.#keys.filter(isNew).length + 1})`;
    const born = { isNew: true, like, kid, alg, use, symmetric, held: true, created: this.now } as const;
    const key: NewKey = { ...born, ...dates };
    this.#keys = [key, ...this.#keys];
    this.steps.push({ event, kid, reason });
    return key;
  }

  /** Keys that were made elsewhere, in front of the others. */
  insert(keys: readonly K[], describe: (key: K) => string): void {
    this.#keys = [...keys, ...this.#keys];
    for (const key of keys) this.steps.push({ event: 'imported', kid: key.kid, reason: describe(key) });
  }

  /** Other dates for a key; where they are its dates already, nothing is done. */
  date(key: Drafted<K>, dates: Dates, event: StepEvent, reason: string): void {
    const changed = Object.entries(dates).some(([name, at]) => key[name as keyof Dates] !== at);
    if (changed) this.#replace(key, { ...key, ...dates }, event, reason);
  }

  /** The private half goes. */
  destroyPrivate(key: Drafted<K>, reason: string): void {
    this.#replace(key, { ...key, held: false }, 'destroyed', reason);
  }

  /** All but the name and the dates goes. */
  bury(
    key: Drafted<K>,
    end: Dates & { readonly revoked?: Revocation },
    event: StepEvent,
    reason: string,
  ): void {
    this.#replace(key, { ...key, ...end, held: false, jwk: undefined }, event, reason);
  }

  #replace(key: Drafted<K>, by: Drafted<K>, event: StepEvent, reason: string): void {
    this.#keys = this.#keys.map((one) => (one.kid === key.kid ? by : one));
    this.steps.push({ event, kid: key.kid, reason });
  }
}

/** What the policy lists for a use. */
export function listedFor({ listed = [] }: Draft<KeyLife>, use: Use): Target[] {
  return listed.filter((target) => target.use === use);
}

/** The algorithms that a set should have a signer for: those of the policy, else of the keys that sign. */
export function targetsOf(draft: Draft<KeyLife>): Target[] {
  const signing = draft.inState('active').filter(({ held }) => held);
  const listed = draft.listed ?? [];
  // A policy that lists signing algorithms only says nothing about encryption keys.
  const others = signing.filter(({ use }) => !listed.some((target) => target.use === use));
  const targets = [...listed, ...others];
  return targets
    .filter((one, index) => targets.findIndex((other) => hasRole(one, other)) === index)
    .map(({ use, alg, symmetric }) => ({ use, alg, symmetric }));
}
