// Whether a host's clock may make a change: a wrong one would move keys through their lives.
import { JwksError } from '../errors.ts';
import { refuseClock, refuseIdle } from '../lifecycle/clock.ts';
import { factsInForce } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import type { Manifest } from './manifest.ts';
import type { SetId } from './set-id.ts';

/** Refuses a change by a host whose clock cannot be right, or may not be. */
export function refuseTime(id: SetId, before: Manifest | undefined, clock: Instant, force: boolean): void {
  const { updated, policy } = before ?? {};
  const behind = force ? undefined : refuseClock(clock, updated, factsInForce(policy, clock).skew);
  if (behind !== undefined) {
    throw new JwksError('unsafe', `set "${id}" was not changed: ${behind}`, {
      hint: "set this host's clock; if the one that made the last change was wrong, add --force",
    });
  }
  const idle = force ? undefined : refuseIdle(clock, updated, policy?.facts.rotateEvery);
  if (idle === undefined) return;
  throw new JwksError('unsafe', `set "${id}" was not changed: ${idle}`, {
    hint: "set this host's clock; if it is right, add --force",
  });
}
