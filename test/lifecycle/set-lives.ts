// Sets for the tables of rules, and what a plan makes of their keys: dates as spans from one moment.
import type { Plan, SetLife, Target } from '../../src/lifecycle/draft.ts';
import { type KeyLife, stateOf } from '../../src/lifecycle/key.ts';
import { planRotation, type Refusal, type RotationRequest } from '../../src/lifecycle/plan-rotation.ts';
import { defaultFacts, type Policy, type PolicyFacts } from '../../src/lifecycle/policy.ts';
import { at, keyOf } from './key-lives.ts';

export const [minute, hour, day] = [60, 3_600, 86_400];
export const now = at(1_000 * day);
export const later = (span: number) => at(now + span);

/** By default, as the documentation has it: the rules are not asked for what they should answer. */
export const lead = 49 * hour + 5 * minute;
export const grace = 48 * hour + 5 * minute;
export const period = 90 * day;
export const skew = 5 * minute;

export const facts: PolicyFacts = { ...defaultFacts, rotateEvery: period };
export const policy = policyOf({});

export function policyOf(some: Partial<PolicyFacts>, was: Policy['was'] = []): Policy {
  return { facts: { ...facts, ...some }, was };
}

export const targets = {
  rs256: { use: 'sig', alg: 'RS256', symmetric: false },
  es256: { use: 'sig', alg: 'ES256', symmetric: false },
  hs256: { use: 'sig', alg: 'HS256', symmetric: true },
  ecdh: { use: 'enc', alg: 'ECDH-ES', symmetric: false },
  a256kw: { use: 'enc', alg: 'A256KW', symmetric: true },
} as const satisfies Record<string, Target>;

/** A key that has signed for `age`. */
export function active(kid: string, age: number, life: Partial<KeyLife> = {}): KeyLife {
  return keyOf(kid, { created: later(-age), activates: later(-age), jwk: {}, ...life });
}

/** A successor that was published in time to sign in `span`. */
export function next(kid: string, span: number, life: Partial<KeyLife> = {}): KeyLife {
  return keyOf(kid, { created: later(span - lead), activates: later(span), jwk: {}, ...life });
}

/** When a key stops, and that it leaves grace later. */
export function ends(span: number, stays = grace): Pick<KeyLife, 'deactivates' | 'retires'> {
  return { deactivates: later(span), retires: later(span + stays) };
}

export type Outcome = Plan | Refusal;

export function rotate(set: SetLife, request?: RotationRequest, time = now): Outcome {
  return planRotation(set, time, request);
}

export function keysOf(outcome: Outcome): readonly KeyLife[] {
  return 'keys' in outcome ? outcome.keys : [];
}

/** The steps as words; of a refusal its kind. */
export function stepsOf(outcome: Outcome): string[] {
  if ('refusal' in outcome) return [outcome.refusal];
  return outcome.steps.map(({ event, kid }) => `${event} ${kid}`);
}

/** The steps with their reasons; of a refusal what it says. */
export function told(outcome: Outcome): string[] {
  if ('refusal' in outcome) return [outcome.message];
  return outcome.steps.map(({ event, kid, reason }) => `${event} ${kid}: ${reason}`);
}

/** Each key's state and its dates as spans from `now`. */
export function livesOf(outcome: Outcome): Record<string, readonly [string, ...(number | undefined)[]]> {
  return Object.fromEntries(
    keysOf(outcome).map((key) => {
      const dates = [key.activates, key.deactivates, key.retires];
      return [key.kid, [stateOf(key, now), ...dates.map((date) => date && date - now)]];
    }),
  );
}

/** The same set with a plan carried out: keys that were to be made are made. */
export function applied(set: SetLife, outcome: Outcome): SetLife {
  if ('refusal' in outcome) return set;
  const keys = outcome.keys.map((key) => ({
    ...keyOf(key.kid.replace('(new', '(made'), { ...key, jwk: key.jwk ?? (key.held ? {} : undefined) }),
    isNew: undefined,
  }));
  return { ...set, keys: keys.map(({ isNew: _, ...key }) => key) };
}
