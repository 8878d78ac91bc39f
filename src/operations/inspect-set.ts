// One document of a set: whether its signature is good, its sealed half opens, and its private keys are what they say.
import { JwksError } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import { proveKey } from '../jose/prove/prove-key.ts';
import { parseJwk } from '../jose/read/parse-jwk.ts';
import type { Manifest } from '../keystore/manifest.ts';
import type { MasterKey } from '../keystore/master-document.ts';
import type { OpenSlot } from '../keystore/open-slot.ts';
import type { Reader } from '../keystore/reader.ts';
import { openSet, parseSetDocument, type SetDocument } from '../keystore/set-document.ts';
import type { DocumentName } from '../keystore/set-id.ts';
import type { Storage } from '../keystore/storage.ts';
import type { Finding } from './finding.ts';

/** Of the document with this name; absent: of the keystore. */
export interface DocumentFault extends Omit<Finding, 'set'> {
  readonly name?: DocumentName | undefined;
}

/** What became of a set's private halves. Errors of the sealed half are thrown. */
export async function inspectKeys(
  name: DocumentName,
  document: SetDocument,
  masterKeys: readonly MasterKey[],
): Promise<{ readonly faults: readonly DocumentFault[]; readonly proved: number; readonly isGood: boolean }> {
  const keys = await openSet(document, masterKeys);
  if (keys === undefined) {
    const message = `set "${document.manifest.set}" is sealed under a key that this keystore does not hold; put back the one that belongs here, or the master document`;
    const fault = { name, code: 'unknown-master-key', severity: 'error', message } as const;
    return { faults: [fault], proved: 0, isGood: false };
  }
  const found = await Promise.all(keys.map((jwk) => faultOf(name, jwk)));
  const faults = found.filter((fault) => fault !== undefined);
  const isGood = faults.every(({ severity }) => severity === 'warning');
  return { faults, proved: keys.length - faults.length, isGood };
}

async function faultOf(name: DocumentName, jwk: PrivateJwk): Promise<DocumentFault | undefined> {
  try {
    await proveKey(parseJwk(jwk, 'the private half'));
    return undefined;
  } catch (error) {
    if (!(error instanceof JwksError)) throw error;
    const severity = error.code === 'unsupported' ? 'warning' : 'error';
    return { name, kid: jwk.kid, code: error.code, severity, message: wordsOf(error) };
  }
}

/** What seems to have gone back may be damaged where no signature reaches; only the secret tells. */
export async function damageOf(
  reader: Reader,
  slot: OpenSlot | undefined,
  name: DocumentName,
  { code }: JwksError,
): Promise<JwksError | undefined> {
  if (code !== 'rolled-back' || slot === undefined) return undefined;
  try {
    // Past what this host has seen.
    const stored = await reader.storage.read(name);
    if (stored !== undefined) await openSet(await reader.parse(name, stored), slot.unlocked.masterKeys);
    return undefined;
  } catch (error) {
    return error instanceof JwksError && error.code === 'damaged' ? error : undefined;
  }
}

/** The sets where there is no master document that can be read: each on its own. */
export async function readBare(
  storage: Storage,
  pinned: string | undefined,
  faults: DocumentFault[],
): Promise<Manifest[]> {
  const checker = new SignatureChecker();
  const manifests: Manifest[] = [];
  const names = await storage.list().catch((error: unknown) => {
    if (!(error instanceof JwksError)) throw error;
    faults.push({ code: error.code, severity: 'error', message: wordsOf(error) });
    return [];
  });
  for (const name of names) {
    try {
      const stored = await storage.read(name);
      if (stored === undefined) continue;
      const { manifest, signer } = await parseSetDocument(stored.bytes, name, stored.revision, checker);
      manifests.push(manifest);
      if (pinned === undefined || signer.fingerprint === pinned) continue;
      const message = `${name} is signed by ${signer.fingerprint}, not by ${pinned}; put back the one that belongs here`;
      faults.push({ name, code: 'foreign', severity: 'error', message });
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      faults.push({ name, code: error.code, severity: 'error', message: wordsOf(error) });
    }
  }
  return manifests;
}

/** An error with what to do. */
export function wordsOf({ message, hint }: JwksError): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}
