// Files of keys as operands, and the passphrase for those that are encrypted.
import { JwksError } from '../errors.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import type { KeyFile } from '../operations/import-keys.ts';
import { canAsk } from './global-options.ts';
import { readInput, readWhole } from './input.ts';
import type { Session } from './session.ts';
import { escapeText } from './terminal-text.ts';

/** None or `-`: standard input, which can be read once. `others`: files that are read besides. */
export async function readKeyFiles(
  session: Session,
  files: readonly string[],
  others: readonly (string | undefined)[] = [],
): Promise<KeyFile[]> {
  const named = files.length === 0 ? ['-'] : files;
  const all = [...named, ...others, session.options.secretFile];
  if (all.includes('')) throw new JwksError('usage', 'the name of a file is empty');
  if (all.filter((file) => file === '-').length > 1)
    throw new JwksError('usage', 'standard input can be read once');
  const read: KeyFile[] = [];
  for (const file of named) {
    const name = file === '-' ? 'standard input' : file;
    read.push({ name, bytes: await readWhole(session, file) });
  }
  return read;
}

/** The private keys of a file, to open what is encrypted to them. */
export async function readDecryptionKeys(
  session: Session,
  file: string,
  passphrase: ReturnType<typeof passphraseFrom>,
): Promise<PrivateJwk[]> {
  const { readPrivateKeys } = await import('../operations/import-keys.ts');
  return readPrivateKeys({ name: file, bytes: await readWhole(session, file) }, passphrase);
}

/** From a file, or a person; absent where there is neither. Asked for once: a pipe can be read once. */
export function passphraseFrom(
  session: Session,
  file: string | undefined,
): ((where: string) => Promise<string>) | undefined {
  if (file === undefined && !canAsk(session.host, session.options)) return undefined;
  let answer: Promise<string> | undefined;
  return (where) => {
    answer ??=
      file === undefined
        ? session.host.askHidden(`passphrase of ${escapeText(where)}:`)
        : readInput(session, file).then((text) => text.replace(/\r?\n$/, ''));
    return answer;
  };
}
