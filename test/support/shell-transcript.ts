// Console blocks of a document as a shell session: typed as they stand, compared with what they show.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bin, cleanEnv } from './command.ts';
import { noteFilesOf, noteOutput, watcher } from './leaks.ts';
import { temporaryDirectory } from './temporary.ts';

export interface Step {
  readonly line: number;
  readonly command: string;
  readonly shown: string;
}

/** The `$ ` lines of all ```console blocks with what is shown below each. `[exit N]` stands for the status. */
export function stepsOf(document: string): Step[] {
  const steps: { line: number; command: string; shown: string }[] = [];
  let isConsole = false;
  for (const [index, text] of readFileSync(document, 'utf8').split('\n').entries()) {
    if (text.startsWith('```')) isConsole = text === '```console';
    else if (isConsole && text.startsWith('$ '))
      steps.push({ line: index + 1, command: text.slice(2), shown: '' });
    else if (isConsole) {
      const step = steps.at(-1);
      if (step !== undefined) step.shown += `${text}\n`;
    }
  }
  return steps;
}

/** Programs and files that a document shows to be saved: blocks whose first line is a comment with a file's name. */
export function filesOf(document: string): Map<string, string> {
  const text = readFileSync(document, 'utf8');
  const blocks = text.matchAll(/^```\w+\n(?:#|\/\/) ([\w-]+\.(?:py|mjs|conf|sh))\b.*\n([\s\S]*?)^```$/gm);
  return new Map([...blocks].map(([, name = '', program = '']) => [name, program]));
}

const mark = '<<end of step>>';

/** What `npm install` would have put beside a document's programs. */
const packages = fileURLToPath(new URL('../../node_modules', import.meta.url));

/**
 * Runs the steps in one bash with a clean home; returns what each printed, with its status where that is not 0.
 * Servers that they started with `&` end with the bash.
 */
export function runSteps(steps: readonly Step[], files: ReadonlyMap<string, string>): string[] {
  const home = join(realpathSync(temporaryDirectory()), 'home');
  mkdirSync(join(home, 'work'), { recursive: true });
  mkdirSync(join(home, 'bin'));
  writeFileSync(
    join(home, 'bin', 'jwks'),
    `#!/bin/sh\nexec '${process.execPath}' --require '${watcher}' '${bin}' "$@"\n`,
  );
  chmodSync(join(home, 'bin', 'jwks'), 0o755);
  for (const [name, text] of files) writeFileSync(join(home, 'work', name), text);
  symlinkSync(packages, join(home, 'work', 'node_modules'));
  const script = steps.map(({ command }) => `${command}\necho "${mark}$?"\n`).join('');
  const ending = 'running=$(jobs -p); [ -z "$running" ] || kill $running; wait';
  const env = { ...cleanEnv(home), PATH: `${join(home, 'bin')}:${process.env['PATH'] ?? ''}` };
  const { stdout } = spawnSync('bash', ['-c', `exec 2>&1\ntrap '${ending}' EXIT\n${script}`], {
    cwd: join(home, 'work'),
    env,
    encoding: 'utf8',
    timeout: 120_000,
  });
  return stdout
    .split(mark)
    .slice(0, -1)
    .map((part, index, parts) => {
      const output = index === 0 ? part : part.replace(/^\d+\n/, '');
      const status = /^\d+/.exec(parts[index + 1] ?? stdout.split(mark).at(-1) ?? '')?.[0];
      const command = steps[index]?.command ?? '';
      if (/\bjwks /.test(command)) noteOutput(command, output, '');
      if (status === '0') noteFilesOf(command, join(home, 'work'));
      return (output + (status === '0' ? '' : `[exit ${status}]\n`)).replaceAll(home, '~');
    });
}

/** Keys, thumbprints, ids and dates differ from run to run; their shape does not. `…` in a document cuts a long one. */
export function withoutKeys(text: string): string {
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '<date>')
    .replace(/[\w-]{8}-(?:[\w-]{4}-){3}[\w-]{12}/g, '<uuid>')
    .replace(/[\w-]{20,}…|[\w-]{43,}/g, '<base64url>');
}
