// Other keystores that this host remembers, and which of them a secret unlocks: exchanging it here would lock them.
import { join } from 'node:path';
import { SignatureChecker } from '../jose/identity.ts';
import { openSlots, parseMaster, type Slot } from '../keystore/master-document.ts';
import type { Place } from '../keystore/place.ts';
import type { Secret } from '../keystore/secret.ts';
import { isStateFile, SeenFile } from '../keystore/seen-file.ts';
import type { Access } from './open.ts';

export interface OtherKeystores {
  readonly slots: ReadonlyMap<string, readonly Slot[]>;
  /** Places that could not be looked at: nobody knows what unlocks them. */
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
  for (const name of rememberedPlaces({ fs, stateDirectory })) {
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

function rememberedPlaces({ fs, stateDirectory }: Pick<Access, 'fs' | 'stateDirectory'>): Set<string> {
  const places = new Set<string>();
  try {
    if (stateDirectory === undefined) return places;
    for (const name of fs.readdir(stateDirectory).filter(isStateFile)) {
      for (const place of SeenFile.parse(fs.readFile(join(stateDirectory, name)).toString()).places)
        places.add(place);
    }
  } catch {
    // Nowhere to remember is no error.
  }
  return places;
}

async function slotsAt(place: Place): Promise<readonly Slot[] | undefined> {
  if ((await place.look()) !== 'taken') return undefined;
  const document = await (await place.open()).read('master');
  if (document === undefined) return undefined;
  const { master } = await parseMaster(document.bytes, document.revision, new SignatureChecker());
  return master.slots;
}
