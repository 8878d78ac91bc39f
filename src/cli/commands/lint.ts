// jwks lint: faults of a published JWKS, and private keys where none may be.
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { JwksError } from '../../errors.ts';
import type { Consumer, Linted, LintSource } from '../../operations/lint-jwks.ts';
import { examples, exitCodes, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { failWithErrors } from '../findings.ts';
import type { Host } from '../host.ts';
import { isUrl } from '../input.ts';
import { toLintJson, toLintTable, toSarif } from '../lint-formats.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

interface LintOptions {
  readonly for?: Consumer;
  readonly privateOnly?: boolean;
}

/** Here and not asked of the rules, which are loaded when they are used; the type keeps the two in step. */
const consumers: Readonly<Record<Consumer, true>> = {
  'aws-iam': true,
  'gcp-wif': true,
  azure: true,
  oci: true,
  kubernetes: true,
  istio: true,
  supabase: true,
};

export function register(program: Command, open: Open): void {
  const command = program
    .command('lint')
    .summary('find faults of a published JWKS')
    .description(
      'Looks a JWK Set over in a file, on standard input or at a URL: private members, kids, encoding, weak keys, certificates, and what known clients refuse. Needs no keystore. --format may also be sarif. docs/lint.md has all rules.',
    )
    .usage('[options] [file|url|-]')
    .addArgument(operands({ 'file|url|-': 'where the JWK Set is; none or - is standard input' }))
    .addOption(
      new Option('--for <consumer>', 'also the limits of who reads it').choices(Object.keys(consumers)),
    )
    .option('--private-only', 'only private keys, in any files: for a pre-commit hook')
    .addHelpText('after', () =>
      examples('jwks lint https://auth.example.com/.well-known/jwks.json', 'jwks export auth | jwks lint'),
    )
    .addHelpText('after', () =>
      exitCodes({
        0: 'no error was found',
        1: 'an error was found',
        7: 'it could not be read',
      }),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const { privateOnly = false, for: consumer } = optionsOf<LintOptions>(command);
    const words = operandsOf(command, { required: [], most: privateOnly ? undefined : 1 });
    if (privateOnly && consumer !== undefined)
      throw new JwksError('usage', '--private-only looks for nothing else, and leaves no room for --for');
    await session.printer.prepare({ texts: ['sarif'] });
    const [{ lintJwks }, { fetchUrl, parseFetchUrl }] = await Promise.all([
      import('../../operations/lint-jwks.ts'),
      import('../../operations/fetch-url.ts'),
    ]);
    const toUrl = (word: string) => parseFetchUrl(word).href;
    const sources = (words.length === 0 ? ['-'] : words).map((word) => toSource(word, session.host, toUrl));
    const options = { now: session.clock(), fetchUrl, isPrivateOnly: privateOnly, consumer };
    const linted = await session.during('looking', lintJwks(sources, options));
    if (linted.sources.length > 0) await print(session, linted);
    await conclude(session, linted);
  }
}

function toSource(word: string, host: Host, toUrl: (word: string) => string): LintSource {
  if (isUrl(word)) return { kind: 'url', url: toUrl(word) };
  if (word !== '-') return { kind: 'file', name: word, path: resolve(host.cwd, word) };
  if (host.stdin.isTTY === true)
    throw new JwksError('usage', 'there is neither a file nor anything on standard input');
  return { kind: 'stdin', stream: host.stdin };
}

async function print(session: Session, linted: Linted): Promise<void> {
  const { printer, host } = session;
  await printer.result({
    usual: 'table',
    json: () => toLintJson(linted),
    texts: { sarif: () => toSarif(linted) },
    table: () => toLintTable(linted, host.stdout, printer.out),
  });
  const hidden = linted.sources.reduce((sum, one) => sum + one.hidden, 0);
  if (hidden > 0) await printer.say(`${hidden} more findings are not shown`);
}

/** Errors that were found come before files that could not be read: both are told. */
async function conclude({ printer }: Session, { sources, failures }: Linted): Promise<void> {
  const errors = sources.flatMap(({ findings }) => findings).filter(({ severity }) => severity === 'error');
  const [first, ...others] = failures;
  const said = errors.length > 0 ? failures : others;
  for (const { message } of said) await printer.say(escapeText(message), { always: true });
  failWithErrors(errors);
  if (first !== undefined) throw first;
}
