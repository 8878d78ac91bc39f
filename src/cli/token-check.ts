// What `verify` and `explain` have in common: their options, and how they find out.
import type { Command } from 'commander';
import { JwksError } from '../errors.ts';
import type { Verified } from '../operations/verify-token.ts';
import { collect, operands, optionsOf } from './command.ts';
import { findingOut } from './finding-out.ts';
import type { Session } from './session.ts';

interface TokenOptions {
  readonly set?: string;
  readonly jwks?: string;
  readonly alg?: string[];
  readonly aud?: string[];
  readonly iss?: string;
  readonly typ?: string;
}

/** More than any token has. */
const enough = 1_048_576;

export function addTokenOptions(command: Command): Command {
  return command
    .usage('[options] [token]')
    .addArgument(operands({ token: 'the JWT; none or - is standard input' }))
    .option('--set <set-id>', 'signed by a key of this set')
    .option('--jwks <place>', 'signed by a key of this JWKS: a file, - for stdin, or a URL')
    .option('--alg <alg>', 'signed by this algorithm; may be repeated', collect)
    .option('--aud <audience>', 'for this audience; repeated: for any of them', collect)
    .option('--iss <issuer>', 'by this issuer')
    .option('--typ <type>', 'of this type, such as at+jwt');
}

/** A token that cannot be judged is exit 7: 1 is the answer "no". */
export async function checkToken(
  session: Session,
  command: Command,
  operand: string | undefined,
): Promise<Verified> {
  const options = optionsOf<TokenOptions>(command);
  refuseContradiction(session, options, operand);
  return findingOut(check(session, options, operand));
}

async function check(
  session: Session,
  options: TokenOptions,
  operand: string | undefined,
): Promise<Verified> {
  const [{ verifyToken }, { readBytes }] = await Promise.all([
    import('../operations/verify-token.ts'),
    import('./read-bytes.ts'),
  ]);
  const token =
    operand === undefined || operand === '-'
      ? (await readBytes(session, operand, enough)).toString('latin1')
      : operand;
  const place = await placeOf(session, options);
  return session.sayingWarnings(verifyToken(session.clock(), place, { ...options, token }));
}

async function placeOf(session: Session, { set, jwks }: TokenOptions) {
  const { atUrl, inAllSets, inSet, inText } = await import('../operations/key-places.ts');
  if (jwks === undefined) {
    const doors = { read: () => session.reader(), unlock: () => session.keystore() };
    const clock = session.clock();
    return set === undefined ? inAllSets(doors, clock) : inSet(doors, clock, set);
  }
  const { isUrl, readInput } = await import('./input.ts');
  if (!isUrl(jwks)) {
    return inText(await readInput(session, jwks), jwks === '-' ? 'standard input' : jwks);
  }
  const { fetchUrl, parseFetchUrl } = await import('../operations/fetch-url.ts');
  const url = parseFetchUrl(jwks).href;
  let holdsPrivate = false;
  const noteLeak = () => {
    holdsPrivate = true;
  };
  const place = await session.during('fetching', atUrl(fetchUrl, url, noteLeak));
  if (holdsPrivate)
    await session.printer.say('that URL publishes private keys: what they sign proves nothing');
  return place;
}

function refuseContradiction(
  session: Session,
  { set, jwks, ...others }: TokenOptions,
  operand: string | undefined,
): void {
  if (set !== undefined && jwks !== undefined) throw new JwksError('usage', 'name a set or a JWKS, not both');
  const empty = (['iss', 'typ', 'aud', 'alg'] as const).find((name) =>
    [others[name] ?? []].flat().includes(''),
  );
  // A variable of a script that is not set must not leave a check out.
  if (jwks === '' || empty !== undefined)
    throw new JwksError('usage', `the value of --${empty ?? 'jwks'} is empty`);
  const readers = [
    operand === undefined || operand === '-',
    jwks === '-',
    session.options.secretFile === '-',
  ];
  if (readers.filter(Boolean).length > 1)
    throw new JwksError(
      'usage',
      'only one of the token, the JWKS and the secret can come from standard input',
    );
}
