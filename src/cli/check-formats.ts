// What `check` found, as monitors read it.
import type { Checked } from '../operations/check-sets.ts';
import { labelling, setMetrics, toExposition } from '../operations/prometheus.ts';
import { describeCount } from './describe-count.ts';
import { escapeText } from './terminal-text.ts';

/** For node_exporter's textfile collector. */
export function toPrometheus({ figures, findings, at, ok }: Checked): string {
  const labels = labelling(escapeText);
  const found = (severity: string) => findings.filter((finding) => finding.severity === severity).length;
  return toExposition([
    ...setMetrics(figures, labels),
    {
      name: 'jwks_findings',
      type: 'gauge',
      help: 'What jwks check found, by severity.',
      samples: ['error', 'warning'].map((severity) => `${labels({ severity })} ${found(severity)}`),
    },
    {
      name: 'jwks_check_ok',
      type: 'gauge',
      help: 'Whether jwks check found no error.',
      samples: [` ${ok ? 1 : 0}`],
    },
    {
      name: 'jwks_check_timestamp_seconds',
      type: 'gauge',
      help: 'When jwks check looked.',
      samples: [` ${at}`],
    },
  ]);
}

/** One line as Nagios plugins print it. `|` would begin the figures. */
export function toNagios({ figures, findings, ok, isUnknown }: Checked): string {
  const words = ({ set, kid, message }: Checked['findings'][number]) =>
    [set, kid, message].filter((part) => part !== undefined).join(' ');
  const found = findings.map((finding) => escapeText(words(finding)).replaceAll('|', '/')).join('; ');
  const state = isUnknown ? 'UNKNOWN' : !ok ? 'CRITICAL' : findings.length > 0 ? 'WARNING' : 'OK';
  const sets = describeCount(figures.length, 'set');
  const overdue = Math.max(0, ...figures.map((one) => one.overdue));
  const next = Math.min(...figures.map((one) => one.nextChange ?? Number.POSITIVE_INFINITY));
  const due = Number.isFinite(next) ? ` next_change=${next}s` : '';
  return `JWKS ${state} - ${found === '' ? `${sets}, nothing overdue` : found} | sets=${figures.length} overdue=${overdue}s${due}\n`;
}
