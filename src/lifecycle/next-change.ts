// What happens next to a key, and when: the sentence behind `list` and every report.
import { type KeyLife, stateOf } from './key.ts';
import type { Instant } from './time.ts';

export type NextChange =
  | { readonly change: 'activates' | 'deactivates' | 'retires'; readonly at: Instant }
  | { readonly change: 'waits' | 'stays' | 'gone' };

/** The next date in the life of a key; `waits`: has no activation date yet; `stays`: nothing is planned. */
export function nextChange(key: KeyLife, now: Instant): NextChange {
  switch (stateOf(key, now)) {
    case 'next':
      return key.activates === undefined ? { change: 'waits' } : { change: 'activates', at: key.activates };
    case 'active':
      if (key.deactivates !== undefined) return { change: 'deactivates', at: key.deactivates };
      return key.retires === undefined ? { change: 'stays' } : { change: 'retires', at: key.retires };
    case 'retiring':
      return key.retires === undefined ? { change: 'stays' } : { change: 'retires', at: key.retires };
    case 'retired':
    case 'revoked':
      return { change: 'gone' };
  }
}
