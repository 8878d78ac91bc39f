// How long caches may keep an answer, by its headers (RFC 9111, RFC 5861).
import type { Seconds } from '../lifecycle/time.ts';

export interface CacheSpans {
  /** How long an answer is fresh, counted from when it was made; absent where the headers do not say. */
  readonly fresh: Seconds | undefined;
  /** How long after that it may still be used, if the origin fails or while it is asked again. */
  readonly stale: Seconds;
}

/** RFC 9111 section 1.2.2: a larger number counts as this one. */
const mostSeconds = 2 ** 31;

/**
 * The longest of what a private and a shared cache may do: `max-age` or `s-maxage`, else `Expires`. `Age` is left out,
 * since `max-age` counts from when the origin answered.
 */
export function cacheSpans(headers: Readonly<Record<string, string>>): CacheSpans {
  const directives = parseCacheControl(headers['cache-control'] ?? '');
  const longest = (...names: string[]): Seconds | undefined => {
    const spans = names
      .flatMap((name) => directives.get(name) ?? [])
      .flatMap((text) => parseSeconds(text) ?? []);
    return spans.length === 0 ? undefined : Math.max(...spans);
  };
  // With field names (`no-cache="set-cookie"`) it is only about those.
  const isAskedAlways = directives.has('no-store') || directives.get('no-cache')?.includes('') === true;
  if (isAskedAlways) return { fresh: 0, stale: 0 };
  const fresh = longest('max-age', 's-maxage') ?? untilExpires(headers);
  const stale = longest('stale-if-error', 'stale-while-revalidate') ?? 0;
  return { fresh, stale: directives.has('must-revalidate') ? 0 : stale };
}

/** Directive names in lower case, each with all of its values in their order; `''` where it has none. */
export function parseCacheControl(header: string): ReadonlyMap<string, readonly string[]> {
  const directives = new Map<string, string[]>();
  for (const part of header.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []) {
    const [name = '', ...rest] = part.split('=');
    const key = name.trim().toLowerCase();
    if (key === '') continue;
    const value = rest.join('=').trim();
    const text = value.startsWith('"') ? value.replace(/^"|"$/g, '').replace(/\\(.)/g, '$1') : value;
    directives.set(key, [...(directives.get(key) ?? []), text]);
  }
  return directives;
}

function parseSeconds(text: string): Seconds | undefined {
  return /^\d+$/.test(text) ? Math.min(Number(text), mostSeconds) : undefined;
}

/** RFC 9111 section 5.3: counted from `Date`; what is no date, `0` above all, has expired. */
function untilExpires(headers: Readonly<Record<string, string>>): Seconds | undefined {
  if (headers['expires'] === undefined) return undefined;
  const expires = Date.parse(headers['expires']);
  const date = Date.parse(headers['date'] ?? '');
  if (!/gmt$/i.test(headers['expires']) || Number.isNaN(expires)) return 0;
  return Number.isNaN(date) ? undefined : Math.max(0, (expires - date) / 1000);
}
