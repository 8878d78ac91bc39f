// Copies of a keystore in a directory into another one on the same host.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { applyCopy, type Copied, planCopy } from '../../src/operations/copy-keystore.ts';
import type { Access } from '../../src/operations/open.ts';
import { copyableKeystore } from './copyable.ts';
import { endingOf } from './endings.ts';
import { accessIn, secretOf } from './keystore.ts';
import { temporaryDirectory } from './temporary.ts';

/** A keystore in a directory, and its secret. */
export interface Source {
  readonly source: string;
  readonly text: string;
}

export async function makeSource(): Promise<Source> {
  const source = join(temporaryDirectory(), 'source');
  mkdirSync(source, { mode: 0o700 });
  const { text } = await copyableKeystore(new FileStorage(source));
  return { source, text };
}

/** As one process on a host has both places. */
export function bothIn({ source, text }: Source, home: string, fs: FileSystem = realFileSystem) {
  const common = { fs, findSecret: secretOf(text) };
  const at = (directory: string): Access => ({
    ...accessIn(home, { ...common, directory }),
    isDefault: false,
  });
  return { from: at(source), to: at(join(home, 'target')) };
}

export async function copy(
  own: Source,
  home: string,
  { fs, force = false }: { readonly fs?: FileSystem; readonly force?: boolean } = {},
): Promise<Copied> {
  return applyCopy(await planCopy(bothIn(own, home, fs), force));
}

export const targetIn = (home: string) => new FileStorage(join(home, 'target'));

export function endingOfCopy(work: Promise<Copied>): Promise<string> {
  return endingOf(work.then(({ proved }) => `${proved.sets} sets, ${proved.keys} keys`));
}
