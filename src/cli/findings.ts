// Findings as `check` and `doctor` show them.
import { JwksError } from '../errors.ts';
import type { Finding } from '../operations/check-sets.ts';
import { describeCount } from './describe-count.ts';
import type { Session } from './session.ts';
import { formatTable } from './terminal-text.ts';

interface Found {
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

export function toFindingsValue({ ok, findings }: Found): object {
  return {
    ok,
    findings: findings.map(({ set, kid, code, severity, message }) => ({
      set: set ?? null,
      kid: kid ?? null,
      code,
      severity,
      message,
    })),
  };
}

/** Where there is an error the answer is no. */
export function failWithErrors(findings: readonly { readonly severity: string }[]): void {
  const count = findings.filter(({ severity }) => severity === 'error').length;
  if (count === 0) return;
  const verb = count === 1 ? 'was' : 'were';
  throw new JwksError('answer-no', `${describeCount(count, 'error')} ${verb} found`);
}

/** `good`: what stands behind `ok` where there is none. */
export function toFindingsTable(session: Session, { findings }: Found, good: string): string {
  if (findings.length === 0) return `ok  ${good}\n`;
  const columns = [
    { title: 'SET ID', shrinks: 'last' },
    { title: 'KEY ID', shrinks: 'first' },
    { title: 'SEVERITY' },
    { title: 'CODE' },
    { title: 'MESSAGE' },
  ] as const;
  const rows = findings.map(({ set, kid, severity, code, message }) => [
    set ?? '',
    kid ?? '',
    severity,
    code,
    message,
  ]);
  const { red, yellow } = session.printer.out;
  const paint = (text: string, column: number) =>
    column !== 2 ? text : text.startsWith('error') ? red(text) : yellow(text);
  return formatTable(columns, rows, session.host.stdout, paint);
}
