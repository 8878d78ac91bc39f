// jwks sign: JWTs by a set's signer, one or many.
import { type Command, InvalidArgumentError } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import type { Seconds } from '../../lifecycle/time.ts';
import type { SignRequest } from '../../operations/sign-tokens.ts';
import { collect, examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { durationArgument } from '../time-arguments.ts';

interface SignOptions {
  readonly claims?: string;
  readonly exp?: Seconds;
  readonly iss?: string;
  readonly aud?: string[];
  readonly sub?: string;
  readonly typ: string;
  readonly kid?: string;
  readonly alg?: string;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('sign')
    .summary("sign a JWT by a set's signer")
    .description(
      "Signs a JWT by the set's signer; with one JSON object a line, as many. It never outlives its key, nor the policy's token life. Options stand in place of what the claims say; iat is now, unless the claims say when.",
    )
    .usage('[options] <set-id>')
    .addArgument(operands({ 'set-id': 'the set whose key signs' }))
    .option('--claims <json>', 'JSON, @FILE, or - for stdin: one object, or one a line')
    .option('--exp <span>', 'how long it is good (default: as the claims say, or 10m)', durationArgument)
    .option('--iss <issuer>', 'who issues it')
    .option('--aud <audience>', 'whom it is for; may be repeated', collect)
    .option('--sub <subject>', 'whom it is about')
    .option('--typ <type>', 'its type, such as at+jwt', typeArgument, 'JWT')
    .option('--kid <kid>', 'by this key, which must be active', parseKeyId)
    .option('--alg <alg>', 'by the signer of this algorithm, where there are several')
    .addHelpText('after', () =>
      examples(
        'jwks sign auth --sub alice --aud https://api.example.com',
        'jwks sign auth --claims - < claims.ndjson > tokens.txt',
      ),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set = ''] = operandsOf(command, { required: ['set-id'], most: 1 });
    const options = optionsOf<SignOptions>(command);
    const request = toRequest(set, options);
    await session.printer.prepare({ hasFormats: false });
    const [{ signTokens }, { readClaims }] = await Promise.all([
      import('../../operations/sign-tokens.ts'),
      import('../claims-input.ts'),
    ]);
    const keystore = await session.keystore();
    const claims = readClaims(session, options.claims);
    const tokens = signTokens(keystore, session.clock, request, claims);
    await print(session, tokens);
    await session.finish();
  }
}

/** As they come; a file is written whole or not at all. */
async function print(session: Session, tokens: AsyncIterable<string>): Promise<void> {
  const { output = '-' } = session.options;
  const all: string[] = [];
  for await (const block of tokens) {
    if (output === '-') await session.printer.text(block);
    else all.push(block);
  }
  if (output !== '-') await session.printer.text(all.join(''));
}

function toRequest(set: string, options: SignOptions): SignRequest {
  const { iss, aud = [], sub, typ, alg, kid, exp } = options;
  const empty = Object.entries({ iss, sub, aud: aud.includes('') ? '' : undefined }).find(
    ([, value]) => value === '',
  );
  if (empty !== undefined) throw new JwksError('usage', `the value of --${empty[0]} is empty`);
  const named = { iss, sub, aud: aud.length > 1 ? aud : aud[0] };
  return {
    set: parseSetId(set),
    kid,
    alg,
    typ,
    lifetime: exp,
    claims: Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined)),
  };
}

/** RFC 7515 section 4.1.9: a media type, most often without "application/". */
function typeArgument(text: string): string {
  if (!/^[\w!#$&^.+/-]{1,127}$/.test(text))
    throw new InvalidArgumentError('It is no media type such as at+jwt.');
  return text;
}
