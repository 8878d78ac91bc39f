// jwks convert: a file of keys in another form.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseKeyId } from '../../keystore/set-id.ts';
import type { Use } from '../../lifecycle/key.ts';
import type { ConvertRequest, KeyForm } from '../../operations/convert-keys.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { wholeNumber } from '../global-options.ts';
import { readInput } from '../input.ts';
import { passphraseFrom, readKeyFiles } from '../key-input.ts';
import { useOption } from '../key-options.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

interface ConvertOptions {
  readonly to: KeyForm;
  readonly private?: boolean;
  readonly kid?: string;
  readonly alg?: string;
  readonly use?: Use;
  readonly passphraseFile?: string;
  readonly encryptWith?: string;
  readonly certificate?: boolean;
  readonly subject?: string;
  readonly days?: number;
}

const forms = [
  'jwk',
  'jwks',
  'pem',
  'spki',
  'pkcs8',
  'pkcs1',
  'sec1',
  'der',
  'ssh',
] as const satisfies KeyForm[];
const defaultDays = 365;
const mostDays = 36_500;

export function register(program: Command, open: Open): void {
  const command = program
    .command('convert')
    .summary('write the keys of a file in another form')
    .description(
      'Reads what import reads, proves it, and writes the public half as JWK, PEM, DER or SSH; the private one only with --private. pem is SPKI, or PKCS#8 with --private. Needs no keystore.',
    )
    .usage('[options] [file]')
    .addArgument(operands({ file: 'what holds the keys; none or - is standard input' }))
    .addOption(new Option('--to <form>', 'form to write').choices(forms).default('jwk'))
    .option('--private', 'write the private half')
    .option('--kid <kid>', 'only this key; or the kid for one that has none', parseKeyId)
    .option('--alg <alg>', 'algorithm, where the file does not say')
    .addOption(useOption('sig or enc, where the file does not say'))
    .option('--passphrase-file <file>', 'file with the passphrase of what is encrypted')
    .option('--encrypt-with <file>', 'file with a passphrase (16 characters or more) to encrypt PKCS#8')
    .option('--certificate', 'with a self-signed X.509 certificate')
    .option('--subject <name>', 'whom the certificate is for, such as CN=auth.example.com')
    .option('--days <n>', `how many days the certificate is valid (default: ${defaultDays})`, days)
    .addHelpText('after', () =>
      examples('jwks convert key.pem', 'jwks convert key.jwk --to pkcs8 --private -o key.pem'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [file] = operandsOf(command, { required: [], most: 1 });
    const options = optionsOf<ConvertOptions>(command);
    const isPrivate = options.private === true;
    refuseContradiction(session, options);
    await session.printer.prepare({ isPrivate, hasFormats: false });
    const { convertKeys } = await import('../../operations/convert-keys.ts');
    const [keys = { name: '', bytes: Buffer.alloc(0) }] = await readKeyFiles(
      session,
      file === undefined ? [] : [file],
    );
    const request = { ...(await requestOf(session, options)), isPrivate };
    const { output, repairs, leftOut } = await session.during('proving keys', convertKeys(keys, request));
    for (const repair of repairs) await session.printer.say(`${escapeText(repair)}: mended`);
    if (leftOut > 0)
      await session.printer.say(
        `left out: ${leftOut} symmetric ${leftOut === 1 ? 'key has' : 'keys have'} no public half`,
      );
    if (output.kind === 'json') await session.printer.jwkSet(output.value);
    else await session.printer.text(output.content);
    if (isPrivate && options.encryptWith === undefined) await session.printer.sayPrivate();
  }
}

async function requestOf(
  session: Session,
  options: ConvertOptions,
): Promise<Omit<ConvertRequest, 'isPrivate'>> {
  const { to, kid, alg, use, subject } = options;
  return {
    to,
    kid,
    wanted: { alg, use },
    read: { passphrase: passphraseFrom(session, options.passphraseFile) },
    passphrase:
      options.encryptWith === undefined ? undefined : await readPassphrase(session, options.encryptWith),
    certificate:
      options.certificate === true
        ? { subject, days: options.days ?? defaultDays, notBefore: new Date(session.clock() * 1000) }
        : undefined,
  };
}

async function readPassphrase(session: Session, file: string): Promise<string> {
  return (await readInput(session, file)).replace(/\r?\n$/, '');
}

function refuseContradiction(session: Session, options: ConvertOptions): void {
  if (options.certificate !== true && (options.subject !== undefined || options.days !== undefined))
    throw new JwksError('usage', '--subject and --days go with --certificate');
  const isBinary = options.to === 'der';
  if (isBinary && session.options.output === undefined && session.host.stdout.isTerminal) {
    throw new JwksError('usage', 'der is binary, and stdout is a terminal', { hint: 'name a file with -o' });
  }
}

function days(text: string): number {
  const count = wholeNumber(text);
  if (count < 1 || count > mostDays) throw new InvalidArgumentError(`It is not between 1 and ${mostDays}.`);
  return count;
}
