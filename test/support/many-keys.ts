// A set with many keys, made through the library in one process.
import { openKeystore } from '../../src/index.ts';

/** Makes ES256 keys with these kids in a set `big`. */
export async function createMany(directory: string, secret: string, kids: readonly string[]): Promise<void> {
  const keystore = await openKeystore({ keystore: directory, secret });
  for (const kid of kids) await keystore.create('big', { alg: 'ES256', kid });
}
