// What Prometheus scrapes: the sets that are served, and what the listeners answered.
import type { Instant } from '../lifecycle/time.ts';
import { figuresNow } from '../operations/check-sets.ts';
import type { Follower } from '../operations/follow-sets.ts';
import { type Labels, setMetrics, toExposition } from '../operations/prometheus.ts';
import { errorAnswer, type Site, textAnswer } from './answer.ts';
import { segmentsOf } from './routes.ts';

export interface MetricsSiteOptions {
  readonly manifests: () => Follower['manifests'];
  readonly clock: () => Instant;
  readonly isReady: () => boolean;
  readonly errors: () => number;
  readonly requests: RequestCounts;
  readonly labels: Labels;
}

/** Answers by listener and status. */
export class RequestCounts {
  readonly #counts = new Map<string, Map<number, number>>();

  /** Counts those of one listener. */
  of(listener: string): (status: number) => void {
    const counts = new Map<number, number>();
    this.#counts.set(listener, counts);
    return (status) => counts.set(status, (counts.get(status) ?? 0) + 1);
  }

  *entries(): Iterable<readonly [listener: string, status: number, count: number]> {
    for (const [listener, counts] of this.#counts) {
      for (const [status, count] of counts) yield [listener, status, count];
    }
  }
}

/** Text exposition format 0.0.4. */
const contentType = 'text/plain; version=0.0.4; charset=utf-8';

export function metricsSite(options: MetricsSiteOptions): Site {
  return ({ method, url }) => {
    const segments = segmentsOf(url);
    if ('status' in segments) return segments;
    if (segments.length !== 1 || segments[0] !== 'metrics') return errorAnswer(404, 'only /metrics is here');
    if (method !== 'GET' && method !== 'HEAD')
      return errorAnswer(405, 'only GET and HEAD', ['allow', 'GET, HEAD']);
    return textAnswer(contentType, expose(options));
  };
}

function expose({ manifests, clock, isReady, errors, requests, labels }: MetricsSiteOptions): string {
  return toExposition([
    ...setMetrics(figuresNow(manifests(), clock()), labels),
    {
      name: 'jwks_ready',
      type: 'gauge',
      help: 'Whether everything that is served could be read.',
      samples: [` ${isReady() ? 1 : 0}`],
    },
    { name: 'jwks_errors_total', type: 'counter', help: 'Errors in the log.', samples: [` ${errors()}`] },
    {
      name: 'jwks_http_requests_total',
      type: 'counter',
      help: 'Requests answered, by listener and status.',
      samples: [...requests.entries()].map(
        ([listener, code, count]) => `${labels({ listener, code: `${code}` })} ${count}`,
      ),
    },
  ]);
}
