// The files that a command has written, for the watch over private keys (leaks.ts).
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The texts of what `--output` names, a file or a directory of them, and of what `backup` makes. */
export function writtenBy(words: readonly string[], cwd: string): string[] {
  const paths = new Set(named(words).map((path) => resolve(cwd, path)));
  return [...paths].filter((path) => !/^\/(?:dev(?!\/shm\/)|proc)\//.test(path)).flatMap(textsAt);
}

/** The commands of a script that are ours, each as its words: as far as that can be read without a shell. */
export function commandsIn(script: string): string[][] {
  const commands = script.replaceAll('\\\n', ' ').split(/\||&&|[;&\n()]/);
  return commands.filter((command) => /\bjwks /.test(command)).map(wordsOf);
}

function named(words: readonly string[]): string[] {
  // Its file is an operand.
  if (words.includes('backup')) return words.filter((word) => !word.startsWith('-'));
  return words.flatMap((word, at) => {
    if (word === '-o' || word === '--output') return words[at + 1] ?? [];
    return /^(?:--output=|-o)(.+)$/.exec(word)?.[1] ?? [];
  });
}

function textsAt(path: string): string[] {
  try {
    const stats = statSync(path);
    if (stats.isDirectory()) return readdirSync(path).flatMap((name) => fileAt(join(path, name)));
    return fileAt(path);
  } catch {
    return [];
  }
}

/** A fifo would wait for ever, and /dev/stdout may be the log of these tests. Bytes such as DER in the form that is searched. */
function fileAt(path: string): string[] {
  if (!statSync(path).isFile()) return [];
  const bytes = readFileSync(path);
  return [bytes.toString(bytes.includes(0) ? 'base64url' : 'utf8')];
}

function wordsOf(command: string): string[] {
  const words = command.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}
