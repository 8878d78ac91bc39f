// Other keystores that this host remembers, and which of them a secret unlocks: exchanging it here would lock them.
import { join } from 'node:path';
import { systemCode } from '../errors.ts';
import { SignatureChecker } from '../jose/identity.ts';
import type { FileSystem } from '../keystore/file-system.ts';
import { openSlots, parseMaster, type Slot } from '../keystore/master-document.ts';
import type { Place } from '../keystore/place.ts';
import type { Secret } from '../keystore/secret.ts';
import { isStateFile, SeenFile } from '../keystore/seen-file.ts';
import type { Access } from './open.ts';

export interface OtherKeystores {
  /** By place. */
  readonly slots: ReadonlyMap<string, readonly Slot[]>;
  /** Places that could not be looked at, and files that should name some: nobody knows what unlocks these. */
  readonly unknown: readonly string[];
}

/** All but the one at `own`. Needs no secret, and opens nothing. What is not there any more is no keystore. */
export async function readOtherKeystores(
  { fs, stateDirectory }: Pick<Access, 'fs' | 'stateDirectory'>,
  own: string,
  placeAt: (name: string) => Place,
): Promise<OtherKeystores> {
  const slots = new Map<string, readonly Slot[]>();
  const unknown: string[] = [];
  for (const name of rememberedPlaces({ fs, stateDirectory }, unknown)) {
    if (name === own) continue;
    try {
      const found = await slotsAt(placeAt(name));
      if (found !== undefined) slots.set(name, found);
    } catch {
      unknown.push(name);
    }
  }
  return { slots, unknown };
}

/** The places of those that the secret opens. */
export async function unlockedBy(secret: Secret, { slots }: OtherKeystores): Promise<string[]> {
  const places: string[] = [];
  for (const [place, own] of slots) if ((await openSlots(own, secret)) !== undefined) places.push(place);
  return places.sort();
}

/** Nowhere to remember is no error. A file that says nothing may be of a keystore: it goes with the `unknown`. */
function rememberedPlaces(
  { fs, stateDirectory }: Pick<Access, 'fs' | 'stateDirectory'>,
  unknown: string[],
): Set<string> {
  const places = new Set<string>();
  if (stateDirectory === undefined) return places;
  for (const path of stateFiles(fs, stateDirectory, unknown)) {
    try {
      const text = fs.readFile(path).toString();
      if (!SeenFile.isWhole(text)) unknown.push(path);
      for (const place of SeenFile.parse(text).places) places.add(place);
    } catch {
      unknown.push(path);
    }
  }
  return places;
}

function stateFiles(fs: FileSystem, directory: string, unknown: string[]): string[] {
  try {
    const names = fs.readdir(directory).filter(isStateFile);
    return names.map((name) => join(directory, name));
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') unknown.push(directory);
    return [];
  }
}

async function slotsAt(place: Place): Promise<readonly Slot[] | undefined> {
  if ((await place.look()) !== 'taken') return undefined;
  const document = await (await place.open()).read('master');
  if (document === undefined) return undefined;
  const { master } = await parseMaster(document.bytes, document.revision, new SignatureChecker());
  return master.slots;
}
