// What a monitor wants to know of sets: faults, figures, and whether an endpoint publishes what it should.
import { JwksError } from '../errors.ts';
import type { PublicJwk } from '../jose/jwk.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import { documentOf, type SetId, setNameOf } from '../keystore/set-id.ts';
import { refuseClock } from '../lifecycle/clock.ts';
import { Draft } from '../lifecycle/draft.ts';
import { overdueSince } from '../lifecycle/due.ts';
import { plannedKeys } from '../lifecycle/forecast.ts';
import { inspect } from '../lifecycle/inspect.ts';
import { type KeyState, stateOf } from '../lifecycle/key.ts';
import { defaultFacts, factsInForce } from '../lifecycle/policy.ts';
import { publishedKeys } from '../lifecycle/publication.ts';
import type { Instant, Seconds } from '../lifecycle/time.ts';
import { lifeOf } from './change-set.ts';
import { comparePublished } from './compare-published.ts';
import { fetchJwks } from './fetch-jwks.ts';
import type { FetchUrl } from './fetch-url.ts';
import { bySeverity, type Finding, isOk } from './finding.ts';
import { keysOf, readNamed, skewOf, timeOf } from './select-sets.ts';

export type { Finding };

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
  /** Of errors there are only places that did not answer, and sets that no file or connection gave. */
  readonly isUnknown: boolean;
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
    const at = timeOf(manifest, clock, request.at);
    return { ...manifest, at, keys: keysOf(manifest, request.at) };
  });
  if (manifests.length === 0 && findings.length === 0) {
    findings.push({ code: 'no-sets', severity: 'warning', message: 'there are no sets here' });
  }
  for (const manifest of looked) {
    const { set, updated, at, keys } = manifest;
    const behind = refuseClock(clock, updated, skewOf(manifest, at));
    if (behind !== undefined) findings.push({ set, code: 'clock', severity: 'error', message: behind });
    // At a time before it was made there was nothing to be right or wrong.
    if (request.at !== undefined && keys.length === 0) continue;
    findings.push(...inspect(lifeOf(manifest), at, request.maxAge).map((fault) => ({ set, ...fault })));
  }
  if (request.urls.length > 0) {
    const now = request.at ?? clock;
    const { others, unread } = await readOthers(reader, clock, request.sets);
    for (const url of request.urls)
      findings.push(...(await comparePlace(fetchUrl, url, { looked, others, now })));
    // What is served and not known may be of one of these.
    if (findings.some(({ code }) => code === 'unknown-published')) findings.push(...unread);
  }
  findings.sort(bySeverity);
  const ok = isOk(findings);
  const errors = findings.filter(({ severity }) => severity === 'error');
  const isUnknown = !ok && errors.every(({ code }) => code === 'unreachable' || code === 'failed');
  return { ok, isUnknown, at: request.at ?? clock, findings, figures: looked.map(figuresOf) };
}

type Looked = Manifest & { readonly at: Instant };

function notRead(set: string, { code, message }: JwksError): Finding {
  return { set, code, severity: 'error', message };
}

async function readAll(reader: Reader, sets: CheckRequest['sets'], findings: Finding[]): Promise<Manifest[]> {
  if (sets === 'all') {
    const all = await reader.readManifests((name, error) => findings.push(notRead(setNameOf(name), error)));
    return all.filter(({ deleted }) => deleted === undefined);
  }
  const manifests: Manifest[] = [];
  for (const set of new Set(sets)) {
    try {
      manifests.push(await readNamed(reader, set));
    } catch (error) {
      if (!(error instanceof JwksError) || error.code === 'not-found') throw error;
      findings.push(notRead(set, error));
    }
  }
  return manifests;
}

/** The sets that were not named: their keys may be published at the same place. */
async function readOthers(
  reader: Reader,
  clock: Instant,
  sets: CheckRequest['sets'],
): Promise<{ readonly others: readonly Looked[]; readonly unread: readonly Finding[] }> {
  if (sets === 'all') return { others: [], unread: [] };
  const named = new Set(sets.map(documentOf));
  const unread: Finding[] = [];
  const manifests = await reader.readManifests((name, error) => {
    if (!named.has(name)) unread.push(notRead(setNameOf(name), error));
  });
  const others = manifests
    .filter(({ set }) => !named.has(documentOf(set)))
    .map((manifest) => ({ ...manifest, at: timeOf(manifest, clock, undefined) }));
  return { others, unread };
}

async function comparePlace(
  fetchUrl: FetchUrl,
  url: string,
  {
    looked,
    others,
    now,
  }: { readonly looked: readonly Looked[]; readonly others: readonly Looked[]; readonly now: Instant },
): Promise<Finding[]> {
  const facts = looked.map((manifest) => factsInForce(manifest.policy, manifest.at));
  const strictest = (name: 'cacheMaxAge' | 'staleIfError') =>
    Math.min(...facts.map((one) => one[name]), ...(facts.length === 0 ? [defaultFacts[name]] : []));
  const publishLag = Math.max(0, ...facts.map((one) => one.publishLag));
  const setOf = new Map([...others, ...looked].flatMap(({ set, keys }) => keys.map(({ kid }) => [kid, set])));
  try {
    const found = comparePublished({
      expected: looked.flatMap(publishedIn),
      allowed: others.flatMap(publishedIn),
      known: [...looked, ...others].flatMap(({ keys, at }) => keys.map((key) => toKnown(key, at))),
      served: await fetchJwks(fetchUrl, url),
      facts: { cacheMaxAge: strictest('cacheMaxAge'), staleIfError: strictest('staleIfError'), publishLag },
      now: Math.max(now, ...looked.map(({ at }) => at)) as Instant,
    });
    return found.map((one) => ({ set: setOf.get(one.kid ?? ''), ...one }));
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    const code = error.code === 'unreachable' ? 'unreachable' : 'no-jwks';
    return [{ code, severity: 'error', message: error.message }];
  }
}

function publishedIn(manifest: Looked): PublicJwk[] {
  const keys = publishedKeys(manifest.keys, manifest.at, skewOf(manifest, manifest.at));
  return keys.flatMap(({ jwk }) => jwk ?? []);
}

/** When the published set had to change for a key last: the publication may lag behind that. */
function toKnown(key: ManifestKey, at: Instant) {
  const state = stateOf(key, at);
  const [came, left] = key.use === 'enc' ? [key.activates, key.deactivates] : [key.created, key.retires];
  const isIn = key.use === 'enc' ? state === 'active' : state !== 'retired';
  return {
    ...key,
    state,
    changed: isIn ? came : left,
    isUrgent: key.use === 'sig' && state === 'active',
  };
}

const none: Readonly<Record<KeyState, number>> = { next: 0, active: 0, retiring: 0, retired: 0, revoked: 0 };

/** The figures of sets now. */
export function figuresNow(manifests: readonly Manifest[], clock: Instant): Figures[] {
  return manifests.map((manifest) => figuresOf({ ...manifest, at: timeOf(manifest, clock, undefined) }));
}

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
