// Changes a set by a plan: decides, makes the keys that the plan wants, and writes it as one step.
import { JwksError } from '../errors.ts';
import { findAlgorithm, ktyOf, selectKeyShape } from '../jose/algorithms.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import type { Change, Keystore, OpenSet } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import { parseNote, type SetId } from '../keystore/set-id.ts';
import {
  Draft,
  type Drafted,
  isNew,
  type Plan,
  type SetLife,
  type Step,
  type Target,
} from '../lifecycle/draft.ts';
import { refuseName } from '../lifecycle/plan-create.ts';
import type { Policy } from '../lifecycle/policy.ts';
import { tidy } from '../lifecycle/tidy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { noSet } from './select-sets.ts';
import { SpareKeys, toUndatedKey } from './spare-keys.ts';

/** What every change of a set can be told besides. */
export interface ChangeRequest {
  /** For the history. */
  readonly note?: string | undefined;
  /** Decide, but make and write nothing. */
  readonly dryRun?: boolean | undefined;
  readonly force?: boolean | undefined;
  /** Make the set where there is none, with this policy. */
  readonly create?: { readonly policy: Policy | undefined } | undefined;
}

/** A plan for the keys, and what else is to become of the set. */
export interface SetPlan extends Plan<ManifestKey> {
  readonly policy?: Policy | undefined;
  readonly deleted?: boolean | undefined;
  /** Private halves that come with its keys. */
  readonly privateKeys?: readonly PrivateJwk[] | undefined;
  /** What happened to the set as a whole. */
  readonly event?: { readonly event: string; readonly reason: string | undefined } | undefined;
}

export interface Changed {
  readonly set: SetId;
  readonly at: Instant;
  readonly before: Manifest;
  /** What was done; of a dry run, what would be. */
  readonly steps: readonly Step[];
  /** The keys afterwards; in a dry run those to be made have a placeholder for their kid. */
  readonly keys: readonly Drafted<ManifestKey>[];
  readonly policy: Policy | undefined;
  readonly outcome: 'changed' | 'unchanged' | 'planned';
}

/**
 * Reads the set, asks for a plan and carries it out as one step; asks again where others change the set at the same
 * time. A set that does not exist is exit 3.
 */
export async function changeSet(
  keystore: Keystore,
  set: SetId,
  request: ChangeRequest,
  decide: (current: OpenSet, now: Instant) => SetPlan,
): Promise<Changed> {
  const note = request.note === undefined ? undefined : parseNote(request.note);
  const { force, dryRun, create } = request;
  const options = { force, dryRun, create: create !== undefined };
  const spares = new SpareKeys();
  for (;;) {
    let result: Changed | undefined;
    await keystore.change(
      set,
      (stored, now) => {
        // Of an attempt that others came before: it was not carried out.
        result = undefined;
        const current = isThere(stored) ? stored : emptySet(set, stored, now, create);
        const { manifest, privateKeys } = current;
        const plan = decide(current, now);
        const policy = plan.policy ?? manifest.policy;
        const common = { set, at: now, before: manifest, steps: plan.steps, keys: plan.keys, policy };
        if (plan.steps.length === 0 && plan.event === undefined) {
          result = { ...common, outcome: 'unchanged' };
          return undefined;
        }
        if (dryRun === true) {
          result = { ...common, outcome: 'planned' };
          return { keys: manifest.keys, privateKeys, policy, events: [] };
        }
        const made = spares.take(plan.keys.filter(isNew), current);
        if (made === undefined) return undefined;
        const { keys, steps } = carryOut(plan, made);
        result = { ...common, keys, steps, outcome: 'changed' };
        return {
          keys,
          privateKeys: [...made.values(), ...(plan.privateKeys ?? []), ...privateKeys],
          policy,
          deleted: plan.deleted,
          events: eventsOf(plan, steps, note),
        };
      },
      options,
    );
    if (result !== undefined) return result;
    await spares.make();
  }
}

export function isThere(stored: OpenSet | undefined): stored is OpenSet {
  return stored !== undefined && stored.manifest.deleted === undefined;
}

/** A set that is to be made; one that was deleted keeps its names and its history. */
function emptySet(
  set: SetId,
  deleted: OpenSet | undefined,
  now: Instant,
  create: ChangeRequest['create'],
): OpenSet {
  if (create === undefined) throw noSet(set);
  const blank: Manifest = { set, revision: 0, master: 0, updated: now, keys: [], events: [] };
  return { manifest: { ...(deleted?.manifest ?? blank), policy: create.policy }, privateKeys: [] };
}

/** Exit 5 for a kid that the set has had and for a key that it has revoked: `what` was not done with it. */
export function refuseTaken(
  { set, keys }: Pick<Manifest, 'set' | 'keys'>,
  incoming: Pick<ManifestKey, 'kid' | 'thumbprint'>,
  { what, hint }: { readonly what: string; readonly hint: string },
): void {
  const refusal = refuseName(keys, incoming);
  if (refusal === undefined) return;
  const reason =
    refusal === 'taken' ? 'has had that kid already, and a kid is never used again' : 'has revoked that key';
  throw new JwksError('conflict', `key "${incoming.kid}" was not ${what}: set "${set}" ${reason}`, { hint });
}

/** Exit 5 for an algorithm that the set's policy does not list. */
export function refuseUnlisted(
  { set, policy }: Pick<Manifest, 'set' | 'policy'>,
  alg: string,
  { force, hint }: { readonly force: boolean | undefined; readonly hint: string },
): void {
  const allowed = policy?.facts.alg;
  if (allowed === undefined || allowed.includes(alg) || force === true) return;
  throw new JwksError('unsafe', `the policy of set "${set}" has no ${alg}, only ${allowed.join(', ')}`, {
    hint,
  });
}

/** A set without what has had its time, for a change that is no plan. */
export function tidySet(manifest: Manifest, now: Instant): Pick<Change, 'events'> & { keys: ManifestKey[] } {
  const draft = new Draft(lifeOf(manifest), now);
  tidy(draft);
  const events = draft.steps.map(({ event, kid, reason }) => ({ event, kid, note: reason }));
  return { keys: draft.keys.filter((key) => !isNew(key)), events };
}

/** What the rules know of a set: its policy's algorithms are roles to them. */
export function lifeOf({ keys, policy }: Pick<Manifest, 'keys' | 'policy'>): SetLife<ManifestKey> {
  const listed = policy?.facts.alg?.flatMap((alg): Target[] => {
    const algorithm = findAlgorithm(alg);
    if (algorithm === undefined) return [];
    return [{ alg, use: algorithm.use, symmetric: ktyOf(selectKeyShape({ alg })) === 'oct' }];
  });
  return { keys, policy, listed };
}

/** The plan with the keys that were made in it. */
function carryOut(plan: SetPlan, made: ReadonlyMap<string, PrivateJwk>) {
  const keys = plan.keys.map((key): ManifestKey => {
    if (!isNew(key)) return key;
    const jwk = made.get(key.kid);
    if (jwk === undefined) throw new JwksError('internal', `no key was made for ${key.kid}`);
    const { created, activates, deactivates, retires } = key;
    return { ...toUndatedKey(jwk, key), created, activates, deactivates, retires };
  });
  const steps = plan.steps.map((step): Step => ({ ...step, kid: made.get(step.kid)?.kid ?? step.kid }));
  return { keys, steps };
}

function eventsOf(plan: SetPlan, steps: readonly Step[], note: string | undefined): Change['events'] {
  const whole = plan.event && { event: plan.event.event, note: join(plan.event.reason, note) };
  const each = steps.map(({ event, kid, reason }) => ({ event, kid, note: join(reason, note) }));
  return whole === undefined ? each : [whole, ...each];
}

function join(reason: string | undefined, note: string | undefined): string | undefined {
  return [reason, note].filter((part) => part !== undefined).join('; ') || undefined;
}
