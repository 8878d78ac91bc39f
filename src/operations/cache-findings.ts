// What is wrong with the headers that a public JWKS is served with.
import type { PolicyFacts } from '../lifecycle/policy.ts';
import { formatDuration } from '../lifecycle/time.ts';
import { cacheSpans } from './cache-control.ts';
import type { Finding } from './finding.ts';

/**
 * Caches must not keep the set for longer than the policy counts with. CORS is not looked at: only verifiers in
 * browsers need it.
 */
export function compareHeaders(
  headers: Readonly<Record<string, string>>,
  { cacheMaxAge, staleIfError }: Pick<PolicyFacts, 'cacheMaxAge' | 'staleIfError'>,
): Finding[] {
  return [
    ...compareContentType(headers['content-type']),
    ...compareSpans(headers, cacheMaxAge, staleIfError),
  ];
}

function compareContentType(header = ''): Finding[] {
  const type = header.split(';')[0]?.trim().toLowerCase();
  if (type === 'application/jwk-set+json') return [];
  if (type === 'application/json') {
    return [
      warning('json-content-type', 'the content type is application/json, not application/jwk-set+json'),
    ];
  }
  return [error('content-type', 'the content type is not application/jwk-set+json')];
}

function compareSpans(
  headers: Readonly<Record<string, string>>,
  cacheMaxAge: number,
  staleIfError: number,
): Finding[] {
  const { fresh, stale } = cacheSpans(headers);
  const findings: Finding[] = [];
  if (fresh === undefined) {
    findings.push(
      warning('no-cache-header', 'no max-age in Cache-Control: each verifier caches as it likes'),
    );
  } else if (fresh > cacheMaxAge) {
    const [is, counted] = [formatDuration(fresh), formatDuration(cacheMaxAge)];
    findings.push(
      error('cache-too-long', `caches may keep it for ${is}, the policy counts with cacheMaxAge ${counted}`),
    );
  }
  // What is fresh for a shorter time may be stale for a longer one.
  const spare = cacheMaxAge - Math.min(fresh ?? cacheMaxAge, cacheMaxAge);
  if (stale > staleIfError + spare) {
    const [is, counted] = [formatDuration(stale), formatDuration(staleIfError)];
    findings.push(
      error(
        'stale-too-long',
        `caches may use it for ${is} when it is stale, the policy counts with staleIfError ${counted}`,
      ),
    );
  }
  return findings;
}

function error(code: string, message: string): Finding {
  return { code, severity: 'error', message };
}

function warning(code: string, message: string): Finding {
  return { code, severity: 'warning', message };
}
