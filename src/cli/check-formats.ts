// What `check` found, as monitors read it.
import type { Checked, Figures } from '../operations/check-sets.ts';
import { escapeText } from './terminal-text.ts';

/** Prometheus text exposition format 0.0.4, for node_exporter's textfile collector. */
export function toPrometheus({ figures, findings, at, ok }: Checked): string {
  const metrics: readonly (readonly [name: string, help: string, lines: readonly string[]])[] = [
    [
      'jwks_signer_age_seconds',
      'Time since the key that signs began to.',
      figures.flatMap(({ set, signers }) => signers.map(({ alg, age }) => `${labels({ set, alg })} ${age}`)),
    ],
    [
      'jwks_next_change_seconds',
      'Time until the next date in the life of a key, or the next rotation.',
      figures.flatMap(({ set, nextChange }) =>
        nextChange === undefined ? [] : [`${labels({ set })} ${nextChange}`],
      ),
    ],
    [
      'jwks_overdue_seconds',
      'Time since a rotation is overdue, or 0.',
      figures.map(({ set, overdue }) => `${labels({ set })} ${overdue}`),
    ],
    ['jwks_keys', 'Keys by state.', figures.flatMap(countsOf)],
    [
      'jwks_findings',
      'What jwks check found, by severity.',
      (['error', 'warning'] as const).map(
        (severity) =>
          `${labels({ severity })} ${findings.filter((finding) => finding.severity === severity).length}`,
      ),
    ],
    ['jwks_check_ok', 'Whether jwks check found no error.', [` ${ok ? 1 : 0}`]],
    ['jwks_check_timestamp_seconds', 'When jwks check looked.', [` ${at}`]],
  ];
  return metrics
    .map(([name, help, lines]) =>
      [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines.map((line) => `${name}${line}`), ''].join(
        '\n',
      ),
    )
    .join('');
}

function countsOf({ set, keys }: Figures): string[] {
  return Object.entries(keys).map(([state, count]) => `${labels({ set, state })} ${count}`);
}

function labels(values: Readonly<Record<string, string>>): string {
  const escaped = Object.entries(values).map(
    ([name, value]) =>
      `${name}="${escapeText(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return `{${escaped.join(',')}}`;
}

/** One line as Nagios plugins print it. `|` would begin the figures. */
export function toNagios({ figures, findings, ok, isUnknown }: Checked): string {
  const words = ({ set, kid, message }: Checked['findings'][number]) =>
    [set, kid, message].filter((part) => part !== undefined).join(' ');
  const found = findings.map((finding) => escapeText(words(finding)).replaceAll('|', '/')).join('; ');
  const state = isUnknown ? 'UNKNOWN' : !ok ? 'CRITICAL' : findings.length > 0 ? 'WARNING' : 'OK';
  const sets = `${figures.length} ${figures.length === 1 ? 'set' : 'sets'}`;
  const overdue = Math.max(0, ...figures.map((one) => one.overdue));
  const next = Math.min(...figures.map((one) => one.nextChange ?? Number.POSITIVE_INFINITY));
  const due = Number.isFinite(next) ? ` next_change=${next}s` : '';
  return `JWKS ${state} - ${found === '' ? `${sets}, nothing overdue` : found} | sets=${figures.length} overdue=${overdue}s${due}\n`;
}
