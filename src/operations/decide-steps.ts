// What is to be done with each set of a backup or a copy.
import { JwksError } from '../errors.ts';
import { inBatches } from '../keystore/in-batches.ts';
import type { Manifest } from '../keystore/manifest.ts';
import { type DocumentName, documentOf } from '../keystore/set-id.ts';
import { chooseSets, type RestoreRequest } from './check-backup.ts';
import { decideSet, type Question, type SetStep } from './decide-restore.ts';

/** So many documents are looked at together. */
const together = 64;

/** By set id. `opens`: whether the keystore's own keys open what is taken. */
export async function decideSteps(
  request: RestoreRequest,
  manifests: readonly Manifest[],
  common: Omit<Question, 'document' | 'manifest' | 'opens'> & {
    readonly opens: (name: DocumentName) => boolean;
  },
): Promise<SetStep[]> {
  const documents = chooseSets(request);
  const steps: SetStep[] = [];
  await inBatches(manifests, together, async (manifest) => {
    const name = documentOf(manifest.set);
    const document = documents.get(name);
    if (document === undefined) throw new JwksError('internal', `set "${manifest.set}" is not in the backup`);
    steps.push(await decideSet({ ...common, opens: common.opens(name), document, manifest }));
  });
  return steps.sort((a, b) => (a.set < b.set ? -1 : 1));
}
