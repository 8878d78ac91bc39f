// How a document is read while others write: what fails its check is looked at again.
import type { DocumentName } from './set-id.ts';
import type { Storage, StoredDocument } from './storage.ts';

const mostLooks = 50;

/**
 * Reads the highest revision and checks it. What fails is damage only if it is still the highest: else a writer
 * has just superseded and emptied it, and we look again.
 */
export async function readChecked<T extends object>(
  storage: Storage,
  name: DocumentName,
  check: (document: StoredDocument) => Promise<T>,
): Promise<T | undefined> {
  let failed: number | undefined;
  for (let looks = 1; ; looks++) {
    const document = await storage.read(name);
    if (document === undefined) return undefined;
    try {
      return await check(document);
    } catch (error) {
      if (document.revision === failed || looks === mostLooks) throw error;
      failed = document.revision;
    }
  }
}
