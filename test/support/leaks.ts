// No private key in what nobody asked for: every private member of every key that a test file has made, read or
// imported is noted, and at the file's end no output of a command, no file that it wrote and no answer of a server
// may have a piece of one in it.
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { placeOf, watchAnswers } from './leak-answers.ts';
import { commandsIn, writtenBy } from './leak-files.ts';

/** Characters that are looked up at once: any piece of a member that has twice as many is found. */
const width = 12;
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k'] as const;
/** What asks for private keys; `decrypt` prints what was encrypted, a key too. */
const asking = /--private\b|\bdecrypt\b/;
/** What writes a secret into its file: it opens a keystore as an `oct` key, and is noted as one. */
const secretAsking = /\bsecret generate\b/;

const values = new Set<string>();
/** Texts, and what showed each first: the same answer is given thousands of times. */
const outputs = new Map<string, string>();

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
function watchKeys(): void {
  JSON.stringify = ((...args: Parameters<typeof stringify>) => {
    noteKeys(args[0]);
    return stringify(...args);
  }) as typeof stringify;
}

/** Listeners that were told to show private keys, and servers that are none of ours. */
const askedAt = new Set<string>();

/** `url`: with a port, or `unix:` and a path. */
export function noteAsked(url: string): string {
  askedAt.add(url.startsWith('unix:') ? url.slice('unix:'.length) : new URL(url).port);
  return url;
}

function watchServers(): void {
  watchAnswers(ServerResponse.prototype, (answer, text, part) => {
    const place = placeOf(answer);
    const isAsked = place === undefined ? askedAt.size > 0 : askedAt.has(place);
    if (part === 'head' || !isAsked) note(`the ${part} of ${answer.req.method} ${answer.req.url}`, text);
  });
}

/** What the command's own process gets with `--require`: as above, into files. A server there answers few things. */
const directory = join(inject('runDirectory') ?? tmpdir(), `jwks-leaks-${randomUUID()}`);
const noted = join(directory, 'members');
const answers = join(directory, 'answers');
export const watcher = join(directory, 'watch.cjs');
const watching = `const { appendFileSync } = require('node:fs');
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
if (process.argv.includes('serve')) {
  const given = new Set();
  (${watchAnswers.toString()})(require('node:http').ServerResponse.prototype, ({ req }, text, part) => {
    if (given.has(text) || (part === 'body' && process.argv.includes('--admin-private'))) return;
    given.add(text);
    const what = 'the ' + part + ' of ' + req.method + ' ' + req.url;
    try { appendFileSync(${JSON.stringify(answers)}, stringify([what, text]) + '\\n'); } catch {}
  });
}
`;

/** From here on, for one test file. Others have run in this process, or will: what they show is not its affair. */
export function watch(): void {
  if (JSON.stringify === stringify) {
    watchKeys();
    watchServers();
  }
  for (const earlier of [values, outputs, askedAt]) earlier.clear();
  mkdirSync(directory, { recursive: true });
  for (const path of [noted, answers]) writeFileSync(path, '');
  writeFileSync(watcher, watching);
  // Commands that run as another user note what they have as well.
  chmodSync(directory, 0o711);
  chmodSync(watcher, 0o644);
  for (const path of [noted, answers]) chmodSync(path, 0o622);
}

/** `command`: its words, or the script that ran it. What it said on stderr is never asked for. */
export function noteOutput(command: string, stdout: string, stderr: string): void {
  if (!asking.test(command)) note(command, stdout);
  note(command, stderr);
}

/** The files that a command wrote, which has just ended well. */
export function noteFiles(words: readonly string[], cwd: string): void {
  const command = words.join(' ');
  if (asking.test(command) || secretAsking.test(command)) return;
  for (const text of writtenBy(words, cwd)) note(`${command} (its file)`, text);
}

export function noteFilesOf(script: string, cwd: string): void {
  for (const words of commandsIn(script)) noteFiles(words, cwd);
}

function note(what: string, text: string): void {
  if (text !== '' && !outputs.has(text)) outputs.set(text, what);
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

/** What showed a piece of a private member. */
export function leaks(): string[] {
  for (const line of readFileSync(answers, 'utf8').split('\n')) {
    if (line === '') continue;
    const [what, text] = JSON.parse(line);
    note(what, text);
  }
  const pieces = new Set<string>();
  for (const value of allValues()) {
    for (const form of formsOf(value)) {
      for (let at = 0; at + width <= form.length; at++) pieces.add(form.slice(at, at + width));
    }
  }
  return [...outputs].filter(([text]) => isLeak(text, pieces)).map(([, what]) => what);
}

/** As it stands in JWK, and as in DER inside base64: there 0, 1 or 2 bytes of a group of three come before it. */
function formsOf(value: string): string[] {
  const bytes = Buffer.from(value, 'base64url');
  return [0, 1, 2].map((before) => {
    const form = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    // The first character that has bits of it has others too.
    return before === 0 ? value : form.slice(before + 1);
  });
}

/** Lines of PEM are put together, also where they are quoted in JSON. */
function isLeak(text: string, pieces: ReadonlySet<string>): boolean {
  const joined = text
    .replace(/\s+|\\[nr]/g, '')
    .replaceAll('+', '-')
    .replaceAll('/', '_');
  for (const { 0: run } of joined.matchAll(/[\w-]{12,}/g)) {
    for (let at = 0; at + width <= run.length; at += width) {
      if (pieces.has(run.slice(at, at + width))) return true;
    }
  }
  return false;
}

export function forget(): void {
  rmSync(directory, { recursive: true, force: true });
}
