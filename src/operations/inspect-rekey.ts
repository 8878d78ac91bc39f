// Whether a rekey was stopped halfway: sets are sealed under several master keys, or an old one is still held.
import type { Unlocked } from '../keystore/master-document.ts';

/**
 * In words what is left of it; `undefined`: nothing. `sealedUnder`: sets by the kid of the key that each is sealed
 * under. Without what the secret opens it is not known which key is the newest, but that there are two.
 */
export function describeUnfinished(
  sealedUnder: ReadonlyMap<string, readonly string[]>,
  unlocked: Unlocked | undefined,
): string | undefined {
  if (unlocked === undefined)
    return sealedUnder.size > 1 ? 'sets are sealed under several master keys' : undefined;
  const [newest] = unlocked.masterKeys;
  const others = [...sealedUnder].filter(([kid]) => kid !== newest.kid).flatMap(([, sets]) => sets);
  if (others.length > 0) {
    const are = others.length === 1 ? 'set is' : 'sets are';
    return `${others.length} ${are} still sealed under an old master key (${describeSome(others)})`;
  }
  const isHeld = unlocked.masterKeys.length > 1 || unlocked.before !== undefined;
  return isHeld ? 'the keystore still holds an old master key or identity' : undefined;
}

function describeSome(sets: readonly string[]): string {
  const shown = sets.slice(0, 5);
  return sets.length > shown.length
    ? `${shown.join(', ')} and ${sets.length - shown.length} more`
    : shown.join(', ');
}
