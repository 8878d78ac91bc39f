// The page for the person who looks after what is served: its keys over time, and what is wrong now.
import type { Instant } from '../lifecycle/time.ts';
import type { Follower } from '../operations/follow-sets.ts';
import { toReadSets } from '../operations/read-timeline.ts';
import { toTimeline } from '../timeline/timeline.ts';
import { toHtml } from '../timeline/to-html.ts';

/** A whole HTML page, without scripts. `faults`: what is wrong, a sentence each. */
export function statusPage(
  manifests: Follower['manifests'],
  now: Instant,
  faults: readonly string[],
): string {
  return toHtml(toTimeline(toReadSets(manifests, now), {}), faults);
}
