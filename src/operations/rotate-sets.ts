// Rotation of sets: what policy makes due, or what a person asks for; one set's failure does not stop the others.
import { JwksError } from '../errors.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest } from '../keystore/manifest.ts';
import { type DocumentName, documentOf, type SetId, setNameOf } from '../keystore/set-id.ts';
import { nowFor } from '../lifecycle/clock.ts';
import { nextLook } from '../lifecycle/next-look.ts';
import { planRotation, type RotationRequest } from '../lifecycle/plan-rotation.ts';
import { hasRole, type Role } from '../lifecycle/signer.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import { type Changed, type ChangeRequest, changeSet, lifeOf } from './change-set.ts';
import type { FetchUrl } from './fetch-url.ts';
import { findSeen, waitingKeys } from './find-seen.ts';
import { noSet } from './select-sets.ts';

export type RotateHow =
  | { readonly kind: 'due' | 'successor' | 'now' | 'cancel' }
  | { readonly kind: 'activate-at'; readonly at: Instant };

export interface RotateRequest extends ChangeRequest {
  readonly sets: readonly SetId[] | 'all';
  readonly how: RotateHow;
}

export interface RotateServices {
  readonly keystore: Keystore;
  readonly clock: () => Instant;
  readonly fetchUrl: FetchUrl;
  /** No further set is to be begun. */
  readonly isStopped?: () => boolean;
  /** Says which set it works on. */
  readonly onSet?: (set: SetId) => void;
}

export interface FailedSet {
  readonly set: string;
  readonly error: JwksError;
}

export interface Rotated {
  readonly sets: readonly Changed[];
  /** In the order in which they failed. The exit code is that of the first. */
  readonly failed: readonly FailedSet[];
  /** All that were asked for are among these; else the storage knew of others that nothing is due. */
  readonly isAll: boolean;
}

export async function rotateSets(services: RotateServices, request: RotateRequest): Promise<Rotated> {
  refuseFarAway(services.clock(), request.how);
  const done: Changed[] = [];
  const failed: FailedSet[] = [];
  const { chosen, deleted, isAll } = await choose(services, request, failed);
  const fetchUrl = once(services.fetchUrl);
  for (const [id, manifest] of chosen) {
    try {
      if (services.isStopped?.() === true) throw new JwksError('interrupted', `set "${id}" was not begun`);
      done.push(await rotate({ ...services, fetchUrl }, id, manifest, request, failed));
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      failed.push({ set: id, error });
    }
  }
  if (request.how.kind === 'due' && request.dryRun !== true) {
    const unchanged = done.filter(({ outcome }) => outcome === 'unchanged');
    await noteLooks(services, [...unchanged.map(({ before }) => before), ...deleted]);
  }
  return { sets: done, failed, isAll };
}

/** So that the next run need not look at all of them again. It is a hint: without it nothing is wrong. */
async function noteLooks({ keystore, clock }: RotateServices, manifests: readonly Manifest[]): Promise<void> {
  const { storage } = keystore.reader;
  const now = clock();
  const looks = manifests.flatMap((manifest) => {
    const at =
      manifest.deleted === undefined ? nextLook(lifeOf(manifest), nowFor(now, manifest.updated)) : farAhead;
    return at === undefined || at > now
      ? [{ name: documentOf(manifest.set), revision: manifest.revision, at: at ?? farAhead }]
      : [];
  });
  if (storage.noteDue === undefined || looks.length === 0) return;
  try {
    await storage.noteDue(now, looks);
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
  }
}

const longest = 36_525 * 86_400;
/** Later than a storage keeps anything in mind. */
const farAhead = Number.MAX_SAFE_INTEGER as Instant;

/** Dates that follow from it have to be dates too. */
function refuseFarAway(clock: Instant, how: RotateHow): void {
  if (how.kind !== 'activate-at' || how.at - clock <= longest) return;
  throw new JwksError('usage', `${formatInstant(how.at)} is more than a hundred years ahead`);
}

/** Each place is asked once in a run, also where many sets want it and it does not answer. */
function once(fetchUrl: FetchUrl): FetchUrl {
  const asked = new Map<string, ReturnType<FetchUrl>>();
  return (url) => {
    const answer = asked.get(url) ?? fetchUrl(url);
    asked.set(url, answer);
    return answer;
  };
}

interface Choice {
  /** The sets to look at, with what is known of them. */
  readonly chosen: ReadonlyMap<SetId, Manifest | undefined>;
  readonly deleted: readonly Manifest[];
  readonly isAll: boolean;
}

/** Of all sets those that may have something due, or where nobody can tell those that can be read; the others failed. */
async function choose(
  { keystore: { reader }, clock }: RotateServices,
  { sets, how }: RotateRequest,
  failed: FailedSet[],
): Promise<Choice> {
  if (sets !== 'all') return { chosen: new Map(sets.map((id) => [id, undefined])), deleted: [], isAll: true };
  const onFault = (name: DocumentName, error: JwksError) => failed.push({ set: setNameOf(name), error });
  const due = how.kind === 'due' ? await reader.storage.due?.(clock()) : undefined;
  // What this host has seen and is not there any more is a fault, which reading it tells.
  const manifests =
    due === undefined
      ? await reader.readManifests(onFault)
      : [...(await reader.readEach([...due, ...(await reader.goneNames())], onFault)).values()];
  const there = manifests.filter(({ deleted }) => deleted === undefined);
  return {
    chosen: new Map(there.map((manifest) => [manifest.set, manifest])),
    deleted: manifests.filter(({ deleted }) => deleted !== undefined),
    isAll: due === undefined,
  };
}

async function rotate(
  services: RotateServices,
  id: SetId,
  listed: Manifest | undefined,
  request: RotateRequest,
  failed: FailedSet[],
): Promise<Changed> {
  const { keystore, clock, fetchUrl } = services;
  const manifest = listed ?? (await keystore.reader.readSet(id))?.manifest;
  if (manifest === undefined || manifest.deleted !== undefined) throw noSet(id);
  let seen: readonly string[] = [];
  const urls = manifest.policy?.facts.publishedAt ?? [];
  if (request.how.kind === 'due') {
    const now = nowFor(clock(), manifest.updated);
    const waiting = waitingKeys(manifest, now);
    if (waiting.length > 0) {
      const found = await findSeen(fetchUrl, manifest, waiting);
      failed.push(...found.failed.map((error) => ({ set: id, error })));
      seen = found.seen;
    }
    // Most sets have nothing to do: that is told without opening them.
    const plan = planRotation(lifeOf(manifest), now, { kind: 'due', seen });
    if (!('refusal' in plan) && plan.steps.length === 0) {
      const { keys, policy } = manifest;
      return { set: id, at: now, before: manifest, steps: [], keys, policy, outcome: 'unchanged' };
    }
  }
  services.onSet?.(id);
  return changeSet(keystore, id, request, (current, now) => {
    const wanted = current.manifest.policy?.facts.publishedAt ?? [];
    // Somebody may have named other places since we looked.
    const isStill = wanted.length === urls.length && wanted.every((url) => urls.includes(url));
    const rule = toRule(request, current.manifest, isStill ? seen : []);
    const plan = planRotation(lifeOf(current.manifest), now, rule);
    if ('refusal' in plan) throw refused(id, plan);
    return plan;
  });
}

function toRule(
  { how, force = false }: RotateRequest,
  manifest: Manifest,
  seen: readonly string[],
): RotationRequest {
  switch (how.kind) {
    case 'due':
      return { kind: 'due', seen };
    case 'successor':
      return { kind: 'successor' };
    case 'now':
      return { kind: 'now', force, lastForced: (role) => lastForced(manifest, role) };
    case 'activate-at':
      return { kind: 'activate-at', at: how.at, force };
    case 'cancel':
      return { kind: 'cancel', force };
  }
}

/** When a key was last made to sign without having been published ahead. */
function lastForced({ events, keys }: Manifest, role: Role): Instant | undefined {
  const kids = new Set(keys.filter((key) => hasRole(key, role)).map(({ kid }) => kid));
  return events.findLast(({ event, kid }) => event === 'activated' && kids.has(kid ?? ''))?.at;
}

function refused(
  id: SetId,
  { refusal, message }: { refusal: 'unsafe' | 'no-signer'; message: string },
): JwksError {
  if (refusal === 'no-signer') {
    return new JwksError('not-found', `set "${id}" was not rotated: ${message}`, {
      hint: 'jwks create makes one',
    });
  }
  return new JwksError('unsafe', `set "${id}" was not changed: ${message}`, {
    hint: 'wait, or add --force if it has to be',
  });
}
