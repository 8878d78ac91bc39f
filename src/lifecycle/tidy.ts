// What every write does besides: private halves that may no longer be used go, and what is over becomes a name.
import type { Draft } from './draft.ts';
import { type KeyLife, stateOf } from './key.ts';
import { formatInstant } from './time.ts';

/** Destroys what has had its time: retired and revoked keys, and where the policy says so private halves sooner. */
export function tidy<K extends KeyLife>(draft: Draft<K>): void {
  for (const key of draft.keys) {
    const state = stateOf(key, draft.now);
    const isWhole = key.held || key.jwk !== undefined;
    if (state === 'revoked' && isWhole) draft.bury(key, {}, 'destroyed', 'it was revoked');
    if (state === 'retired' && isWhole && key.retires !== undefined)
      draft.bury(key, {}, 'destroyed', `it left the set on ${formatInstant(key.retires)}`);
    if (state === 'retiring' && key.held && isDoneSigning(draft, key))
      draft.destroyPrivate(key, 'it no longer signs, and the policy keeps no private half longer');
  }
}

/** An encryption key still decrypts, and a symmetric one still verifies, while it is retiring. */
function isDoneSigning({ policy }: Draft<KeyLife>, { use, symmetric }: KeyLife): boolean {
  return policy?.facts.destroyRetiring === true && use === 'sig' && !symmetric;
}
