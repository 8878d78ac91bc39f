// jwks completion: what a shell needs to complete commands, options and set ids.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { examples, type Open, operands, operandsOf } from '../command.ts';
import { completionScript, isShell, shells } from '../completion/script.ts';
import type { Session } from '../session.ts';

export function register(program: Command, open: Open): void {
  const command = program
    .command('completion')
    .summary('print a completion script for bash, zsh or fish')
    .description(
      'Prints a script by which a shell completes commands, options and their values, set ids and kids. It asks jwks itself at each turn, so that it stays in step with it.',
    )
    .usage('[options] <shell>')
    .addArgument(operands({ shell: 'bash, zsh or fish' }))
    .addHelpText('after', () =>
      examples(
        'eval "$(jwks completion bash)"',
        'jwks completion fish > ~/.config/fish/completions/jwks.fish',
      ),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [shell = ''] = operandsOf(command, { required: ['shell'], most: 1 });
    if (!isShell(shell))
      throw new JwksError('usage', `unknown shell "${shell}"`, { hint: shells.join(', ') });
    await session.printer.prepare({ hasFormats: false });
    await session.printer.text(completionScript(shell));
  }
}
