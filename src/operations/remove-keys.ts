// Takes keys out of use: retire, revoke, delete; and deletes whole sets.
import { JwksError } from '../errors.ts';
import type { Keystore, OpenSet } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { nowFor } from '../lifecycle/clock.ts';
import { Draft } from '../lifecycle/draft.ts';
import { isTombstone, type RevocationReason, stateOf } from '../lifecycle/key.ts';
import { planRemoval } from '../lifecycle/plan-removal.ts';
import { signersOf } from '../lifecycle/signer.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type Changed, type ChangeRequest, changeSet, lifeOf, type SetPlan } from './change-set.ts';
import { noKey, noSet, skewOf } from './select-sets.ts';

interface SetRequest extends ChangeRequest {
  readonly set: SetId;
}

interface RemovalRequest extends SetRequest {
  /** Of a key that signs: nothing takes its place. */
  readonly noSuccessor?: boolean | undefined;
}

interface KeyRequest extends RemovalRequest {
  readonly kid: string;
}

/** Stops a key signing now. One that is retiring already stays as it is; one that does not sign yet is exit 5. */
export function retireKey(keystore: Keystore, request: KeyRequest): Promise<Changed> {
  const { set, kid } = request;
  return changeSet(keystore, set, request, ({ manifest }, now) => {
    const key = find(manifest, kid);
    const state = stateOf(key, now);
    if (state === 'next') {
      throw new JwksError('conflict', `key "${kid}" does not sign yet`, {
        hint: 'jwks rotate --cancel drops it',
      });
    }
    if (isTombstone(key, now)) throw new JwksError('conflict', `key "${kid}" is ${state} already`);
    return planRemoval(lifeOf(manifest), now, [kid], { kind: 'retire' }, request.noSuccessor);
  });
}

export interface RevokeRequest extends RemovalRequest {
  /** Kids, the keys that sign, or all keys that are not revoked. */
  readonly keys: readonly string[] | 'signer' | 'all';
  readonly reason: RevocationReason;
}

/** Takes keys out of publication at once. Keys that are revoked already stay as they are. */
export function revokeKeys(keystore: Keystore, request: RevokeRequest): Promise<Changed> {
  let kids: readonly string[] | undefined;
  return changeSet(keystore, request.set, request, ({ manifest }, now) => {
    // Chosen once: after a conflict the signer is another, perhaps the successor of the one that was meant.
    kids ??= choose(manifest, request.keys, now);
    const removal = { kind: 'revoke', reason: request.reason } as const;
    return planRemoval(lifeOf(manifest), now, kids, removal, request.noSuccessor);
  });
}

function choose(manifest: Manifest, keys: RevokeRequest['keys'], now: Instant): readonly string[] {
  if (keys === 'all') return manifest.keys.filter((key) => !isTombstone(key, now)).map(({ kid }) => kid);
  if (keys !== 'signer') return keys.map((kid) => find(manifest, kid).kid);
  const signers = signersOf(manifest.keys, now, skewOf(manifest, now));
  if (signers.length > 0) return signers.map(({ kid }) => kid);
  throw new JwksError('not-found', `set "${manifest.set}" has no key that signs`);
}

/** Takes a key away for good, with a successor where it signed unless none is wanted. One that is retired or revoked stays a name. */
export function deleteKey(keystore: Keystore, request: KeyRequest): Promise<Changed> {
  const { set, kid } = request;
  return changeSet(keystore, set, request, ({ manifest }, now) => {
    if (isTombstone(find(manifest, kid), now)) throw noKey(set, kid);
    return planRemoval(lifeOf(manifest), now, [kid], { kind: 'delete' }, request.noSuccessor);
  });
}

/** Takes a set away: what is left are names that must not be used again. */
export function deleteSet(keystore: Keystore, request: SetRequest): Promise<Changed> {
  return changeSet(keystore, request.set, request, planDeletion);
}

export interface Doomed {
  readonly set: SetId;
  /** A key that would go signs now. */
  readonly signs: boolean;
  readonly keys: number;
}

/** What a deletion would take away. What does not exist is exit 3, unless it may be missing. */
export async function findDoomed(
  reader: Reader,
  clock: Instant,
  request: {
    readonly sets: readonly SetId[];
    readonly kid?: string | undefined;
    readonly ignoreMissing?: boolean | undefined;
  },
): Promise<Doomed[]> {
  const doomed: Doomed[] = [];
  for (const set of request.sets) {
    const manifest = (await reader.readSet(set))?.manifest;
    const isThere = manifest !== undefined && manifest.deleted === undefined;
    const now = nowFor(clock, manifest?.updated);
    const keys = (isThere ? manifest.keys : []).filter((key) => !isTombstone(key, now));
    const going = keys.filter(({ kid }) => request.kid === undefined || kid === request.kid);
    if (!isThere || (request.kid !== undefined && going.length === 0)) {
      if (request.ignoreMissing === true) continue;
      throw isThere ? noKey(set, request.kid ?? '') : noSet(set);
    }
    const signers = new Set(signersOf(manifest.keys, now, skewOf(manifest, now)));
    doomed.push({ set, signs: going.some((key) => signers.has(key)), keys: going.length });
  }
  return doomed;
}

function planDeletion({ manifest }: OpenSet, now: Instant): SetPlan {
  const draft = new Draft(lifeOf(manifest), now);
  for (const key of draft.keys) {
    if (!isTombstone(key, now)) draft.bury(key, { retires: now }, 'deleted', 'the set was deleted');
    else if (key.held || key.jwk !== undefined) draft.bury(key, {}, 'destroyed', 'the set was deleted');
  }
  const { steps, keys } = draft;
  return { steps, keys, deleted: true, event: { event: 'deleted', reason: undefined } };
}

function find(manifest: Manifest, kid: string): ManifestKey {
  const key = manifest.keys.find((one) => one.kid === kid);
  if (key === undefined) throw noKey(manifest.set, kid);
  return key;
}
