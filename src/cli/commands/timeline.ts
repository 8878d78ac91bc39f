// jwks timeline: the keys of sets over time, as a picture.
import { type Command, Option } from 'commander';
import { parseSetId } from '../../keystore/set-id.ts';
import type { Instant } from '../../lifecycle/time.ts';
import type { Terminal } from '../../timeline/to-text.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import type { Host } from '../host.ts';
import type { Session } from '../session.ts';
import { escapeText, paletteFor } from '../terminal-text.ts';
import { instantArgument } from '../time-arguments.ts';

interface TimelineOptions {
  readonly from?: Instant;
  readonly to?: Instant;
  readonly at?: Instant;
  readonly as: 'text' | 'svg' | 'html';
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('timeline')
    .summary('draw the keys over time')
    .description('Draws the keys of sets over time, and what policy plans. Needs no secret; writes nothing.')
    .usage('[options] [set-id...]')
    .addArgument(operands({ 'set-id': 'only these sets (default: all)' }))
    .option('--from <time>', 'where the picture begins (ISO 8601)', instantArgument)
    .option('--to <time>', 'where it ends (ISO 8601)', instantArgument)
    .option('--at <time>', 'the sets as they were or will be at a time (ISO 8601)', instantArgument)
    .addOption(
      new Option('--as <form>', 'text, svg or html').choices(['text', 'svg', 'html']).default('text'),
    )
    .addHelpText('after', () => examples('jwks timeline auth', 'jwks timeline --as html -o keys.html'));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [] }).map(parseSetId);
    const options = optionsOf<TimelineOptions>(command);
    await session.printer.prepare({ hasFormats: false });
    const { readTimeline } = await import('../../operations/read-timeline.ts');
    const request = { sets: named.length === 0 ? ('all' as const) : named, at: options.at };
    const sets = await readTimeline(await session.reader(), session.clock(), request);
    const { toTimeline } = await import('../../timeline/timeline.ts');
    await session.printer.text(await draw(toTimeline(sets, options), options.as, session));
    if (sets.length === 0) await session.printer.say('there are no sets yet; jwks create SET makes one');
    await session.finish();
  }
}

async function draw(
  timeline: ReturnType<typeof import('../../timeline/timeline.ts').toTimeline>,
  form: TimelineOptions['as'],
  session: Session,
): Promise<string> {
  switch (form) {
    case 'svg':
      return (await import('../../timeline/to-svg.ts')).toSvg(timeline);
    case 'html':
      return (await import('../../timeline/to-html.ts')).toHtml(timeline);
    case 'text':
      return (await import('../../timeline/to-text.ts')).toText(timeline, await terminalOf(session));
  }
}

/** A file, or whatever stands behind a pipe, gets the picture that a terminal of 80 columns would. */
async function terminalOf({ host, printer, options }: Session): Promise<Terminal> {
  const isFile = options.output !== undefined;
  const columns = host.stdout.isTerminal && !isFile ? host.stdout.columns : 80;
  const paint = isFile ? await paletteFor(host.stdout, host.env, true) : printer.out;
  return { columns, isUnicode: hasUnicode(host.env), paint, escape: escapeText };
}

/**
 * Whether text in UTF-8 is understood, as POSIX tells it: by the first of these variables that is set. None of them
 * is the locale C, which is ASCII. The Linux console has no glyphs to draw with, whatever the locale.
 */
function hasUnicode(env: Host['env']): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find((value) => (value ?? '') !== '') ?? '';
  return /utf-?8/i.test(locale) && env['TERM'] !== 'dumb' && env['TERM'] !== 'linux';
}
