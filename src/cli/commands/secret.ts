// jwks secret: what unlocks keystores.
import type { Command } from 'commander';
import { examples, type Open, operandsOf } from '../command.ts';
import type { Session } from '../session.ts';

export function register(program: Command, open: Open): void {
  const secret = program
    .command('secret')
    .summary('make secrets that unlock keystores')
    .description('What unlocks a keystore.')
    .usage('<command> [options]')
    .addHelpText('after', () => examples('jwks secret generate', 'jwks secret generate --help'));
  const generate = secret
    .command('generate')
    .summary('print a new secret')
    .description(
      'Prints a new secret of 256 random bits. It unlocks nothing until a keystore is made with it.',
    )
    .usage('[options]')
    .argument('[operands...]')
    .addHelpText('after', () =>
      examples('jwks secret generate -o ./secret', 'JWKS_SECRET_FILE=./secret jwks init --keystore ./keys'),
    );
  generate.action(() => open(generate, run));

  async function run(session: Session): Promise<void> {
    operandsOf(generate, { required: [], most: 0 });
    session.printer.prepareSecret();
    const { generateSecretText } = await import('../../keystore/secret.ts');
    await session.printer.text(`${generateSecretText()}\n`);
    await session.printer.say('keep it secret, and a copy of it somewhere else');
  }
}
