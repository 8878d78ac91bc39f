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

/** In the order in which they come to know, the last of them last. */
export function exposureOf(key: KeyLife, facts: PolicyFacts, now: Instant): Exposure[] {
  const privately = { holder: 'private-sets', until: after(now, facts.signerReload + facts.skew) } as const;
  if (key.symmetric) return [privately];
  const { publishLag, cacheMaxAge, staleIfError, verifierCache, skew } = facts;
  const cached = publishLag + cacheMaxAge;
  const publicly: Exposure[] = [
    { holder: 'publication', until: after(now, publishLag) },
    { holder: 'caches', until: after(now, cached) },
    { holder: 'stale-caches', until: after(now, cached + staleIfError) },
    { holder: 'verifiers', until: after(now, cached + staleIfError + verifierCache + skew) },
  ];
  const some = publicly.filter(({ holder }) => holder !== 'stale-caches' || staleIfError > 0);
  return [...some, privately];
}

function after(now: Instant, span: number): Instant {
  return (now + span) as Instant;
}
