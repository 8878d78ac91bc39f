// Files of keys as operands, and the passphrase for those that are encrypted.
import { JwksError } from '../errors.ts';
import type { KeyFile } from '../operations/import-keys.ts';
import { readInput, readWhole } from './input.ts';
import { canAsk } from './printer.ts';
import type { Session } from './session.ts';
import { escapeText } from './terminal-text.ts';

/** None or `-`: standard input, which can be read once. */
export async function readKeyFiles(session: Session, files: readonly string[]): Promise<KeyFile[]> {
  const named = files.length === 0 ? ['-'] : files;
  const isTwice = named.filter((file) => file === '-').length > 1;
  if (isTwice || (named.includes('-') && session.options.secretFile === '-'))
    throw new JwksError('usage', 'standard input can be read once');
  const read: KeyFile[] = [];
  for (const file of named) {
    const name = file === '-' ? 'standard input' : file;
    read.push({ name, bytes: await readWhole(session, file) });
  }
  return read;
}

/** From a file, or a person; absent where there is neither. */
export function passphraseFrom(
  session: Session,
  file: string | undefined,
): ((where: string) => Promise<string>) | undefined {
  if (file !== undefined) {
    return async () => (await readInput(session, file)).replace(/\r?\n$/, '');
  }
  if (!canAsk(session.host, session.options)) return undefined;
  return (where) => session.host.askHidden(`passphrase of ${escapeText(where)}:`);
}
