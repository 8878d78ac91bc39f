// No private key in what nobody asked for: every private member of every key that a test file has made, read or
// imported is noted, and at the file's end no output of a command may have a piece of one in it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

interface Output {
  readonly command: string;
  readonly text: string;
}

/** Characters that are looked up at once: any piece of a member that has twice as many is found. */
const width = 12;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'] as const;
/** What asks for private keys; `decrypt` prints what was encrypted, a key too. */
const asking = /--private\b|\bdecrypt\b/;

const values = new Set<string>();
const outputs: Output[] = [];

/** Sees keys where they are sealed, opened, imported and printed: all of that is JSON. */
function noteKeys(value: unknown): void {
  const list = Reflect.get(Object(value), 'keys');
  for (const key of Array.isArray(list) ? list : [value]) {
    if (typeof Reflect.get(Object(key), 'kty') !== 'string') continue;
    for (const name of privateMembers) {
      const member = Reflect.get(key, name);
      if (typeof member === 'string' && member.length >= 2 * width) values.add(member);
    }
  }
}

const { stringify } = JSON;
export function watchKeys(): void {
  JSON.stringify = ((...args: Parameters<typeof stringify>) => {
    noteKeys(args[0]);
    return stringify(...args);
  }) as typeof stringify;
}

/** What the command's own process gets with `--require`: as above, into a file. */
const directory = mkdtempSync(join(tmpdir(), 'jwks-leaks-'));
const noted = join(directory, 'members');
export const watcher = join(directory, 'watch.cjs');
writeFileSync(noted, '', { mode: 0o600 });
writeFileSync(
  watcher,
  `const { appendFileSync } = require('node:fs');
const width = ${width}, privateMembers = ${JSON.stringify(privateMembers)}, values = new Set();
${noteKeys.toString()}
const { stringify } = JSON;
JSON.stringify = (...args) => {
  noteKeys(args[0]);
  if (values.size > 0) {
    try { appendFileSync(${JSON.stringify(noted)}, [...values].join('\\n') + '\\n'); } catch {}
    values.clear();
  }
  return stringify(...args);
};
`,
);

/** `command`: its words, or the script that ran it. What it said on stderr is never asked for. */
export function noteOutput(command: string, stdout: string, stderr: string): void {
  if (!asking.test(command)) outputs.push({ command, text: stdout });
  outputs.push({ command, text: stderr });
}

/** Keys that a command was given, which it may refuse: in JSON. */
export function noteInput(text: string): void {
  try {
    noteKeys(JSON.parse(text));
  } catch {}
}

export function isNoted(member: string): boolean {
  return allValues().has(member);
}

function allValues(): ReadonlySet<string> {
  for (const value of readFileSync(noted, 'utf8').split('\n')) if (value !== '') values.add(value);
  return values;
}

/** The commands whose output has a piece of a private member, a private PEM or a secret in it. */
export function leaks(): string[] {
  const pieces = new Set<string>();
  for (const value of allValues()) {
    for (let at = 0; at + width <= value.length; at++) pieces.add(value.slice(at, at + width));
  }
  return outputs.filter(({ text }) => isLeak(text, pieces)).map(({ command }) => command);
}

function isLeak(text: string, pieces: ReadonlySet<string>): boolean {
  for (const { 0: run } of text.matchAll(/[\w-]{12,}/g)) {
    for (let at = 0; at + width <= run.length; at += width) {
      if (pieces.has(run.slice(at, at + width))) return true;
    }
  }
  return false;
}

export function forget(): void {
  rmSync(directory, { recursive: true, force: true });
}
