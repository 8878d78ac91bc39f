// Who changes a keystore, and when.
import type { Instant } from '../lifecycle/time.ts';

/** The clock and the name of whoever makes a change. */
export interface Author {
  now(): Instant;
  readonly by: string;
}
