// Who may go on trusting the keys that a change has revoked.
import { type Exposure, exposureOf } from '../lifecycle/exposure.ts';
import { factsInForce } from '../lifecycle/policy.ts';
import type { Changed } from './change-set.ts';

export type Exposed = Exposure;

/** By the facts in force; of several keys the latest of each kind of holder. */
export function exposureAfter({ before, steps, at }: Changed): Exposed[] {
  const revoked = before.keys.filter((key) =>
    steps.some(({ kid, event }) => kid === key.kid && event === 'revoked'),
  );
  const facts = factsInForce(before.policy, at);
  const latest = new Map<Exposure['holder'], Exposure>();
  for (const exposure of revoked.flatMap((key) => exposureOf(key, facts, at))) {
    const known = latest.get(exposure.holder);
    if (known === undefined || known.until < exposure.until) latest.set(exposure.holder, exposure);
  }
  return [...latest.values()];
}
