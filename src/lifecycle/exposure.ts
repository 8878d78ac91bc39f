// Who may go on trusting a key that was taken out of the published set, and until when.
import type { KeyLife } from './key.ts';
import type { PolicyFacts } from './policy.ts';
import type { Instant } from './time.ts';

export type Holder =
  /** The published set itself, until it is published anew. */
  | 'publication'
  /** Caches that keep to `max-age` (RFC 9111). */
  | 'caches'
  /** Caches that serve what is stale while their source fails (RFC 5861). */
  | 'stale-caches'
  /** Verifiers (or senders) that keep the set whatever its header says. */
  | 'verifiers'
  /** Hosts that have loaded the private set. */
  | 'private-sets';

export interface Exposure {
  readonly holder: Holder;
  readonly until: Instant;
}

/** The first to know first. A key that was out of the published set for long is trusted by nobody. */
export function exposureOf(key: KeyLife, facts: PolicyFacts, now: Instant): Exposure[] {
  const { publishLag, cacheMaxAge, staleIfError, verifierCache, signerReload, skew } = facts;
  const cached = publishLag + cacheMaxAge;
  const holders: readonly (readonly [Holder, number])[] = [
    ['publication', publishLag],
    ['caches', cached],
    ['stale-caches', staleIfError === 0 ? 0 : cached + staleIfError],
    ['verifiers', cached + staleIfError + verifierCache + skew],
  ];
  const published = publishedUntil(key, now);
  const publicly =
    published === undefined ? [] : holders.map(([holder, span]) => until(holder, published + span));
  const privately = until('private-sets', Math.min(key.retires ?? now, now) + signerReload + skew);
  return [...publicly, privately].filter((one) => one.until > now).sort((a, b) => a.until - b.until);
}

/** When it left the published set; `undefined`: it was never there. */
function publishedUntil(key: KeyLife, now: Instant): number | undefined {
  if (key.symmetric) return undefined;
  if (key.use === 'sig') return Math.min(key.retires ?? now, now);
  const isPublished = key.activates !== undefined && key.activates <= now;
  return isPublished ? Math.min(key.deactivates ?? now, key.retires ?? now, now) : undefined;
}

function until(holder: Holder, at: number): Exposure {
  return { holder, until: at as Instant };
}
