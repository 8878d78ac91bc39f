// jwks decrypt: opens a message that was encrypted to a set's key.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseSetId } from '../../keystore/set-id.ts';
import { examples, type Open, operands, operandsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

export function register(program: Command, open: Open): void {
  const command = program
    .command('decrypt')
    .summary("open what was encrypted to a set's key")
    .description(
      'Opens a compact JWE (RFC 7516) from a file or stdin by the key of the set that it names, and writes what is in it, byte for byte. A new file is for its owner only.',
    )
    .usage('[options] <set-id> [file]')
    .addArgument(
      operands({
        'set-id': 'the set whose key it is encrypted to',
        file: 'the message; none or - is standard input',
      }),
    )
    .addHelpText('after', () =>
      examples('jwks decrypt mail letter.jwe -o letter.txt', 'jwks decrypt mail < letter.jwe'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set = '', file] = operandsOf(command, { required: ['set-id'], most: 2 });
    const id = parseSetId(set);
    session.printer.prepareSecret();
    const [{ decryptMessage, mostCompactBytes }, { readBytes }] = await Promise.all([
      import('../../operations/decrypt-message.ts'),
      import('../read-bytes.ts'),
    ]);
    const keystore = await session.keystore();
    const compact = (await readBytes(session, file, mostCompactBytes)).toString('latin1').trim();
    const plaintext = await decryptMessage(keystore, session.clock(), id, compact);
    await session.printer.text(isShown(session) ? forTerminal(plaintext) : plaintext);
    await session.finish();
  }
}

function isShown({ host, options }: Session): boolean {
  return host.stdout.isTerminal && options.output === undefined;
}

/** What somebody else wrote must not steer a terminal. */
function forTerminal(bytes: Buffer): string {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    const lines = text.split('\n').map((line) => line.split('\t').map(escapeText).join('\t'));
    return lines.join('\n');
  } catch (cause) {
    throw new JwksError('usage', 'what is in it is no text, and not shown on a terminal', {
      cause,
      hint: 'write it to a file with -o',
    });
  }
}
