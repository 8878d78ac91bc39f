// A set as it was: from what its keys and its history tell today.
import { isTombstone, type KeyLife } from './key.ts';
import type { Instant } from './time.ts';

/** What the history says happened to a key. */
export interface PastStep {
  readonly at: Instant;
  readonly event: string;
  readonly kid?: string | undefined;
}

/** After these a key has the dates of its end, which it had not before. */
const datings = ['created', 'imported', 'published', 'scheduled', 'activated', 'retired', 'cancelled'];

/**
 * The keys of a set as they stood at a time: without those that were made later, with private halves that were
 * destroyed since, and without an end that was planned since. At a time to come: as they are.
 */
export function keysAt<K extends KeyLife>(
  set: { readonly keys: readonly K[]; readonly events?: readonly PastStep[] | undefined },
  at: Instant,
): K[] {
  const events = set.events ?? [];
  return set.keys
    .filter((key) => key.created <= at)
    .map((key) => {
      const isHeld = key.held || (isBare(key) && !isTombstone(key, at));
      const own = events.filter(({ kid, event }) => kid === key.kid && datings.includes(event));
      const isDatedSince = own.some((event) => event.at > at) && !hadEnd(own, at);
      if (isHeld === key.held && !isDatedSince) return key;
      const ends = isDatedSince ? { deactivates: undefined, retires: undefined } : {};
      return { ...key, ...ends, held: isHeld };
    });
}

/** Only a name is left: what is gone was there. */
function isBare(key: KeyLife): boolean {
  return !key.held && key.jwk === undefined;
}

/** Its end was planned by then; what comes with a key's birth may be one. */
function hadEnd(own: readonly PastStep[], at: Instant): boolean {
  return own.some((event) => event.at <= at && ['scheduled', 'retired', 'imported'].includes(event.event));
}
