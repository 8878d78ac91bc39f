// How long a token may be good for: never longer than its key is published, nor than the policy allows.
import type { KeyLife } from './key.ts';
import type { PolicyFacts } from './policy.ts';
import { describeExactly, formatDuration, formatInstant, type Instant, type Seconds } from './time.ts';

/** What a token gets that does not say otherwise. */
export const usualLifetime: Seconds = 600;

export type TokenLife =
  | { readonly exp: number }
  /** Words that follow "it", and what to do. */
  | { readonly refusal: string; readonly hint?: string };

/** When a token ends: asked for as a span, else as a date, else after ten minutes or as soon as it must. */
export function planTokenLife(
  asked: { readonly lifetime?: Seconds | undefined; readonly exp?: number | undefined },
  { retires }: Pick<KeyLife, 'retires'>,
  { tokenTtl }: Pick<PolicyFacts, 'tokenTtl'>,
  now: Instant,
): TokenLife {
  const latest = Math.min(now + tokenTtl, retires ?? Number.POSITIVE_INFINITY);
  const exp =
    asked.lifetime !== undefined
      ? now + asked.lifetime
      : (asked.exp ?? Math.min(now + usualLifetime, latest));
  if (exp <= now) return { refusal: 'would have expired already' };
  if (exp > now + tokenTtl) {
    return {
      refusal: `would be good for ${describeExactly(Math.ceil(exp - now))}, and the policy's longest token life is ${formatDuration(tokenTtl)}`,
      hint: 'ask for less with --exp, or raise it with jwks policy --token-ttl',
    };
  }
  if (retires !== undefined && exp > retires) {
    return {
      refusal: `would outlive its key, which leaves the set on ${formatInstant(retires)}`,
      hint: 'ask for less with --exp',
    };
  }
  return { exp };
}
