// The keystore of a simulated world: one set, changed by plans only, and what truly happened to its keys.
import { nowFor, refuseClock } from '../../src/lifecycle/clock.ts';
import {
  type Drafted,
  isNew,
  type Plan,
  type SetLife,
  type Step,
  type Target,
} from '../../src/lifecycle/draft.ts';
import { type KeyLife, stateOf } from '../../src/lifecycle/key.ts';
import { bornActive } from '../../src/lifecycle/plan-create.ts';
import { planPolicy } from '../../src/lifecycle/plan-policy.ts';
import { planRemoval, type Removal } from '../../src/lifecycle/plan-removal.ts';
import { planRotation, type RotationRequest } from '../../src/lifecycle/plan-rotation.ts';
import {
  defaultFacts,
  factsInForce,
  type Policy,
  type PolicyFacts,
  spanNames,
} from '../../src/lifecycle/policy.ts';
import type { Role } from '../../src/lifecycle/signer.ts';
import type { Instant, Seconds } from '../../src/lifecycle/time.ts';

export interface FleetKey extends KeyLife {
  /** Its place in `truths`. */
  readonly id: number;
}

/** What is so, whatever any clock says; in true seconds. */
export interface Truth {
  readonly kid: string;
  readonly target: Target;
  readonly written: number;
  /** It was made to sign sooner than it could be known everywhere: somebody asked for that. */
  isForced: boolean;
  /** Since when nobody needs to trust it: it was taken away by somebody's wish. */
  gone: number | undefined;
}

export type Operation =
  | { readonly kind: 'rotate'; readonly request: RotationRequest }
  | { readonly kind: 'create'; readonly target: Target }
  | {
      readonly kind: 'remove';
      readonly kids: readonly string[];
      readonly removal: Removal;
      readonly decline: boolean;
    }
  | { readonly kind: 'policy'; readonly facts: PolicyFacts; readonly listed: readonly Target[] | undefined };

/** Made from one revision of the set, and of no use on another. */
export interface Decision {
  readonly operation: Operation;
  readonly now: Instant;
  readonly from: number;
  readonly plan?: Plan<FleetKey> | undefined;
  readonly policy?: Policy | undefined;
  readonly refusal?: string | undefined;
}

export type Written = readonly Step[] | string;

export class FleetKeystore {
  keys: readonly FleetKey[] = [];
  policy: Policy | undefined;
  listed: readonly Target[] | undefined;
  updated: Instant | undefined;
  revision = 0;
  readonly #forced = new Map<string, Instant>();
  readonly truths: Truth[] = [];
  /** The largest value that each fact has had. */
  worst: PolicyFacts;
  #short: { ttl: Seconds; until: number } = { ttl: 0, until: 0 };

  constructor(policy: Policy | undefined, listed: readonly Target[] | undefined) {
    this.policy = policy;
    this.listed = listed;
    this.worst = this.facts;
  }

  /** By what the world goes from now on. */
  get facts(): PolicyFacts {
    return this.policy?.facts ?? defaultFacts;
  }

  get set(): SetLife<FleetKey> {
    return { keys: this.keys, policy: this.policy, listed: this.listed };
  }

  /** How long a token lives that is made now. */
  tokenTtl(time: number): Seconds {
    const { tokenTtl } = this.facts;
    return time < this.#short.until ? Math.min(tokenTtl, this.#short.ttl) : tokenTtl;
  }

  /** What time it is for the set on a host whose clock shows that. */
  nowOn(clock: number): Instant {
    return nowFor(clock as Instant, this.updated);
  }

  factsAt(now: Instant): PolicyFacts {
    return factsInForce(this.policy, now);
  }

  /** What an operation leads to on the set as it stands, by the clock of the host that asks. */
  decide(operation: Operation, clock: Instant): Decision {
    const now = nowFor(clock, this.updated);
    const common = { operation, now, from: this.revision };
    const refusal = refuseClock(clock, this.updated, this.factsAt(now).skew);
    if (refusal !== undefined) return { ...common, refusal };
    if (operation.kind === 'policy') {
      const plan = planPolicy({ ...this.set, listed: operation.listed }, operation.facts, now, this.listed);
      return { ...common, plan, policy: plan.policy };
    }
    const plan = this.#plan(operation, now);
    return 'refusal' in plan ? { ...common, refusal: plan.message } : { ...common, plan };
  }

  /** The steps that were written, or why there are none; in true seconds. */
  write({ operation, now, from, plan, policy, refusal }: Decision, time: number): Written {
    if (plan === undefined) return refusal ?? 'refused';
    if (policy === undefined && plan.steps.length === 0) return [];
    if (from !== this.revision) return 'conflict';
    if (policy !== undefined && operation.kind === 'policy') {
      this.#longerTokens(operation.facts, time);
      this.policy = policy;
      this.listed = operation.listed;
      this.#setWorst();
    }
    this.#apply(plan, time, now, isCostly(operation));
    if (operation.kind !== 'create') this.#noteForced(plan, now);
    return plan.steps;
  }

  /** When a key of a role was last made to sign at once. */
  lastForced({ use, alg }: Role): Instant | undefined {
    return this.#forced.get(`${use} ${alg}`);
  }

  #noteForced({ steps, keys }: Plan<FleetKey>, now: Instant): void {
    const kids = steps.filter(({ event }) => event === 'activated').map(({ kid }) => kid);
    for (const { use, alg } of keys.filter(({ kid }) => kids.includes(kid)))
      this.#forced.set(`${use} ${alg}`, now);
  }

  #plan(operation: Exclude<Operation, { kind: 'policy' }>, now: Instant) {
    switch (operation.kind) {
      case 'rotate':
        return planRotation(this.set, now, operation.request);
      case 'remove':
        return planRemoval(this.set, now, operation.kids, operation.removal, operation.decline);
      case 'create': {
        const made = { isNew: true, like: undefined, kid: '(new)', held: true } as const;
        const key = { ...operation.target, ...made, ...bornActive(now) };
        const steps = [{ event: 'activated', kid: key.kid, reason: 'created' }] as const;
        return { steps, keys: [key, ...this.keys] };
      }
    }
  }

  #apply(plan: Plan<FleetKey>, time: number, now: Instant, isCost: boolean): void {
    const before = new Map(this.keys.map((key) => [key.kid, key]));
    this.keys = plan.keys.map((key) => this.#made(key, time));
    for (const key of this.keys) {
      const truth = this.truths[key.id];
      const was = before.get(key.kid);
      if (truth === undefined || !isCost) continue;
      const isSooner = key.activates !== undefined && key.activates !== was?.activates;
      if (isSooner) truth.isForced = true;
      const state = stateOf(key, now);
      const isGone = state === 'retired' || state === 'revoked';
      if (isGone && was !== undefined && stateOf(was, now) !== state) truth.gone ??= time;
    }
    this.updated = now;
    this.revision += 1;
  }

  #made(key: Drafted<FleetKey>, time: number): FleetKey {
    if (!isNew(key)) return key;
    const { isNew: _, like: __, use, alg, symmetric, ...life } = key;
    const id = this.truths.length;
    const kid = `k${id}`;
    const target = { use, alg, symmetric };
    this.truths.push({ kid, target, written: time, isForced: false, gone: undefined });
    return { ...life, ...target, kid, id, jwk: symmetric ? undefined : {} };
  }

  /** Tokens live longer only once everyone who reads the private set can know: the policy is raised first. */
  #longerTokens({ tokenTtl }: PolicyFacts, time: number): void {
    if (tokenTtl <= this.facts.tokenTtl) return;
    this.#short = { ttl: this.tokenTtl(time), until: time + this.worst.signerReload };
  }

  #setWorst(): void {
    const spans = spanNames.map((name) => [name, Math.max(this.worst[name], this.facts[name])]);
    this.worst = { ...this.worst, ...Object.fromEntries(spans) };
  }
}

/** Whoever asks for it is told that tokens may be refused for a while. */
function isCostly(operation: Operation): boolean {
  if (operation.kind === 'create' || operation.kind === 'remove') return true;
  if (operation.kind !== 'rotate') return false;
  const { request } = operation;
  return request.kind === 'now' || ('force' in request && request.force);
}
