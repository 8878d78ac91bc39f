// Keys as the rules see them: written by hand, or drawn from times so few that dates often meet.
import fc from 'fast-check';
import type { KeyLife } from '../../src/lifecycle/key.ts';
import type { Instant } from '../../src/lifecycle/time.ts';

/** A moment on the small scale that the tests of rules count in. */
export function at(seconds: number): Instant {
  return seconds as Instant;
}

export type Dates = Partial<Pick<KeyLife, 'activates' | 'deactivates' | 'retires' | 'revoked'>>;

/** An RS256 signing key, its private half at hand, made at 0. */
export function keyOf(kid: string, life: Partial<KeyLife> = {}): KeyLife {
  return { kid, alg: 'RS256', use: 'sig', symmetric: false, held: true, created: at(0), ...life };
}

export const latest = 12;
export const moments = fc.integer({ min: 0, max: latest }).map(at);
export const skews = fc.integer({ min: 0, max: 3 });
const dates = fc.option(moments, { nil: undefined });
const revocations = fc.option(
  moments.map((time) => ({ at: time, reason: 'keyCompromise' as const })),
  { nil: undefined, freq: 3 },
);
const roles = fc.constantFrom(
  { use: 'sig', alg: 'RS256', symmetric: false } as const,
  { use: 'sig', alg: 'ES256', symmetric: false } as const,
  { use: 'sig', alg: 'HS256', symmetric: true } as const,
  { use: 'enc', alg: 'ECDH-ES', symmetric: false } as const,
);

/** Any key at all, its dates in no order. */
export const keys: fc.Arbitrary<KeyLife> = fc
  .tuple(
    roles,
    fc.record({
      kid: fc.uuid(),
      held: fc.boolean(),
      created: moments,
      activates: dates,
      deactivates: dates,
      retires: dates,
      revoked: revocations,
    }),
  )
  .map(([role, life]) => ({ ...role, ...life }));

export const sets = fc.array(keys, { maxLength: 8 });

/** A key whose dates follow one another, as operations write them; later ones may be missing. */
export const orderedKeys: fc.Arbitrary<KeyLife> = fc
  .tuple(keys, fc.array(moments, { maxLength: 4 }))
  .map(([key, times]) => {
    const [created = at(0), activates, deactivates, retires] = times.sort((a, b) => a - b);
    return { ...key, created, activates, deactivates, retires };
  });

export function kidsOf(chosen: readonly KeyLife[]): string[] {
  return chosen.map(({ kid }) => kid);
}
