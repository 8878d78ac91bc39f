// The policy of sets: what it is, what follows from it, and changing it.
import { JwksError } from '../errors.ts';
import { findAlgorithm, selectKeyShape } from '../jose/algorithms.ts';
import { refuseUnavailable } from '../jose/generate.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { fromFacts, type Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { type PlannedKey, plannedKeys } from '../lifecycle/forecast.ts';
import { isTombstone } from '../lifecycle/key.ts';
import { planPolicy } from '../lifecycle/plan-policy.ts';
import {
  defaultFacts,
  defaultRotateEvery,
  factsInForce,
  type PolicyFacts,
  unsafeFacts,
} from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type Changed, type ChangeRequest, changeSet, lifeOf } from './change-set.ts';
import { parseFetchUrl } from './fetch-url.ts';
import { selectSets, timeOf } from './select-sets.ts';

/** Facts to change; `null` takes one away. */
export type FactChanges = { readonly [fact in keyof PolicyFacts]?: PolicyFacts[fact] | null };

export interface PolicyRequest extends ChangeRequest {
  readonly set: SetId;
  readonly changes: FactChanges;
  /** What a set without a policy starts from. Default: the facts' defaults, and a period of 90 days. */
  readonly base?: PolicyFacts | undefined;
}

/** Sets or changes a policy. Unsafe facts are exit 5 without `force`, which the history then tells. */
export function setPolicy(keystore: Keystore, request: PolicyRequest): Promise<Changed> {
  refuseUnknown(request);
  return changeSet(keystore, request.set, request, ({ manifest }, now) => {
    const before = manifest.policy?.facts;
    const facts = merge(
      before ?? request.base ?? { ...defaultFacts, rotateEvery: defaultRotateEvery },
      request.changes,
    );
    const differences = describeDifferences(before, facts);
    if (before !== undefined && differences === '') return { steps: [], keys: manifest.keys };
    const unsafe = unsafeFacts(
      facts,
      manifest.keys.filter((key) => !isTombstone(key, now)),
    );
    if (unsafe !== undefined && request.force !== true) {
      throw new JwksError('unsafe', `the policy of set "${request.set}" was not changed: ${unsafe}`, {
        hint: 'change the facts together, or add --force and say why with --note',
      });
    }
    const forced = unsafe === undefined ? '' : `; forced although ${unsafe}`;
    const event = { event: 'policy', reason: `${differences || 'the defaults'}${forced}` };
    const life = lifeOf(manifest);
    const { listed } = lifeOf({ keys: manifest.keys, policy: { facts, was: [] } });
    return { ...planPolicy({ ...life, listed }, facts, now, life.listed), event };
  });
}

function refuseUnknown({ changes: { alg, publishedAt }, force }: PolicyRequest): void {
  const unknown = alg?.find((name) => findAlgorithm(name) === undefined);
  if (unknown !== undefined) {
    throw new JwksError('usage', `unknown algorithm "${unknown}"`, { hint: 'jwks algs lists them' });
  }
  // Else every rotation of the set would fail on this machine.
  if (force !== true) for (const name of alg ?? []) refuseUnavailable(selectKeyShape({ alg: name }));
  for (const url of publishedAt ?? []) parseFetchUrl(url);
}

function merge(facts: PolicyFacts, { alg, publishedAt, ...changes }: FactChanges): PolicyFacts {
  const lists = Object.entries({ alg, publishedAt }).map(([name, list]) => [
    name,
    list && [...new Set(list)],
  ]);
  const said = Object.fromEntries(lists.filter(([, list]) => list !== undefined));
  const merged = Object.entries({ ...facts, ...changes, ...said });
  return Object.fromEntries(
    merged.filter(([, fact]) => fact !== null && fact !== undefined),
  ) as unknown as PolicyFacts;
}

/** What differs, for the history: `tokenTtl 24h -> 1h`. */
function describeDifferences(before: PolicyFacts | undefined, after: PolicyFacts): string {
  // Of a first policy only what is not as usual.
  const [old, now] = [fromFacts(before ?? defaultFacts), fromFacts(after)];
  const names = [...new Set([...Object.keys(old), ...Object.keys(now)])];
  return names
    .filter((name) => JSON.stringify(old[name]) !== JSON.stringify(now[name]))
    .map((name) => `${name} ${before === undefined ? '' : `${textOf(old[name])} -> `}${textOf(now[name])}`)
    .join(', ');
}

function textOf(fact: unknown): string {
  return Array.isArray(fact) ? fact.join(' ') : String(fact ?? 'none');
}

export interface SetPolicy {
  readonly manifest: Manifest;
  readonly at: Instant;
  /** What counts now: with facts that were lowered at their old value as long as that matters. */
  readonly inForce: PolicyFacts;
  readonly planned: readonly PlannedKey[];
}

/** Needs no secret. One that does not exist is exit 3. */
export async function readPolicies(
  reader: Reader,
  clock: Instant,
  sets: readonly SetId[] | 'all',
): Promise<SetPolicy[]> {
  const manifests = await selectSets(reader, sets);
  return manifests.map((manifest) => describePolicy(manifest, timeOf(manifest, clock, undefined)));
}

export function describePolicy(manifest: Manifest, at: Instant): SetPolicy {
  const inForce = factsInForce(manifest.policy, at);
  return { manifest, at, inForce, planned: plannedKeys(lifeOf(manifest), at) };
}
