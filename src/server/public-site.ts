// What verifiers fetch: the merged set, a set each, the discovery document, health. Never a private member.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { jwksPath } from '../operations/discovery.ts';
import type { Publication } from '../operations/publish-sets.ts';
import { type Answer, emptyAnswer, errorAnswer, jsonAnswer, type Site } from './answer.ts';
import { segmentsOf } from './routes.ts';

export interface PublicSiteOptions {
  /** What is published now of all sets that are served. */
  readonly merged: () => Publication;
  /** Of one of them; `undefined`: it is not served. */
  readonly ofSet: (set: string) => Publication | undefined;
  /** What verifiers are told about the issuer; absent: nothing. */
  readonly discovery: ((publication: Publication) => object) | undefined;
  /** The path of the issuer, under which a proxy may hand requests on; none: empty. */
  readonly issuerPath: readonly string[];
  /** RFC 7517 section 8.5.2. */
  readonly contentType: string;
  /** Why the keystore cannot be read now; empty: it can. */
  readonly faults: () => readonly string[];
}

interface Prepared {
  readonly etag: string;
  readonly whole: Answer;
  readonly unchanged: Answer;
}

const shared = ['access-control-allow-origin', '*'];
const nosniff = ['x-content-type-options', 'nosniff'];
const jwksSegments = jwksPath.slice(1).split('/');
const allowed = 'GET, HEAD, OPTIONS';
const preflight = emptyAnswer(204, [
  ...shared,
  'access-control-allow-methods',
  allowed,
  'access-control-allow-headers',
  '*',
  'access-control-max-age',
  '86400',
]);

export function publicSite(options: PublicSiteOptions): Site {
  // As long as a publication stands it is answered with the same bytes.
  const [sets, discoveries] = [new WeakMap<Publication, Prepared>(), new WeakMap<Publication, Prepared>()];

  function prepare(
    known: WeakMap<Publication, Prepared>,
    publication: Publication,
    toBody: () => object,
    type: string,
  ): Prepared {
    const before = known.get(publication);
    if (before !== undefined) return before;
    const now = toPrepared(publication, toBody(), type);
    known.set(publication, now);
    return now;
  }

  function merged(): Prepared {
    const publication = options.merged();
    return prepare(sets, publication, () => publication.jwks, options.contentType);
  }

  function document(target: string): Prepared | Answer {
    // What nearly all ask for, and as they write it.
    if (target === jwksPath) return merged();
    const segments = segmentsOf(target);
    if ('status' in segments) return segments;
    if (isPath(segments, ['health', 'alive'])) return jsonAnswer(200, { status: 'ok' });
    if (isPath(segments, ['health', 'ready'])) return readiness(options.faults());
    const [first, set, ...rest] = segments;
    if (first === 'sets' && set !== undefined && isPath(rest, jwksSegments)) {
      const publication = options.ofSet(set);
      if (publication === undefined) return errorAnswer(404, 'this set is not served here', shared);
      return prepare(sets, publication, () => publication.jwks, options.contentType);
    }
    const below = withoutPrefix(segments, options.issuerPath);
    if (isPath(below, jwksSegments)) return merged();
    const { discovery } = options;
    if (isPath(below, ['.well-known', 'openid-configuration']) && discovery !== undefined) {
      const publication = options.merged();
      return prepare(discoveries, publication, () => discovery(publication), 'application/json');
    }
    return errorAnswer(404, 'there is nothing at this path', shared);
  }

  return (request) => {
    const { method } = request;
    if (method === 'OPTIONS') return preflight;
    if (method !== 'GET' && method !== 'HEAD') {
      return errorAnswer(405, 'only GET and HEAD', ['allow', allowed, ...shared]);
    }
    const found = document(request.url ?? '');
    if (!('whole' in found)) return found;
    return isUnchanged(request, found) ? found.unchanged : found.whole;
  };
}

function readiness(faults: readonly string[]): Answer {
  if (faults.length === 0) return jsonAnswer(200, { status: 'ok' });
  return jsonAnswer(503, { errors: { keystore: faults.join('; ') } });
}

/** Segment by segment: an encoded slash is part of a name, and separates nothing. */
function isPath(segments: readonly string[], path: readonly string[]): boolean {
  return segments.length === path.length && path.every((name, index) => segments[index] === name);
}

function withoutPrefix(segments: readonly string[], prefix: readonly string[]): readonly string[] {
  return isPath(segments.slice(0, prefix.length), prefix) ? segments.slice(prefix.length) : segments;
}

function toPrepared(of: Publication, value: object, contentType: string): Prepared {
  const body = Buffer.from(JSON.stringify(value));
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  const stale = of.staleIfError === 0 ? '' : `, stale-if-error=${of.staleIfError}`;
  const common = [
    'etag',
    etag,
    'cache-control',
    `public, max-age=${of.cacheMaxAge}${stale}`,
    ...shared,
    ...nosniff,
  ];
  return {
    etag,
    whole: {
      status: 200,
      headers: ['content-type', contentType, 'content-length', `${body.length}`, ...common],
      body,
    },
    unchanged: { status: 304, headers: common, body: Buffer.alloc(0) },
  };
}

/** RFC 9110 section 13.1.2: weak comparison, a list, or `*`. */
function isUnchanged({ headers }: IncomingMessage, { etag }: Prepared): boolean {
  const wanted = headers['if-none-match'];
  if (wanted === undefined) return false;
  return (
    wanted === etag ||
    wanted.trim() === '*' ||
    wanted.split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
  );
}
