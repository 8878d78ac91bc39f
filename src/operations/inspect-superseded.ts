// Whether a full revision below the newest, which no chain of documents joins to it, is superseded all the same.
//
// Names are dense and what is superseded is emptied, so such a file was put there by hand: an old backup, or another
// history. It may go only where the newest has every key that it holds, or says that it had it.
import { join } from 'node:path';
import { SignatureChecker } from '../jose/identity.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import type { FileFault, FullRevision, Repair } from '../keystore/file-fault.ts';
import { forkedFaults, supersededFaults } from '../keystore/inspect-revisions.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import { openSlots, parseMaster } from '../keystore/master-document.ts';
import type { OpenSlot } from '../keystore/open-slot.ts';
import { revisionPath } from '../keystore/revision-names.ts';
import { digestOf, openSet, parseSetDocument } from '../keystore/set-document.ts';
import type { DocumentName } from '../keystore/set-id.ts';
import type { Documents } from './inspect-documents.ts';
import type { Access } from './open.ts';

interface Opened {
  readonly manifest: Manifest;
  readonly privateKeys: readonly PrivateJwk[];
}

/** The same faults, with what is proved superseded told apart from what is not; without the secret as they are. */
export async function judgeSuperseded(
  access: Access,
  documents: Documents,
  faults: readonly FileFault[],
): Promise<FileFault[]> {
  const judged = await Promise.all(
    faults.map(async (fault) => {
      const [repair] = fault.repairs;
      const isOpen = repair?.kind === 'empty' && !repair.isProved && documents.opened.has(repair.name);
      // Whoever changes it meanwhile empties what it supersedes.
      return isOpen ? judge(access, documents, repair).catch(() => [fault]) : [fault];
    }),
  );
  return judged.flat();
}

async function judge(
  access: Access,
  { slot, reader }: Documents,
  { name, newest, revisions }: Repair & { readonly kind: 'empty' },
): Promise<FileFault[]> {
  const [proved, unread]: [FullRevision[], FullRevision[]] = [[], []];
  const forked: number[] = [];
  const document = name === 'master' ? undefined : await reader?.readDocument(name);
  const privateKeys = document && slot && (await openSet(document, slot.unlocked.masterKeys));
  const now = document && privateKeys && { manifest: document.manifest, privateKeys };
  for (const one of revisions) {
    if (one.sha256 === undefined || slot === undefined) unread.push(one);
    else if (await isCovered(access, slot, name, one, now)) proved.push(one);
    else forked.push(one.revision);
  }
  return [
    ...supersededFaults(name, newest, proved, true),
    ...supersededFaults(name, newest, unread, false),
    ...forkedFaults(name, newest, forked),
  ];
}

async function isCovered(
  { fs, place }: Access,
  slot: OpenSlot,
  name: DocumentName,
  { revision, sha256 }: FullRevision,
  now: Opened | undefined,
): Promise<boolean> {
  const checker = new SignatureChecker();
  const { masterKeys } = slot.unlocked;
  try {
    const bytes = fs.readFile(revisionPath(join(place.directory ?? '', name), revision));
    if (digestOf(bytes) !== sha256) return false;
    if (name === 'master') {
      const { master } = await parseMaster(bytes, revision, checker);
      const opened = await openSlots(master.slots, slot.secret);
      return (
        opened?.unlocked.masterKeys.every(({ kid }) => masterKeys.some((key) => key.kid === kid)) === true
      );
    }
    const document = await parseSetDocument(bytes, name, revision, checker);
    const privateKeys = await openSet(document, masterKeys);
    return privateKeys !== undefined && now !== undefined && hasAll(now, { ...document, privateKeys });
  } catch {
    // What does not open may be the damaged copy of a key's only place.
    return false;
  }
}

function hasAll(now: Opened, before: Opened): boolean {
  return before.manifest.keys.filter(({ held }) => held).every((key) => hasKey(now, before, key));
}

/** The very key, or the name that it has left behind. */
function hasKey(now: Opened, before: Opened, key: ManifestKey): boolean {
  const same = now.manifest.keys.find(({ kid }) => kid === key.kid);
  if (same === undefined) return false;
  if (!key.symmetric) return same.thumbprint === key.thumbprint;
  const [value, was] = [now, before].map(
    ({ privateKeys }) => privateKeys.find(({ kid }) => kid === key.kid)?.['k'],
  );
  // Nothing of a symmetric key is left behind but its dates.
  return same.held ? value === was : same.alg === key.alg && same.created === key.created;
}
