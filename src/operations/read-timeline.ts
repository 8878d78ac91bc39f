// What a picture of sets over time is drawn from: their keys, and what policy makes next. Needs no secret.
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { type PlannedKey, plannedKeys } from '../lifecycle/forecast.ts';
import { keysAt } from '../lifecycle/past.ts';
import type { Policy } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { lifeOf } from './change-set.ts';
import { selectSets, timeOf } from './select-sets.ts';

export interface ReadSet {
  readonly set: SetId;
  readonly keys: readonly ManifestKey[];
  readonly events: Manifest['events'];
  readonly policy: Policy | undefined;
  readonly planned: readonly PlannedKey[];
  /** What time it is for this set. */
  readonly now: Instant;
}

/** `at`: the time to show. What policy plans is told from then if that is past, else from now. */
export async function readTimeline(
  reader: Reader,
  clock: Instant,
  request: { readonly sets: readonly SetId[] | 'all'; readonly at?: Instant | undefined },
): Promise<ReadSet[]> {
  return toReadSets(await selectSets(reader, request.sets), clock, request.at);
}

/** As `readTimeline`, of manifests that were read already. */
export function toReadSets(manifests: readonly Manifest[], clock: Instant, at?: Instant): ReadSet[] {
  return manifests.map((manifest) => {
    const { set, keys, events, policy } = manifest;
    const now = timeOf(manifest, clock, undefined);
    const from = at !== undefined && at < now ? at : now;
    const planned = plannedKeys(lifeOf({ keys: keysAt(manifest, from), policy }), from);
    return { set, keys, events, policy, planned, now };
  });
}
