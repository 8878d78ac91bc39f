// What a rule finds, and where.
import { type LintCode, lintRules, type Severity } from './rules.ts';

export interface Position {
  /** Both from 1; columns in UTF-16 units. */
  readonly line: number;
  readonly column: number;
}

export interface LintFinding {
  readonly code: LintCode;
  readonly severity: Severity;
  readonly kid: string | undefined;
  /** Such as `keys[2].n`; empty: the whole. */
  readonly place: string;
  /** Absent: nowhere in the text. */
  readonly position: Position | undefined;
  /** What is wrong and why, without the value of any member. */
  readonly message: string;
  readonly advice: string;
}

/** What a rule says of a key or of the set; where it stands is added by whoever asked. */
export interface Fault {
  readonly code: LintCode;
  /** The member it is about. */
  readonly member?: string | undefined;
  readonly what: string;
}

export interface Place {
  readonly kid?: string | undefined;
  readonly place: string;
  /** Offset in the text. */
  readonly at?: number | undefined;
}

/** `positionOf` turns an offset into a line and column. */
export function toFinding(
  { code, what }: Fault,
  { kid, place, at }: Place,
  positionOf: (at: number) => Position,
): LintFinding {
  const { severity, why, advice } = lintRules[code];
  const position = at === undefined ? undefined : positionOf(at);
  return { code, severity, kid, place, position, message: `${what}: ${why}`, advice };
}

/** What leaked, then other errors, then warnings; each in the order of the text. */
export function inOrder(findings: readonly LintFinding[]): LintFinding[] {
  return [...findings].sort((a, b) => weigh(a) - weigh(b) || compare(a.position, b.position));
}

const leaks: readonly LintCode[] = ['private-member', 'symmetric-key', 'private-text'];

function weigh({ code, severity }: LintFinding): number {
  if (leaks.includes(code)) return 0;
  return severity === 'error' ? 1 : 2;
}

function compare(a: Position | undefined, b: Position | undefined): number {
  return (a?.line ?? 0) - (b?.line ?? 0) || (a?.column ?? 0) - (b?.column ?? 0);
}

/** Lines and columns of a text by offset. */
export function positionsIn(text: string): (at: number) => Position {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (at) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}

const longestQuote = 24;

/** A short name from outside (an algorithm, a type) for a message; what could be a value is not quoted. */
export function quote(text: string): string {
  return text.length <= longestQuote && /^[\w.+#:/-]+$/.test(text) ? `"${text}"` : 'another text';
}
