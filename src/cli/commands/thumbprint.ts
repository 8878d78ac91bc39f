// jwks thumbprint: RFC 7638 of keys in a file.
import type { Command } from 'commander';
import { examples, type Open, operands, operandsOf } from '../command.ts';
import { readInput } from '../input.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../terminal-text.ts';

export function register(program: Command, open: Open): void {
  const command = program
    .command('thumbprint')
    .summary('print the RFC 7638 thumbprint of keys in a file')
    .description('Prints the RFC 7638 SHA-256 thumbprint of each key of a JWK or JWK Set, one a line.')
    .usage('[options] [file]')
    .addArgument(operands({ file: 'a JWK or JWK Set; none or - is standard input' }))
    .addHelpText('after', () => examples('jwks thumbprint key.jwk', 'jwks export auth | jwks thumbprint'));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [file] = operandsOf(command, { required: [], most: 1 });
    await session.printer.prepare();
    const text = await readInput(session, file);
    const { thumbprintsIn } = await import('../../operations/thumbprints.ts');
    const found = thumbprintsIn(text, file ?? 'standard input');
    const thumbprints = found.map(({ thumbprint }) => thumbprint);
    await session.printer.result({
      usual: 'table',
      json: () => ({ keys: found }),
      // One key is the usual case, and scripts take the line as it is.
      table: () =>
        session.settings.format === undefined
          ? thumbprints.map((thumbprint) => `${thumbprint}\n`).join('')
          : formatTable(
              [{ title: 'KEY ID' }, { title: 'THUMBPRINT' }],
              found.map(({ kid, thumbprint }) => [kid ?? '', thumbprint]),
              session.host.stdout,
            ),
    });
  }
}
