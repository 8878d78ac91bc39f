// Whether a restore brings back what this host knows to be over: a revoked key would sign again.
import { JwksError } from '../errors.ts';
import { type Seen, SeenFiles } from '../keystore/seen.ts';
import type { SeenDocument } from '../keystore/seen-file.ts';
import { digestOf } from '../keystore/set-document.ts';
import { type DocumentName, setNameOf } from '../keystore/set-id.ts';
import type { StoredDocument } from '../keystore/storage.ts';
import type { Access } from './open.ts';

/** Of a document: what of its history is compared with what was seen. */
export interface State extends SeenDocument {
  readonly previous: string | undefined;
}

/** A document that would go back, or fork. */
export interface Behind {
  /** Absent: the master document. */
  readonly set: string | undefined;
  /** In words that go on from its name. */
  readonly fault: string;
}

export type States = ReadonlyMap<DocumentName, State>;

export function stateOf({ revision, bytes }: StoredDocument, previous: string | undefined): State {
  return { revision, sha256: digestOf(bytes), previous };
}

/** `isWhole`: nothing else will be there, so that what was seen besides is gone. */
export function findBehind(seen: Seen, states: States, isWhole: boolean): Behind[] {
  const behind = [...states].flatMap(([name, state]): Behind[] => {
    const fault = seen.faultOf(name, state, state.previous);
    return fault === undefined ? [] : [{ set: nameOf(name), fault }];
  });
  const gone = isWhole ? seen.names().filter((name) => !states.has(name)) : [];
  const lost = gone.map((name): Behind => {
    const { revision } = seen.get(name) ?? {};
    return { set: nameOf(name), fault: `is not in it, and this host has seen revision ${revision}` };
  });
  return [...behind, ...lost].sort((a, b) => ((a.set ?? '') < (b.set ?? '') ? -1 : 1));
}

/**
 * Exit 6 where what will be at a place is older than what this host has seen there, unless that is accepted. Returns
 * what is older than what it has seen anywhere.
 */
export function refuseGoingBack(
  { fs, stateDirectory, place, acceptRollback }: Access,
  identity: string,
  states: States,
  isWhole: boolean,
): Behind[] {
  const files = new SeenFiles(fs, stateDirectory);
  const here = findBehind(files.apart(identity, place.id()), states, isWhole);
  if (here.length === 0 || acceptRollback) return findBehind(files.of(identity, place.id()), states, isWhole);
  throw new JwksError(
    'rolled-back',
    `the result would be older than what this host has seen: ${wordsFor(here)}`,
    {
      hint: 'what was revoked since would be back: take a later backup; or if that is all there is, --accept-rollback',
    },
  );
}

const most = 10;

/** Of ten thousand nobody reads all. */
export function wordsFor(behind: readonly Behind[]): string {
  const words = behind
    .slice(0, most)
    .map(({ set, fault }) => `${set === undefined ? 'the master document' : `set "${set}"`} ${fault}`);
  return [...words, ...(behind.length > most ? [`${behind.length - most} more`] : [])].join('; ');
}

function nameOf(name: DocumentName): string | undefined {
  return name === 'master' ? undefined : setNameOf(name);
}
