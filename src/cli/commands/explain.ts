// jwks explain: why a token is good or not.
import type { Command } from 'commander';
import { examples, exitCodes, type Open } from '../command.ts';
import { addTokenOptions } from '../token-check.ts';
import { explainToken, verdicts } from './verify.ts';

export function register(program: Command, open: Open): void {
  const command = addTokenOptions(program.command('explain'))
    .summary('say why a JWT is good or not')
    .description(
      "Says why a JWT (the operand, or stdin) is good or not, in the words of its key's history: unknown, retired or revoked on a date, not yet active, another algorithm, expired. Looks as jwks verify does, and has its exit status.",
    )
    .addHelpText('after', () =>
      examples('jwks explain "$TOKEN"', 'jwks explain --set auth --format json < token.txt'),
    )
    .addHelpText('after', () => exitCodes(verdicts));
  command.action(() => open(command, (session) => explainToken(session, command)));
}
