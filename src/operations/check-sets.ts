// What a monitor wants to know of sets: faults, figures, and whether an endpoint publishes what it should.
import { JwksError } from '../errors.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { nowFor, refuseClock } from '../lifecycle/clock.ts';
import { Draft } from '../lifecycle/draft.ts';
import { overdueSince } from '../lifecycle/due.ts';
import { plannedKeys } from '../lifecycle/forecast.ts';
import { inspect } from '../lifecycle/inspect.ts';
import { type KeyState, stateOf } from '../lifecycle/key.ts';
import { defaultFacts, factsInForce } from '../lifecycle/policy.ts';
import { keysAt, publishedKeys } from '../lifecycle/publication.ts';
import type { Instant, Seconds } from '../lifecycle/time.ts';
import { lifeOf } from './change-set.ts';
import { comparePublished } from './compare-published.ts';
import { fetchJwks } from './fetch-jwks.ts';
import type { FetchUrl } from './fetch-url.ts';
import { skewOf } from './select-sets.ts';

export interface Finding {
  /** Absent: it concerns several sets, or none. */
  readonly set?: string | undefined;
  readonly kid?: string | undefined;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

/** Of one set. Spans in seconds. */
export interface Figures {
  readonly set: SetId;
  /** Of each algorithm that is signed with. */
  readonly signers: readonly { readonly alg: string; readonly age: Seconds }[];
  /** Until the next date in the life of its keys or the next rotation. */
  readonly nextChange: Seconds | undefined;
  /** Since a rotation is overdue; 0: none is. */
  readonly overdue: Seconds;
  readonly keys: Readonly<Record<KeyState, number>>;
}

export interface CheckRequest {
  readonly sets: readonly SetId[] | 'all';
  /** Absent: now. */
  readonly at?: Instant | undefined;
  readonly maxAge?: Seconds | undefined;
  /** Where the sets, merged, are published. */
  readonly urls: readonly string[];
}

export interface Checked {
  /** No finding is an error. */
  readonly ok: boolean;
  readonly at: Instant;
  readonly findings: readonly Finding[];
  readonly figures: readonly Figures[];
}

/** A set that cannot be read is a finding among the others; one that was named and does not exist is exit 3. */
export async function checkSets(
  reader: Reader,
  clock: Instant,
  fetchUrl: FetchUrl,
  request: CheckRequest,
): Promise<Checked> {
  const findings: Finding[] = [];
  const manifests = await readAll(reader, request.sets, findings);
  const looked = manifests.map((manifest) => {
    const at = request.at ?? nowFor(clock, manifest.updated);
    return { ...manifest, at, keys: request.at === undefined ? manifest.keys : keysAt(manifest.keys, at) };
  });
  for (const manifest of looked) {
    const { set, updated, at } = manifest;
    const behind = refuseClock(clock, updated, skewOf(manifest, at));
    if (behind !== undefined) findings.push({ set, code: 'clock', severity: 'error', message: behind });
    findings.push(...inspect(lifeOf(manifest), at, request.maxAge).map((fault) => ({ set, ...fault })));
  }
  for (const url of request.urls) findings.push(...(await comparePlace(fetchUrl, url, looked)));
  findings.sort((a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'));
  const ok = findings.every(({ severity }) => severity !== 'error');
  return { ok, at: request.at ?? clock, findings, figures: looked.map(figuresOf) };
}

type Looked = Manifest & { readonly at: Instant };

async function readAll(reader: Reader, sets: CheckRequest['sets'], findings: Finding[]): Promise<Manifest[]> {
  const fail = (set: string, { code, message }: JwksError) =>
    void findings.push({ set, code, severity: 'error', message });
  if (sets === 'all') {
    const all = await reader.readManifests((name, error) => fail(name.replace('sets/', ''), error));
    return all.filter(({ deleted }) => deleted === undefined);
  }
  const { selectSets } = await import('./select-sets.ts');
  const manifests: Manifest[] = [];
  for (const set of new Set(sets)) {
    try {
      manifests.push(...(await selectSets(reader, [set])));
    } catch (error) {
      if (!(error instanceof JwksError) || error.code === 'not-found') throw error;
      fail(set, error);
    }
  }
  return manifests;
}

async function comparePlace(fetchUrl: FetchUrl, url: string, looked: readonly Looked[]): Promise<Finding[]> {
  const facts = looked.map((manifest) => factsInForce(manifest.policy, manifest.at));
  const strictest = (name: 'cacheMaxAge' | 'staleIfError') =>
    Math.min(...facts.map((one) => one[name]), ...(facts.length === 0 ? [defaultFacts[name]] : []));
  const expected = looked.flatMap((manifest) =>
    publishedKeys(manifest.keys, manifest.at, skewOf(manifest, manifest.at)).flatMap(({ jwk }) => jwk ?? []),
  );
  const known = looked.flatMap(({ keys, at }) =>
    keys.map((key) => {
      const state = stateOf(key, at);
      return { ...key, state, changed: state === 'retired' ? key.retires : key.created };
    }),
  );
  const now = looked.reduce<Instant | undefined>(
    (last, { at }) => (last === undefined || at > last ? at : last),
    undefined,
  );
  const publishLag = Math.max(0, ...facts.map((one) => one.publishLag));
  const found = comparePublished({
    expected,
    known,
    served: await fetchJwks(fetchUrl, url),
    facts: { cacheMaxAge: strictest('cacheMaxAge'), staleIfError: strictest('staleIfError'), publishLag },
    now,
  });
  const setOf = (kid: string | undefined) =>
    looked.find(({ keys }) => keys.some((key) => key.kid === kid))?.set;
  return found.map((one) => ({ set: one.kid === undefined ? undefined : setOf(one.kid), ...one }));
}

const none: Readonly<Record<KeyState, number>> = { next: 0, active: 0, retiring: 0, retired: 0, revoked: 0 };

function figuresOf(manifest: Looked): Figures {
  const { set, at, keys } = manifest;
  const draft = new Draft(lifeOf(manifest), at);
  const signers = draft.inState('active').filter((key) => draft.active(key)?.kid === key.kid);
  const dates = keys
    .filter(({ revoked }) => revoked === undefined)
    .flatMap(({ activates, deactivates, retires }) => [activates, deactivates, retires])
    .filter((date): date is Instant => date !== undefined && date > at);
  const planned = plannedKeys(lifeOf(manifest), at).map(({ publishes }) => publishes);
  const next = Math.min(...dates, ...planned);
  const overdue = signers.flatMap((signer) => overdueSince(draft, signer) ?? []);
  const counts = { ...none };
  for (const key of keys) counts[stateOf(key, at)]++;
  return {
    set,
    signers: signers.map(({ alg, activates, created }) => ({ alg, age: at - (activates ?? created) })),
    nextChange: Number.isFinite(next) ? next - at : undefined,
    overdue: overdue.length === 0 ? 0 : at - Math.min(...overdue),
    keys: counts,
  };
}
