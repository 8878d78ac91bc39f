// Proves every document and every key of a keystore, before anybody relies on it.
import { JwksError } from '../errors.ts';
import { proveKey } from '../jose/prove/prove-key.ts';
import { parseJwk } from '../jose/read/parse-jwk.ts';
import { inBatches } from '../keystore/in-batches.ts';
import type { Keystore, OpenSet } from '../keystore/keystore.ts';
import type { Manifest } from '../keystore/manifest.ts';
import { setNameOf } from '../keystore/set-id.ts';

export interface ProvedSet {
  readonly manifest: Manifest;
  /** How many private halves and symmetric keys it has: they are proved one set after the other, and not kept. */
  readonly keys: number;
}

export interface ProvedSets {
  /** By set id. */
  readonly sets: readonly ProvedSet[];
  /** Keys of an algorithm that this Node does not have: their halves fit, and they were not tried. */
  readonly untried: readonly string[];
}

/** So many sets are opened at a time, which keeps the other threads busy. */
const together = 16;

/**
 * Opens every set and tries every key of a keystore. All sets with a fault are named together, with the `hint`.
 * `goOn` is called before each set, and may throw.
 */
export async function proveSets(
  keystore: Keystore,
  hint: string,
  goOn: () => void = () => {},
): Promise<ProvedSets> {
  const faults: JwksError[] = [];
  const untried: string[] = [];
  const manifests = await keystore.reader.readManifests((name, fault) => {
    faults.push(new JwksError(fault.code, `set "${setNameOf(name)}": ${fault.message}`, { cause: fault }));
  });
  const sets: ProvedSet[] = [];
  await inBatches(manifests, together, async ({ set }) => {
    goOn();
    try {
      const opened = await keystore.openSet(set);
      if (opened === undefined) throw new JwksError('failed', `set "${set}" is gone again`);
      untried.push(...(await proveSet(opened)));
      sets.push({ manifest: opened.manifest, keys: opened.privateKeys.length });
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      faults.push(error);
    }
  });
  const [first] = faults;
  if (first === undefined) return { sets: sets.sort(bySet), untried };
  throw new JwksError(first.code, faults.map(({ message }) => message).join('; '), { hint, cause: first });
}

/** Tries every key of a set. Returns the kids that could not be tried here. */
export async function proveSet({ manifest, privateKeys }: OpenSet): Promise<string[]> {
  const untried: string[] = [];
  for (const jwk of privateKeys) {
    try {
      await proveKey(parseJwk(jwk, `set "${manifest.set}", key "${jwk.kid}"`));
    } catch (error) {
      if (!(error instanceof JwksError) || error.code !== 'unsupported') throw error;
      untried.push(jwk.kid ?? '');
    }
  }
  return untried;
}

function bySet(a: ProvedSet, b: ProvedSet): number {
  return a.manifest.set < b.manifest.set ? -1 : 1;
}
