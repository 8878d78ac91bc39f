// jwks check: for monitoring, what is overdue, missing, too old, or published otherwise.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseSetId } from '../../keystore/set-id.ts';
import { formatInstant, type Instant, type Seconds } from '../../lifecycle/time.ts';
import type { Checked } from '../../operations/check-sets.ts';
import { toNagios, toPrometheus } from '../check-formats.ts';
import { examples, exitCodes, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeCount } from '../describe-count.ts';
import { findingOut } from '../finding-out.ts';
import { failWithErrors, toFindingsTable, toFindingsValue } from '../findings.ts';
import type { Result } from '../printer.ts';
import type { Session } from '../session.ts';
import { durationArgument, instantArgument } from '../time-arguments.ts';

interface CheckOptions {
  readonly url?: string[];
  readonly maxAge?: Seconds;
  readonly at?: Instant;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('check')
    .summary('find what is overdue or published otherwise')
    .description(
      'For monitoring: tells what is overdue, missing or too old, and with --url whether an endpoint publishes what it should. Needs no secret. --format may also be prometheus or nagios.',
    )
    .usage('[options] [set-id...]')
    .addArgument(operands({ 'set-id': 'only these sets (default: all)' }))
    .option('--url <url...>', 'where the sets are published; several may follow')
    .option('--max-age <span>', 'a key that has signed longer is too old', durationArgument)
    .option('--at <time>', 'as it was or will be at a time (ISO 8601)', instantArgument)
    .addHelpText('after', () =>
      examples(
        'jwks check --format nagios',
        'jwks check auth --url https://auth.example.com/.well-known/jwks.json',
      ),
    )
    .addHelpText('after', () =>
      exitCodes({
        0: 'nothing of weight was found',
        1: 'an error was found',
        7: 'it could not be found out: the keystore cannot be read, or a URL does not answer',
      }),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [] }).map(parseSetId);
    const options = optionsOf<CheckOptions>(command);
    await session.printer.prepare({ texts: Object.keys(texts) });
    const [{ checkSets }, { fetchUrl, parseFetchUrl }] = await Promise.all([
      import('../../operations/check-sets.ts'),
      import('../../operations/fetch-url.ts'),
    ]);
    const urls = (options.url ?? []).map((url) => parseFetchUrl(url).href);
    if (urls.length > 0 && options.at !== undefined)
      throw new JwksError('usage', '--url shows what is published now, and --at another time');
    const sets = named.length === 0 ? ('all' as const) : named;
    const request = { sets, urls, maxAge: options.maxAge, at: options.at };
    const reader = await findingOut(session.reader());
    const checking = checkSets(reader, session.clock(), fetchUrl, request);
    const checked = await session.during('checking', findingOut(checking));
    await session.printer.result(toResult(session, checked));
    await session.finish();
    if (checked.ok) return;
    if (checked.isUnknown)
      throw new JwksError(
        'unreachable',
        checked.findings.find(({ severity }) => severity === 'error')?.message ?? '',
      );
    failWithErrors(checked.findings);
  }
}

const texts = { prometheus: toPrometheus, nagios: toNagios } as const;

function toResult(session: Session, checked: Checked): Result {
  return {
    usual: 'table',
    json: () => toFindingsValue(checked),
    texts: Object.fromEntries(Object.entries(texts).map(([name, toText]) => [name, () => toText(checked)])),
    table: () => {
      const good = `${describeCount(checked.figures.length, 'set')} at ${formatInstant(checked.at)}`;
      return toFindingsTable(session, checked, good);
    },
  };
}
