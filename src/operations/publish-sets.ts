// What is published of sets at a time: pure, so that a server can tell when it has to be worked out again.
import { type PublicJwk, toPublicJwk } from '../jose/jwk.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import { defaultFacts } from '../lifecycle/policy.ts';
import { publishedKeys } from '../lifecycle/publication.ts';
import type { Instant, Seconds } from '../lifecycle/time.ts';
import { type JwkSet, mergeKeys } from './export-jwks.ts';
import { skewOf, timeOf } from './select-sets.ts';

export interface Publication {
  readonly jwks: JwkSet<PublicJwk>;
  /** What verifiers may rely on: the shortest of the sets. */
  readonly cacheMaxAge: Seconds;
  readonly staleIfError: Seconds;
  /** Of the published signing keys. */
  readonly algs: readonly string[];
  /** Kids of two different keys: the one that was there first stands. */
  readonly conflicts: readonly string[];
  /** The first time at which it may be another; absent: it stays. */
  readonly until: Instant | undefined;
}

/** The sets merged, in the order in which verifiers should see their keys. */
export function publish(manifests: readonly Manifest[], clock: Instant): Publication {
  const chosen = manifests.flatMap((manifest) => {
    const at = timeOf(manifest, clock, undefined);
    return publishedKeys(manifest.keys, at, skewOf(manifest, at));
  });
  // Once more through the one function that makes public keys: a manifest is only as good as who wrote it.
  const sources = new Map(
    chosen.flatMap((key): [PublicJwk, ManifestKey][] =>
      key.jwk === undefined ? [] : [[toPublicJwk(key.jwk), key]],
    ),
  );
  const created = (jwk: PublicJwk): number => sources.get(jwk)?.created ?? Number.POSITIVE_INFINITY;
  const merged = mergeKeys([...sources.keys()], (key, other) => created(key) < created(other));
  const keys = merged.keys.flatMap((jwk) => sources.get(jwk) ?? []);
  const facts = manifests.map(({ policy }) => policy?.facts ?? defaultFacts);
  const least = (name: 'cacheMaxAge' | 'staleIfError') =>
    facts.length === 0 ? defaultFacts[name] : Math.min(...facts.map((one) => one[name]));
  return {
    jwks: { keys: merged.keys },
    cacheMaxAge: least('cacheMaxAge'),
    staleIfError: least('staleIfError'),
    algs: [...new Set(keys.filter(({ use }) => use === 'sig').map(({ alg }) => alg))],
    conflicts: merged.conflicts,
    until: nextOf(manifests.flatMap(datesOf), clock),
  };
}

/** When the set's publication, or the order in it, may become another. */
function datesOf(manifest: Manifest): number[] {
  const skews = [
    manifest.policy?.facts ?? defaultFacts,
    ...(manifest.policy?.was ?? []).map(({ facts }) => facts),
  ];
  const dates = manifest.keys.flatMap(({ activates, deactivates, retires }) => [
    activates,
    deactivates,
    retires,
  ]);
  const reached = dates.filter((date) => date !== undefined);
  // A key may sign up to skew before its date.
  const early = reached.flatMap((date) => skews.map(({ skew }) => date - skew));
  // Until the clock has reached it, the time that counts stands still.
  return [...reached, ...early, ...(manifest.policy?.was ?? []).map(({ until }) => until), manifest.updated];
}

function nextOf(dates: readonly number[], clock: Instant): Instant | undefined {
  const next = dates.reduce(
    (least, date) => (date > clock && date < least ? date : least),
    Number.POSITIVE_INFINITY,
  );
  return Number.isFinite(next) ? (next as Instant) : undefined;
}
