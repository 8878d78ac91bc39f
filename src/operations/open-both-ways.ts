// Opens a backup with the keys of the keystore that it goes into, and what was sealed before a rekey with its own.
import { JwksError } from '../errors.ts';
import { headerOf } from '../jose/sealing.ts';
import { toStorage } from '../keystore/backup.ts';
import { Keystore } from '../keystore/keystore.ts';
import type { Reader } from '../keystore/reader.ts';
import { type DocumentName, setNameOf } from '../keystore/set-id.ts';
import type { Storage, StoredDocument } from '../keystore/storage.ts';
import { chooseSets, forgetful, secretFor, type TakeRequest } from './check-backup.ts';
import type { Access } from './open.ts';
import { type ProvedSets, proveSets } from './prove-keystore.ts';
import { fileWord } from './restore-faults.ts';

interface Into {
  readonly storage: Storage;
  readonly master: StoredDocument;
  readonly there: Reader;
  /** The fingerprint that was named or is remembered. */
  readonly expected: string | undefined;
  /** The fingerprint that signs the master document of the backup, an identity of the keystore. */
  readonly signer: string;
}

interface OpenBothWays extends ProvedSets {
  /** What is there. */
  readonly keystore: Keystore;
  /** Whether its keys open a document of the backup. */
  readonly opens: (name: DocumentName) => boolean;
  readonly holderOf: (name: DocumentName) => Keystore;
}

type Documents = ReadonlyMap<DocumentName, StoredDocument>;

export async function openBothWays(
  access: Access,
  request: TakeRequest,
  { storage, master, there, expected, signer }: Into,
): Promise<OpenBothWays> {
  const secret = await secretFor(access);
  const trusted = (fingerprint: string) => (secret.kind === 'recipient' ? expected : fingerprint);
  const open = (from: Storage, fingerprint: string | undefined) => {
    const options = { storage: from, seenFiles: forgetful(access), acceptRollback: true };
    return Keystore.open(options, secret, access.author, fingerprint);
  };
  const keystore = await open(storage, expected ?? trusted(there.fingerprint));
  const { now, before } = await divide(keystore, chooseSets(request));
  const { source, backup, origin } = request;
  const own = await open(toStorage(source, master, now), expected ?? trusted(there.fingerprint));
  const proved = await proveSets(own, origin.whenDamaged);
  const opens = (name: DocumentName) => !before.has(name);
  if (before.size === 0) return { ...proved, keystore, opens, holderOf: () => own };
  const old = await open(toStorage(source, backup.master, before), trusted(signer)).catch((error) => {
    throw withSecretOfThen(error, before, request);
  });
  const others = await proveSets(old, origin.whenDamaged);
  return {
    sets: [...proved.sets, ...others.sets],
    untried: [...proved.untried, ...others.untried],
    keystore,
    opens,
    holderOf: (name) => (before.has(name) ? old : own),
  };
}

/** By whether the keystore has the key that each is sealed under. What cannot be read is found when it is proved. */
async function divide(
  { reader, slot }: Keystore,
  documents: Documents,
): Promise<{ readonly now: Documents; readonly before: Documents }> {
  const kids = slot.unlocked.masterKeys.map(({ kid }) => kid);
  const [now, before] = [new Map<DocumentName, StoredDocument>(), new Map<DocumentName, StoredDocument>()];
  for (const [name, document] of documents) {
    const parsed = await reader.parse(name, document).catch((error: unknown) => {
      if (error instanceof JwksError) return undefined;
      throw error;
    });
    const kid = parsed && headerOf(parsed.sealed)?.kid;
    (parsed === undefined || (kid !== undefined && kids.includes(kid)) ? now : before).set(name, document);
  }
  return { now, before };
}

function withSecretOfThen(error: unknown, before: Documents, { source }: TakeRequest): unknown {
  if (!(error instanceof JwksError) || error.code !== 'secret') return error;
  const sets = [...before.keys()].map((name) => `"${setNameOf(name)}"`).join(', ');
  return new JwksError(
    'secret',
    `${sets} in ${source} was sealed before a rekey, and the secret of now does not open ${source}`,
    {
      hint: `restore it elsewhere with the secret of then: jwks restore ${fileWord(source)} --into DIR --secret-file FILE`,
      cause: error,
    },
  );
}
