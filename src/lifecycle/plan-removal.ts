// Taking keys out of use: retired with grace, revoked at once, deleted; each time with a successor behind it.
import { Draft, type Drafted, type Plan, type SetLife } from './draft.ts';
import { type KeyLife, type RevocationReason, stateOf } from './key.ts';
import { endAt, leavingSigners, restoreSuccession } from './succession.ts';
import { tidy } from './tidy.ts';
import type { Instant } from './time.ts';

export type Removal =
  /** Stops signing now, and leaves the public set after grace. */
  | { readonly kind: 'retire' }
  /** Leaves the public set now. */
  | { readonly kind: 'revoke'; readonly reason: RevocationReason }
  | { readonly kind: 'delete' };

/** Takes keys out of use. `noSuccessor`: nothing is made in their place. Keys that are out already stay as they are. */
export function planRemoval<K extends KeyLife>(
  set: SetLife<K>,
  now: Instant,
  kids: readonly string[],
  removal: Removal,
  noSuccessor = false,
): Plan<K> {
  const draft = new Draft(set, now);
  tidy(draft);
  // Who signed before: a role without a signer gets none by this.
  const signers = draft.signers();
  const leaving = leavingSigners(draft);
  for (const kid of kids) {
    const key = draft.keys.find((one) => one.kid === kid);
    if (key !== undefined) remove(draft, key, removal);
  }
  restoreSuccession(draft, signers, leaving, noSuccessor);
  tidy(draft);
  return { steps: draft.steps, keys: draft.keys };
}

function remove<K extends KeyLife>(draft: Draft<K>, key: Drafted<K>, removal: Removal): void {
  const state = stateOf(key, draft.now);
  switch (removal.kind) {
    case 'retire':
      if (state === 'active') endAt(draft, key, draft.now, 'asked for', 'retired');
      return;
    case 'revoke':
      if (state === 'revoked') return;
      draft.bury(key, { revoked: { at: draft.now, reason: removal.reason } }, 'revoked', removal.reason);
      return;
    case 'delete':
      if (state === 'retired' || state === 'revoked') return;
      draft.bury(key, { retires: draft.now }, 'deleted', 'asked for');
  }
}
