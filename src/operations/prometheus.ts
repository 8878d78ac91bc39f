// Figures of sets in Prometheus' text exposition format 0.0.4.
import type { Figures } from './check-sets.ts';

/** Its name, what it tells, and its samples: labels in braces if any, a space and the value. */
export interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly string[];
}

export type Labels = (values: Readonly<Record<string, string>>) => string;

/** `toSafe`: for other people's text, which may be shown on a terminal. */
export function labelling(toSafe: (text: string) => string): Labels {
  return (values) => {
    const pairs = Object.entries(values).map(([name, value]) => {
      const escaped = toSafe(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
      return `${name}="${escaped}"`;
    });
    return `{${pairs.join(',')}}`;
  };
}

export function setMetrics(figures: readonly Figures[], labels: Labels): Metric[] {
  return [
    {
      name: 'jwks_signer_age_seconds',
      type: 'gauge',
      help: 'Time since the key that signs began to.',
      samples: figures.flatMap(({ set, signers }) =>
        signers.map(({ alg, age }) => `${labels({ set, alg })} ${age}`),
      ),
    },
    {
      name: 'jwks_next_change_seconds',
      type: 'gauge',
      help: 'Time until the next date in the life of a key, or the next rotation.',
      samples: figures.flatMap(({ set, nextChange }) =>
        nextChange === undefined ? [] : [`${labels({ set })} ${nextChange}`],
      ),
    },
    {
      name: 'jwks_overdue_seconds',
      type: 'gauge',
      help: 'Time since a rotation is overdue, or 0.',
      samples: figures.map(({ set, overdue }) => `${labels({ set })} ${overdue}`),
    },
    {
      name: 'jwks_keys',
      type: 'gauge',
      help: 'Keys by state.',
      samples: figures.flatMap(({ set, keys }) =>
        Object.entries(keys).map(([state, count]) => `${labels({ set, state })} ${count}`),
      ),
    },
  ];
}

export function toExposition(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, type, help, samples }) =>
      [
        `# HELP ${name} ${help}`,
        `# TYPE ${name} ${type}`,
        ...samples.map((sample) => `${name}${sample}`),
        '',
      ].join('\n'),
    )
    .join('');
}
