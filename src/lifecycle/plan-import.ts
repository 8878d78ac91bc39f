// Where keys that come from elsewhere begin their life in a set: they sign, are to sign next, or only verify still.
import { type Dates, Draft, type Drafted, type Plan, type SetLife } from './draft.ts';
import type { KeyLife } from './key.ts';
import { graceOf } from './policy.ts';
import { hasRole } from './signer.ts';
import { earliestFor, succeed } from './succession.ts';
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
    const first = keys.filter(
      (key, index) => key.held && keys.findIndex((one) => hasRole(one, key)) === index,
    );
    for (const key of first) succeed(draft, key, key.activates, 'until its successor signs', key.kid);
  }
  return { steps: draft.steps, keys: draft.keys };
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
