// Something that is wrong, as monitors and people are told of it.

export interface Finding {
  /** Absent: it concerns several sets, or none. */
  readonly set?: string | undefined;
  readonly kid?: string | undefined;
  readonly code: string;
  readonly severity: 'error' | 'warning';
  readonly message: string;
}

type Severe = Pick<Finding, 'severity'>;

/** Whether no finding is an error. */
export function isOk(findings: readonly Severe[]): boolean {
  return findings.every(({ severity }) => severity !== 'error');
}

/** For sorting: errors before warnings. */
export function bySeverity(a: Severe, b: Severe): number {
  return Number(a.severity === 'warning') - Number(b.severity === 'warning');
}
