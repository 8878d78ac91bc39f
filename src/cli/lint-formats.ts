// What `lint` found, for people and for code scanning.
import type { Linted, LintedSource, LintFinding } from '../operations/lint-jwks.ts';
import { describeCount } from './describe-count.ts';
import { toJson } from './format.ts';
import type { Output } from './host.ts';
import { type Column, formatTable, type Palette } from './terminal-text.ts';

/** A line a finding: rule, place, why, what to do. On a terminal the last two are one column, which may wrap. */
export function toLintTable({ sources }: Linted, stdout: Output, palette: Palette): string {
  const found = sources.flatMap((source) => source.findings.map((finding) => ({ source, finding })));
  if (found.length === 0) return `ok  ${describeLooked(sources)}\n`;
  const isTogether = stdout.isTerminal;
  const columns: readonly Column[] = [
    { title: 'SEVERITY' },
    { title: 'RULE' },
    { title: 'PLACE' },
    { title: 'KEY ID', shrinks: 'first' },
    { title: 'WHY' },
    ...(isTogether ? [] : [{ title: 'WHAT TO DO' }]),
  ];
  const rows = found.map(({ source, finding }) => {
    const { severity, code, kid = '', message, advice } = finding;
    const place = [sources.length > 1 ? source.source : '', describePlace(finding)];
    const words = isTogether ? [`${message}; ${advice}`] : [message, advice];
    return [severity, code, place.filter((part) => part !== '').join(' '), kid, ...words];
  });
  const paint = (text: string, column: number) =>
    column !== 0 ? text : text.startsWith('error') ? palette.red(text) : palette.yellow(text);
  return formatTable(columns, rows, stdout, paint);
}

function describeLooked(sources: readonly LintedSource[]): string {
  const keys = sources.reduce((sum, one) => sum + one.keys, 0);
  if (keys > 0) return describeCount(keys, 'key');
  return `no private key in ${sources.map(({ source }) => source).join(', ')}`;
}

function describePlace({ place, position }: LintFinding): string {
  return place === '' && position !== undefined ? `line ${position.line}` : place;
}

export function toLintJson({ ok, sources }: Linted): unknown {
  const findings = sources.flatMap(({ source, findings }) =>
    findings.map(({ kid, code, severity, message, place, advice, position }) => ({
      set: null,
      kid: kid ?? null,
      code,
      severity,
      message,
      place,
      advice,
      source,
      line: position?.line ?? null,
      column: position?.column ?? null,
    })),
  );
  return { ok, findings };
}

const schema = 'https://json.schemastore.org/sarif-2.1.0.json';

/** SARIF 2.1.0 (OASIS), as GitHub code scanning and others take it. */
export function toSarif({ sources, rules }: Linted): string {
  const codes = Object.keys(rules);
  const described = Object.entries(rules).map(([id, { severity, why, advice }]) => ({
    id,
    shortDescription: { text: why },
    help: { text: advice },
    defaultConfiguration: { level: severity },
  }));
  const results = sources.flatMap(({ source, findings }) =>
    findings.map((finding) => ({
      ruleId: finding.code,
      ruleIndex: codes.indexOf(finding.code),
      level: finding.severity,
      message: { text: `${finding.message}; ${finding.advice}` },
      locations: [locationOf(source, finding)],
    })),
  );
  const tool = { driver: { name: 'jwks', rules: described } };
  return `${toJson({ $schema: schema, version: '2.1.0', runs: [{ tool, columnKind: 'utf16CodeUnits', results }] }, 2)}\n`;
}

function locationOf(source: string, { place, position }: LintFinding): object {
  // A place in the whole text is line 1; a header of a URL has none.
  const { line, column } = position ?? { line: 1, column: 1 };
  const isUrl = /^https?:\/\//.test(source);
  const uri = isUrl ? source : source.split('/').map(encodeURIComponent).join('/');
  const physicalLocation = { artifactLocation: { uri }, region: { startLine: line, startColumn: column } };
  return place === ''
    ? { physicalLocation }
    : { physicalLocation, logicalLocations: [{ fullyQualifiedName: place }] };
}
