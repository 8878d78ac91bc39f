// Reads the sets that were named, or all of them.
import { JwksError, shellOperand } from '../errors.ts';
import type { Keystore, OpenSet } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { nowFor } from '../lifecycle/clock.ts';
import { keysAt } from '../lifecycle/past.ts';
import { factsInForce } from '../lifecycle/policy.ts';
import type { Instant, Seconds } from '../lifecycle/time.ts';

/** The manifests of the sets named, in that order, or of all sets. One that does not exist is exit 3. */
export async function selectSets(reader: Reader, ids: readonly SetId[] | 'all'): Promise<Manifest[]> {
  if (ids === 'all') {
    const manifests = await reader.readManifests();
    return manifests.filter(({ deleted }) => deleted === undefined);
  }
  const manifests: Manifest[] = [];
  for (const id of new Set(ids)) manifests.push(await readNamed(reader, id));
  return manifests;
}

/** The manifest of one set. One that does not exist is exit 3. */
export async function readNamed(reader: Reader, id: SetId): Promise<Manifest> {
  const document = await reader.readSet(id);
  if (document === undefined || document.manifest.deleted !== undefined) throw noSet(id);
  return document.manifest;
}

/** As `selectSets`, with the private halves. */
export async function openSets(keystore: Keystore, ids: readonly SetId[] | 'all'): Promise<OpenSet[]> {
  const chosen =
    ids === 'all' ? (await selectSets(keystore.reader, 'all')).map(({ set }) => set) : [...new Set(ids)];
  return Promise.all(chosen.map((id) => openNamed(keystore, id)));
}

/** As `readNamed`, with the private halves. */
export async function openNamed(keystore: Keystore, id: SetId): Promise<OpenSet> {
  const opened = await keystore.openSet(id);
  if (opened === undefined || opened.manifest.deleted !== undefined) throw noSet(id);
  return opened;
}

export function noSet(id: SetId): JwksError {
  return new JwksError('not-found', `set "${id}" does not exist`, {
    hint: 'jwks list shows the sets there are',
  });
}

export function noKey(id: SetId, kid: string): JwksError {
  return new JwksError('not-found', `set "${id}" has no key "${kid}"`, {
    hint: `jwks get ${shellOperand(id)} shows its keys`,
  });
}

/** The time that counts for a set: one that was asked for as it is, else never before its last change. */
export function timeOf(manifest: Manifest, clock: Instant, at: Instant | undefined): Instant {
  return at ?? nowFor(clock, manifest.updated);
}

/** The keys of a set as they are, or as they stood at a time that was asked for. */
export function keysOf(manifest: Manifest, at: Instant | undefined): readonly ManifestKey[] {
  return at === undefined ? manifest.keys : keysAt(manifest, at);
}

/** How far clocks may be apart for a set at a time. */
export function skewOf({ policy }: Manifest, at: Instant): Seconds {
  return factsInForce(policy, at).skew;
}
