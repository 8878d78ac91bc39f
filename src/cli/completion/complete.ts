// Answers a shell that asks what can stand at the cursor: `jwks __complete SHELL WORD...`, the last as far as typed.
import type { Command } from 'commander';
import type { Open } from '../command.ts';
import type { Host } from '../host.ts';
import { type Candidate, type Wanted, wantedAt } from './candidates.ts';
import { type Cursor, findCursor } from './cursor.ts';
import { readNames } from './names.ts';
import { readTyped, writeCandidate } from './words.ts';

/** Always 0, and silent: an error would stand in the middle of the line that somebody is typing. */
export async function complete(
  argv: readonly string[],
  host: Host,
  load: (open: Open) => Promise<Command>,
): Promise<number> {
  try {
    const [shell = '', ...words] = argv;
    const { before, current, quote } = readTyped(shell, words);
    const cursor = findCursor(await load(async () => {}), before);
    const { head, wanted } = wantedAt(cursor, current);
    const isPath = wanted.kind === 'files' || wanted.kind === 'directories';
    const found = await candidatesFor(host, cursor, wanted, current.slice(head.length));
    const lines = found
      .filter(({ text }) => `${head}${text}`.startsWith(current))
      .map(({ text, about }) => writeCandidate(shell, { text: `${head}${text}`, about }, quote));
    await host.stdout.write(`${[isPath ? wanted.kind : 'words', ...lines].join('\n')}\n`);
  } catch {
    // Such as a keystore that is not there.
  }
  return 0;
}

async function candidatesFor(
  host: Host,
  cursor: Cursor,
  wanted: Wanted,
  start: string,
): Promise<readonly Candidate[]> {
  switch (wanted.kind) {
    case 'words':
      return wanted.words;
    case 'files':
    case 'directories':
      return [];
    case 'sets':
    case 'kids':
    case 'labels': {
      const names = await readNames(host, cursor, wanted.kind, start);
      const isReachable = (text: string) =>
        !text.startsWith('-') || cursor.isOperand || cursor.option !== undefined;
      const reachable = names.filter(({ text }) => isReachable(text));
      const behindDashes = { text: '--', about: 'then names that begin with a dash' };
      return reachable.length < names.length && start === '' ? [...reachable, behindDashes] : reachable;
    }
  }
}
