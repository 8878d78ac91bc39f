// Sets as they are read, for the tests of pictures.
import type { PlannedKey } from '../../src/lifecycle/forecast.ts';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import { defaultFacts, type Policy } from '../../src/lifecycle/policy.ts';
import { type Instant, parseInstant, toInstant } from '../../src/lifecycle/time.ts';
import type { TimelineSet } from '../../src/timeline/timeline.ts';

/** A date, at midnight UTC unless it says more. */
export function on(text: string): Instant {
  return parseInstant(text) ?? toInstant(Number.NaN);
}

export const now = on('2026-02-09');
export const quarterly: Policy = { facts: { ...defaultFacts, rotateEvery: 90 * 86_400 }, was: [] };

type Dates = Partial<Record<'created' | 'activates' | 'deactivates' | 'retires', string>>;

/** An ES256 signing key whose private half is held. */
export function key(kid: string, dates: Dates, more: Partial<KeyLife> = {}): KeyLife {
  const { created = '2026-01-01', ...others } = dates;
  const set = Object.fromEntries(Object.entries(others).map(([name, text]) => [name, on(text)]));
  const usual = { kid, alg: 'ES256', use: 'sig', symmetric: false, held: true } as const;
  return { ...usual, created: on(created), ...set, ...more };
}

export function planned(
  publishes: string,
  activates: string | undefined,
  more: Partial<PlannedKey> = {},
): PlannedKey {
  const dates = { publishes: on(publishes), activates: activates === undefined ? undefined : on(activates) };
  return { use: 'sig', alg: 'ES256', succeeds: undefined, ...dates, ...more };
}

export function setOf(set: string, keys: readonly KeyLife[], more: Partial<TimelineSet> = {}): TimelineSet {
  return { set, keys, planned: [], now, ...more };
}

const older = '9fJ2mNcwQ1rT7yUe3hLkZ8xVb5nGd0sAaPpOoIiUuYt';
const newer = 'uSm3cXKzW4eR6tYh2jKlM9nBv7cXz1qAsDdFfGgHhJj';

/** In the middle of a rotation, with the next one planned: the drawing of CLI.md. */
export const auth = setOf(
  'auth',
  [
    key(newer, { created: '2026-02-05', activates: '2026-02-08' }),
    key(older, {
      created: '2025-12-20',
      activates: '2025-12-23',
      deactivates: '2026-02-08',
      retires: '2026-02-10',
    }),
  ],
  {
    policy: { ...quarterly, facts: { ...quarterly.facts, rotateEvery: 30 * 86_400 } },
    planned: [planned('2026-03-07', '2026-03-10')],
  },
);

/** Of everything something: encryption, a shared secret, a revocation, a successor that waits, one that is due. */
export const mixed = setOf(
  'payments.example',
  [
    key(
      'enc-2026',
      { created: '2026-01-05', activates: '2026-01-06' },
      { use: 'enc', alg: 'ECDH-ES+A256KW' },
    ),
    key(
      'enc-2025',
      { created: '2025-10-01', activates: '2025-10-02', deactivates: '2026-01-20', retires: '2026-02-20' },
      { use: 'enc', alg: 'ECDH-ES+A256KW' },
    ),
    key(
      'stolen',
      { created: '2025-12-01', activates: '2025-12-04' },
      { held: false, revoked: { at: on('2026-01-25'), reason: 'keyCompromise' } },
    ),
    key('waits-for-its-turn-2026', { created: '2026-02-08' }),
    key('waits-for-its-turn-2025', { created: '2026-01-25', activates: '2026-01-25' }),
    key('shared', { created: '2026-01-15', activates: '2026-01-15' }, { alg: 'HS256', symmetric: true }),
  ],
  { policy: quarterly, planned: [planned('2026-02-09', '2026-02-12', { alg: 'HS256' })] },
);

/** What somebody else may have put into a name. */
export const hostile = setOf('</title></script><script>alert(1)</script>"\'&\u202eevil\u2066', [
  key(`<img src=x onerror="alert(2)">${'x'.repeat(220)}`, { activates: '2026-01-01' }),
  key(']]><!--\u{1b}[31m\u200b\ufffe', { created: '2026-01-20', activates: '2026-02-01' }),
  key('鍵鍵鍵鍵鍵鍵鍵鍵鍵鍵', { created: '2026-02-01' }),
]);
