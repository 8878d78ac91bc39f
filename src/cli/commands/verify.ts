// jwks verify: is a token good? Its claims, or why not.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { examples, exitCodes, type Open, operandsOf, optionsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { unsafeCharacters } from '../terminal-text.ts';
import { describeReasons, toAnswer } from '../token-answer.ts';
import { addTokenOptions, checkToken } from '../token-check.ts';

export const verdicts = {
  0: 'the token is good',
  1: 'it is not',
  7: 'it could not be found out, such as where a URL does not answer',
} as const;

export function register(program: Command, open: Open): void {
  const command = addTokenOptions(program.command('verify'))
    .summary('verify a JWT and print its claims')
    .description(
      "Verifies a JWT (the operand, or stdin) by the key that its kid names in a set, in a JWKS, or in any set, and prints its claims. The algorithm is the key's. Needs no secret, but for symmetric keys.",
    )
    .option('--explain', 'say on stdout why it is good or not, as jwks explain does')
    .addHelpText('after', () =>
      examples(
        'jwks verify --set auth --aud https://api.example.com "$TOKEN"',
        'jwks verify --jwks https://auth.example.com/jwks.json < token.txt',
      ),
    )
    .addHelpText('after', () => exitCodes(verdicts));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const { explain = false } = optionsOf<{ readonly explain?: boolean }>(command);
    if (explain) return explainToken(session, command);
    const [operand] = operandsOf(command, { required: [], most: 1 });
    await session.printer.prepare({ texts: ['json'] });
    const verified = await checkToken(session, command, operand);
    const { claims, claimsText } = verified;
    if (claims === undefined || claimsText === undefined) {
      await session.finish();
      throw new JwksError('answer-no', describeReasons(verified));
    }
    // As they were written: numbers too that JavaScript would round.
    const line = () => `${escapeJson(claimsText)}\n`;
    await session.printer.result({ usual: 'table', json: () => claims, table: line, texts: { json: line } });
    if (claims['exp'] === undefined) await session.printer.say('it never expires: it has no "exp"');
    await session.finish();
  }
}

/** Says on stdout why, also where it is not good; only its exit status differs then. */
export async function explainToken(session: Session, command: Command): Promise<void> {
  const [operand] = operandsOf(command, { required: [], most: 1 });
  await session.printer.prepare();
  const verified = await checkToken(session, command, operand);
  await session.printer.result(toAnswer(session, verified));
  await session.finish();
  if (!verified.ok) throw new JwksError('answer-no', 'the token is not good');
}

function escapeJson(text: string): string {
  return text.replace(
    unsafeCharacters,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
