// Tests as a reader sees a terminal: `$ jwks ...`, then its stdout, lines of stderr after `! `, and `exit N` unless
// that is 0. Tabs are written as ⇥, the home directory as ~.
//
// What differs from run to run is written as <name>: the same name is the same text throughout a machine's
// transcripts, another name of a kid is another kid. <...> stands for anything.
import { expect } from 'vitest';
import type { Machine, Ran, Settings } from './cli.ts';

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^(?:kid|fingerprint|thumbprint)/, '[\\w-]{43}'],
  [/^uuid/, '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}'],
  [/^secret/, 'jwks_secret_[\\w-]{43}'],
  [/^(?:x|y|n|d|k)\d*$/, '[\\w-]+'],
  [/^\.\.\.$/, '.*'],
];

const boundOf = new WeakMap<Machine, Map<string, string>>();

/** Runs the block's commands one after the other on a machine and compares what they print with the block. */
export async function transcript(machine: Machine, text: string, settings: Settings = {}): Promise<void> {
  const expected = unindent(text);
  const shown: string[] = [];
  for (const { command, lines } of stepsOf(expected)) {
    const said = toLines(await runLine(machine, command, settings), machine);
    shown.push(`$ ${command}`, ...match(lines, said, boundTo(machine)));
  }
  expect(shown.join('\n')).toBe(expected.filter((line) => !/^(?:#.*|)$/.test(line)).join('\n'));
}

/** What a placeholder stands for on a machine. */
export function standsFor(machine: Machine, name: string): string {
  const value = boundTo(machine).get(name);
  if (value === undefined) throw new Error(`<${name}> stands for nothing yet`);
  return value;
}

/** Runs one line as a shell would: quotes, `NAME=value` in front, and pipes from one `jwks` into another. */
export async function runLine(machine: Machine, line: string, settings: Settings = {}): Promise<Ran> {
  let ran: Ran | undefined;
  for (const part of line.split(/ \| (?=jwks )/)) {
    const words = wordsOf(part).map((word) => fillIn(word, boundTo(machine)));
    const at = words.indexOf('jwks');
    const env = Object.fromEntries(words.slice(0, at).map((word) => word.split(/=(.*)/s).slice(0, 2)));
    const next = await machine.jwks(words.slice(at + 1), {
      ...settings,
      env: { ...settings.env, ...env },
      ...(ran === undefined ? {} : { stdin: ran.stdout }),
    });
    ran = { ...next, stderr: (ran?.stderr ?? '') + next.stderr };
  }
  if (ran === undefined) throw new Error(`no command: ${line}`);
  return ran;
}

function boundTo(machine: Machine): Map<string, string> {
  const bound = boundOf.get(machine) ?? new Map<string, string>();
  boundOf.set(machine, bound);
  return bound;
}

function unindent(text: string): string[] {
  const lines = text.split('\n').slice(1);
  if (lines.at(-1)?.trim() === '') lines.pop();
  const margin = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(margin));
}

function stepsOf(lines: readonly string[]): { readonly command: string; readonly lines: string[] }[] {
  const steps: { readonly command: string; readonly lines: string[] }[] = [];
  for (const line of lines) {
    if (line.startsWith('$ ')) steps.push({ command: line.slice(2), lines: [] });
    else if (!/^(?:#.*|)$/.test(line)) steps.at(-1)?.lines.push(line);
  }
  return steps;
}

function toLines({ stdout, stderr, status }: Ran, machine: Machine): string[] {
  const out = linesOf(stdout);
  const err = linesOf(stderr).map((line) => `! ${line}`.trimEnd());
  return [...out, ...err, ...(status === 0 ? [] : [`exit ${status}`])].map((line) =>
    line.replaceAll(machine.home, '~').replaceAll('\t', '⇥'),
  );
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** The lines that were said; those that fit what was expected look like it. */
function match(expected: readonly string[], said: readonly string[], bound: Map<string, string>): string[] {
  return said.map((line, index) => {
    const wanted = expected[index];
    const found = wanted === undefined ? null : patternOf(wanted, bound).exec(line);
    if (wanted === undefined || found === null) return nameIn(line, bound);
    for (const [name, value] of Object.entries(found.groups ?? {})) {
      const isTaken = [...bound.values()].includes(value) && /^(?:kid|uuid)/.test(name);
      if (isTaken) return nameIn(line, bound);
      bound.set(name, value);
    }
    return wanted;
  });
}

function patternOf(line: string, bound: ReadonlyMap<string, string>): RegExp {
  const source = line.split(/<(\.\.\.|[a-z]+\d*)>/).map((part, index, parts) => {
    if (index % 2 === 0) return literal(part);
    const kind = kinds.find(([names]) => names.test(part))?.[1];
    if (kind === undefined) return literal(`<${part}>`);
    const known = bound.get(part);
    if (known !== undefined) return literal(known);
    if (part === '...') return kind;
    return parts.indexOf(part) === index ? `(?<${part}>${kind})` : `\\k<${part}>`;
  });
  return new RegExp(`^${source.join('')}$`, 's');
}

function fillIn(word: string, bound: ReadonlyMap<string, string>): string {
  return word.replace(/<([a-z]+\d*)>/g, (whole, name) => bound.get(name) ?? whole);
}

function nameIn(line: string, bound: ReadonlyMap<string, string>): string {
  return [...bound].reduce((text, [name, value]) => text.replaceAll(value, `<${name}>`), line);
}

function wordsOf(line: string): string[] {
  const parts = line.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  return parts.map((part) => part.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
