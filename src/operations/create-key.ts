// Makes a key and adds it to a set, which is made if need be.
import { JwksError } from '../errors.ts';
import { type AlgorithmRequest, selectKeyShape } from '../jose/algorithms.ts';
import { generateKey, type KidScheme, kidSchemes, refuseUnavailable } from '../jose/generate.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import type { Change, Keystore, OpenSet } from '../keystore/keystore.ts';
import type { ManifestKey } from '../keystore/manifest.ts';
import { parseNote, type SetId } from '../keystore/set-id.ts';
import { bornActive, existingFor, supersededBy } from '../lifecycle/plan-create.ts';
import { factsInForce, leadOf, type Policy } from '../lifecycle/policy.ts';
import type { Role } from '../lifecycle/signer.ts';
import type { Instant, Seconds } from '../lifecycle/time.ts';
import { isThere, refuseTaken, refuseUnlisted, tidySet } from './change-set.ts';
import { toUndatedKey } from './spare-keys.ts';

export interface CreateRequest extends AlgorithmRequest {
  readonly set: SetId;
  /** Given by hand; absent: made by `kidFrom`. */
  readonly kid?: string | undefined;
  /** Default `thumbprint`. */
  readonly kidFrom?: KidScheme | undefined;
  /** Be content with a key of that use and algorithm that is active already. */
  readonly ifMissing?: boolean | undefined;
  /** Decide, but make and write nothing. */
  readonly dryRun?: boolean | undefined;
  readonly note?: string | undefined;
  /** Also an algorithm that the set's policy does not list. */
  readonly force?: boolean | undefined;
  /** The policy of a set that is made; a set that exists keeps its own. */
  readonly policy?: Policy | undefined;
}

export interface Created {
  readonly set: SetId;
  /** Absent after a dry run. */
  readonly key: ManifestKey | undefined;
  readonly privateJwk: PrivateJwk | undefined;
  /** `existing`: there was one, and nothing was written. `planned`: a dry run. */
  readonly outcome: 'made' | 'existing' | 'planned';
  /** When the key signs from. */
  readonly at: Instant;
  /** The set is rotated by its policy. */
  readonly hasPolicy: boolean;
  /** A key that signed until now, and how long verifiers may not know the new one yet. */
  readonly supersedes: { readonly kid: string; readonly unknownFor: Seconds } | undefined;
}

/**
 * A kid that exists, tombstones included, is exit 5 and changes nothing. Key generation happens outside the step
 * that is repeated when somebody else changes the set at the same time.
 */
export async function createKey(
  keystore: Keystore,
  clock: () => Instant,
  request: CreateRequest,
): Promise<Created> {
  const note = request.note === undefined ? undefined : parseNote(request.note);
  const shape = selectKeyShape(request);
  if (request.kidFrom !== undefined && !kidSchemes.includes(request.kidFrom)) {
    throw new JwksError('usage', `unknown way to make a key id: ${request.kidFrom}`, {
      hint: kidSchemes.join(', '),
    });
  }
  const role: Role = shape.algorithm;
  const before = await keystore.openSet(request.set);
  const now = clock();
  const ready = existing(before, request, role, now);
  if (ready !== undefined) return ready;
  refuseAlgorithm(before, request, role);
  if (request.dryRun === true) refuseUnavailable(shape);
  if (request.kid !== undefined) refuse(before, request.set, { kid: request.kid });
  if (request.dryRun === true) return planned(before, request, role, now);

  const naming =
    request.kid === undefined ? { scheme: request.kidFrom ?? 'thumbprint' } : { kid: request.kid };
  const privateJwk = await generateKey(shape, naming);
  const draft = toUndatedKey(privateJwk, role);
  let result: Created | undefined;
  await keystore.change(
    request.set,
    (current, at): Change | undefined => {
      result = existing(current, request, role, at);
      if (result !== undefined) return undefined;
      refuseAlgorithm(current, request, role);
      refuse(current, request.set, draft);
      const key: ManifestKey = { ...draft, ...bornActive(at) };
      const rest = isThere(current) ? tidySet(current.manifest, at) : undefined;
      result = { ...planned(current, request, role, at), outcome: 'made', key, privateJwk };
      return {
        keys: [key, ...(rest?.keys ?? current?.manifest.keys ?? [])],
        privateKeys: [privateJwk, ...(current?.privateKeys ?? [])],
        policy: isThere(current) ? current.manifest.policy : request.policy,
        events: [{ event: 'created', kid: key.kid, note }, ...(rest?.events ?? [])],
      };
    },
    { create: true, force: request.force },
  );
  if (result === undefined) throw new JwksError('internal', 'the change was not decided');
  return result;
}

/** What can be refused before there is a keystore, so that none is made for it. */
export function refuseFirst(request: CreateRequest): void {
  if (request.note !== undefined) parseNote(request.note);
  refuseAlgorithm(undefined, request, selectKeyShape(request).algorithm);
}

function existing(
  current: OpenSet | undefined,
  request: CreateRequest,
  role: Role,
  now: Instant,
): Created | undefined {
  if (request.ifMissing !== true || !isThere(current)) return undefined;
  const { keys, policy } = current.manifest;
  const key = existingFor(keys, role, now, factsInForce(policy, now).skew);
  if (key === undefined) return undefined;
  const privateJwk = current.privateKeys.find(({ kid }) => kid === key.kid);
  return {
    set: request.set,
    key,
    privateJwk,
    outcome: 'existing',
    at: key.activates ?? now,
    hasPolicy: policy !== undefined,
    supersedes: undefined,
  };
}

function planned(current: OpenSet | undefined, request: CreateRequest, role: Role, now: Instant): Created {
  const keys = current?.manifest.keys ?? [];
  const facts = factsInForce(current?.manifest.policy, now);
  const signer = supersededBy(keys, role, now, facts.skew);
  return {
    set: request.set,
    key: undefined,
    privateJwk: undefined,
    outcome: 'planned',
    at: now,
    hasPolicy: (isThere(current) ? current.manifest.policy : request.policy) !== undefined,
    supersedes: signer && { kid: signer.kid, unknownFor: leadOf(facts, signer) },
  };
}

function refuse(
  current: OpenSet | undefined,
  set: SetId,
  incoming: Pick<ManifestKey, 'kid' | 'thumbprint'>,
): void {
  const words = { what: 'made', hint: 'leave the key id out to have one made' };
  refuseTaken({ set, keys: current?.manifest.keys ?? [] }, incoming, words);
}

function refuseAlgorithm(
  current: OpenSet | undefined,
  { set, policy: own, force }: CreateRequest,
  { alg }: Role,
): void {
  const policy = isThere(current) ? current.manifest.policy : own;
  refuseUnlisted({ set, policy }, alg, { force, hint: 'use one of these, or add --force' });
}
