// Claims as a command is given them: JSON in its words, or a file or stdin with one object or one a line.
import { isUtf8 } from 'node:buffer';
import { JwksError } from '../errors.ts';
import type { ClaimsText } from '../operations/sign-tokens.ts';
import { readBlocks } from './read-bytes.ts';
import type { Session } from './session.ts';

/** A line is no longer than this, so that memory is bounded; what a token takes is less. */
const longestLine = 1_048_576;

/** `source`: JSON, `@file`, or `-` for stdin. Absent: no claims. */
export async function* readClaims(
  session: Session,
  source: string | undefined,
): AsyncGenerator<readonly ClaimsText[]> {
  if (source === undefined || !/^(?:-$|@)/.test(source)) {
    yield [{ text: source ?? '{}', from: '--claims' }];
    return;
  }
  const file = source === '-' ? '-' : source.slice(1);
  const name = file === '-' ? 'standard input' : file;
  let whole: string | undefined;
  let isFirst = true;
  for await (const lines of readLines(session, file, name)) {
    if (isFirst) {
      isFirst = false;
      // One object over several lines, as people write it: then it is read to its end.
      if (!/\}\s*$/.test(lines[0]?.text ?? '')) whole = '';
    }
    if (whole === undefined) yield lines;
    else whole += lines.map(({ text }) => `${text}\n`).join('');
    if (whole !== undefined && whole.length > longestLine) throw tooLong(name);
  }
  if (whole !== undefined) yield [{ text: whole, from: name }];
  if (isFirst) throw new JwksError('usage', `there are no claims in ${name}`);
}

/** Lines that are not blank, with their numbers, a block at a time. */
async function* readLines(session: Session, file: string, name: string): AsyncGenerator<ClaimsText[]> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;
  const toLines = (bytes: Buffer): ClaimsText[] => {
    if (!isUtf8(bytes)) throw new JwksError('usage', `${name} is not UTF-8 text`);
    const text = bytes.toString();
    const lines = (number === 0 ? text.replace(/^\ufeff/, '') : text).split('\n');
    return lines
      .map((line) => ({ text: line, from: name, line: ++number }))
      .filter(({ text: line }) => line.trim() !== '');
  };
  for await (const block of readBlocks(session, file)) {
    const end = block.lastIndexOf(10);
    if (end < 0) {
      rest = Buffer.concat([rest, block]);
      if (rest.length > longestLine) throw tooLong(`line ${number + 1} of ${name}`);
      continue;
    }
    const lines = toLines(Buffer.concat([rest, block.subarray(0, end)]));
    rest = Buffer.from(block.subarray(end + 1));
    if (lines.length > 0) yield lines;
  }
  const last = toLines(rest);
  if (last.length > 0) yield last;
}

function tooLong(name: string): JwksError {
  return new JwksError('usage', `${name} is larger than 1 MiB`);
}
