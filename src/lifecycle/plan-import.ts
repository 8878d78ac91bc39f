// Where keys that come from elsewhere begin their life in a set: they sign, are to sign next, or only verify still.
import { type Dates, Draft, type Drafted, type Plan, type SetLife } from './draft.ts';
import { activation, type KeyLife } from './key.ts';
import { graceOf } from './policy.ts';
import { hasRole } from './signer.ts';
import { earliestFor, endAt, succeed } from './succession.ts';
import { tidy } from './tidy.ts';
import type { Instant } from './time.ts';

export type Placement =
  /** They sign at once, the first before the others. */
  | { readonly kind: 'active' }
  /** They are published, and sign as a successor would. */
  | { readonly kind: 'next' }
  /** They no longer sign, and leave at a time; absent: after grace. */
  | { readonly kind: 'retiring'; readonly retires?: Instant | undefined };

/** Puts keys in front of a set, in their order. `describe`: what the history says of each. */
export function planImport<K extends KeyLife>(
  set: SetLife<K>,
  now: Instant,
  incoming: readonly K[],
  placement: Placement,
  describe: (key: K) => string,
): Plan<K> {
  const draft = new Draft(set, now);
  tidy(draft);
  const keys = incoming.map((key): K => ({ ...key, created: now, ...datesFor(draft, key, placement) }));
  draft.insert(keys, describe);
  if (placement.kind === 'next') {
    const kids = keys.map(({ kid }) => kid);
    for (const key of keys.filter(({ held }) => held)) {
      succeed(draft, key, key.activates, 'until its successor signs', kids);
      endBefore(draft, key);
    }
  }
  tidy(draft);
  return { steps: draft.steps, keys: draft.keys };
}

/** A key that is to sign before it stops when it does. */
function endBefore<K extends KeyLife>(draft: Draft<K>, key: K): void {
  const { activates } = key;
  const earlier = draft
    .inState('next')
    .filter((one) => hasRole(one, key) && activation(one) < Number(activates));
  for (const one of earlier)
    if (one.deactivates === undefined) endAt(draft, one, activates, 'until its successor signs');
}

function datesFor<K extends KeyLife>(draft: Draft<K>, key: Drafted<K>, placement: Placement): Dates {
  const { now } = draft;
  switch (placement.kind) {
    case 'active':
      return { activates: now };
    case 'next':
      return { activates: earliestFor(draft, key) };
    case 'retiring': {
      const retires = placement.retires ?? ((now + graceOf(draft.facts, key)) as Instant);
      return { activates: now, deactivates: now, retires };
    }
  }
}
