// Reads several secrets that a keystore is to be sealed to.
import { parseSecret, type Secret } from '../keystore/secret.ts';
import { findSecret, type SecretSources } from '../keystore/secret-sources.ts';

/** From paths, or `-` for standard input. One after the other: with one that is refused, nobody waits for the next. */
export async function readSecrets(files: readonly string[], sources: SecretSources): Promise<Secret[]> {
  const secrets: Secret[] = [];
  for (const file of files) {
    const found = await findSecret({ ...sources, file });
    if (found !== undefined) secrets.push(parseSecret(found.text, found.source));
  }
  return secrets;
}
