// jwks history: who did what, when and why.
import type { Command } from 'commander';
import { parseSetId } from '../../keystore/set-id.ts';
import { formatInstant } from '../../lifecycle/time.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../terminal-text.ts';

export function register(program: Command, open: Open): void {
  const command = program
    .command('history')
    .summary('show who did what to a set, when and why')
    .description(
      'Shows what was done to a set, or to all sets, also deleted ones: when, by whom (as they said), and why. Needs no secret.',
    )
    .usage('[options] [set-id]')
    .addArgument(operands({ 'set-id': 'only this set (default: all, also deleted ones)' }))
    .option('--since <id>', 'only what came after the event with this id')
    .addHelpText('after', () => examples('jwks history auth', 'jwks history auth --since 1.1 --format json'));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set] = operandsOf(command, { required: [], most: 1 }).map(parseSetId);
    const { since } = optionsOf<{ readonly since?: string }>(command);
    await session.printer.prepare();
    const { readHistory } = await import('../../operations/read-history.ts');
    const events = await readHistory(await session.reader(), { set, since });
    await session.printer.result({
      usual: 'table',
      json: () => ({
        events: events.map(({ id, at, event, set: name, kid, by, note }) => ({
          id,
          at: formatInstant(at),
          event,
          set: name,
          kid: kid ?? null,
          by,
          note: note ?? null,
        })),
      }),
      table: () =>
        formatTable(
          [
            { title: 'SET ID', shrinks: 'last' },
            { title: 'KEY ID', shrinks: 'first' },
            { title: 'EVENT' },
            { title: 'WHEN' },
            { title: 'BY' },
            { title: 'ID' },
            { title: 'NOTE' },
          ],
          events.map(({ id, at, event, set: name, kid, by, note }) => [
            name,
            kid ?? '',
            event,
            formatInstant(at),
            by,
            id,
            note ?? '',
          ]),
          session.host.stdout,
        ),
    });
    await session.finish();
  }
}
