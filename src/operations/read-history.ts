// Who did what to sets, when and why. Needs no secret.
import { JwksError } from '../errors.ts';
import type { HistoryEvent } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import type { SetId } from '../keystore/set-id.ts';
import { noSet } from './select-sets.ts';

export interface PastEvent extends HistoryEvent {
  readonly set: SetId;
}

export interface HistoryRequest {
  /** Absent: all sets, also deleted ones. */
  readonly set?: SetId | undefined;
  /** Only what came after the event with this id. */
  readonly since?: string | undefined;
}

/** Oldest first. An event that is not there is exit 3: a script that has lost its place should notice. */
export async function readHistory(reader: Reader, { set, since }: HistoryRequest): Promise<PastEvent[]> {
  if (set !== undefined) {
    const manifest = (await reader.readSet(set))?.manifest;
    if (manifest === undefined) throw noSet(set);
    const events = manifest.events.map((event) => ({ ...event, set }));
    return since === undefined ? events : after(events, since);
  }
  if (since !== undefined) {
    throw new JwksError('usage', '--since wants a set: the ids of events are those of one set');
  }
  const manifests = await reader.readManifests();
  const all = manifests.flatMap((manifest) =>
    manifest.events.map((event) => ({ ...event, set: manifest.set })),
  );
  return all.sort((a, b) => a.at - b.at);
}

function after(events: readonly PastEvent[], since: string): PastEvent[] {
  const [first] = events;
  if (first !== undefined && isCut(first.id, since)) {
    throw new JwksError(
      'not-found',
      `the events after ${since} are not all there any more: the first is ${first.id}`,
      {
        hint: 'read the history without --since',
      },
    );
  }
  const last = events.at(-1);
  if (last === undefined || isAfter(since, last.id)) {
    throw new JwksError('not-found', `there is no event ${since} here; the last is ${last?.id ?? 'none'}`, {
      hint: 'the set may have been restored or made anew: read its history without --since',
    });
  }
  return events.filter(({ id }) => isAfter(id, since));
}

/**
 * Whether an event after `since` is gone, since the oldest are dropped. Those of one revision were written together:
 * who stopped before the first one that is there has seen all of the revision below it.
 */
function isCut(first: string, since: string): boolean {
  const [oldest, last] = [partsOf(first), partsOf(since)];
  if (last.revision === oldest.revision) return last.n < oldest.n - 1;
  return last.revision < (oldest.n > 1 ? oldest.revision : oldest.revision - 1);
}

function isAfter(id: string, since: string): boolean {
  const [a, b] = [partsOf(id), partsOf(since)];
  return a.revision > b.revision || (a.revision === b.revision && a.n > b.n);
}

function partsOf(id: string): { readonly revision: number; readonly n: number } {
  const match = /^(\d{1,15})\.(\d{1,15})$/.exec(id);
  if (match === null) throw new JwksError('usage', `"${id}" is no id of an event such as 8.1`);
  return { revision: Number(match[1]), n: Number(match[2]) };
}
