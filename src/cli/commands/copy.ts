// jwks copy: a keystore from one place to another, proved there.
import { sep } from 'node:path';
import type { Command } from 'commander';
import { JwksError, shellWord } from '../../errors.ts';
import type { CopyAccess, CopyPlan } from '../../operations/copy-keystore.ts';
import type { Access } from '../../operations/open.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeCount } from '../describe-count.ts';
import { describePath } from '../describe-path.ts';
import { printSets, sayBehind, saySets, sayUntried, whatIsReplaced } from '../restored-sets.ts';
import type { Session } from '../session.ts';
import { placeAt } from '../settings.ts';
import { escapeText } from '../terminal-text.ts';

type Place = Access['place'];

interface CopyOptions {
  readonly from?: string;
  readonly to?: string;
  readonly dryRun?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('copy')
    .summary('copy the keystore to another place, and prove it')
    .description(
      'Takes a keystore as it stands, proves every key in it with its secret, writes all of it to another place, byte for byte, reads it back and proves every key there. What is there already is left alone; stopped anywhere, it is run again. The source stays as it is, and is not to be changed any more.',
    )
    .usage('[options] --from <place> --to <place>')
    .addArgument(operands())
    .option('--from <place>', 'the directory or postgres:// URL that it is in')
    .option('--to <place>', 'where it is to be, which is made if need be')
    .option('--dry-run', 'say what would be done, and do nothing')
    .addHelpText('after', () =>
      examples(
        'jwks copy --from ./keys --to postgres://db.example/auth --dry-run',
        'jwks copy --from postgres://db.example/auth --to ./keys',
      ),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    operandsOf(command, { required: [], most: 0 });
    const options = optionsOf<CopyOptions>(command);
    const access = await accessFor(session, options);
    await session.printer.prepare();
    const { applyCopy, planCopy } = await import('../../operations/copy-keystore.ts');
    const isForced = session.options.force === true;
    const plan = await session.sayingWarnings(
      session.during('proving every key', planCopy(access, isForced)),
    );
    const { restore } = plan;
    await sayUntried(session, restore.untried);
    await sayBehind(session, restore.behind);
    if (options.dryRun === true) {
      await printSets(session, 'copied', restore.steps);
      await saySets(session, restore);
      return session.printer.say('that would be done; nothing was');
    }
    if (changesWhatIsThere(plan)) await session.printer.confirm(`copy into ${whatIsReplaced(restore)}?`);
    const { sets, proved } = await session.during('copying sets', (count) => applyCopy(plan, count));
    if (restore.isNew)
      await session.printer.say(`made a keystore   ${describePath(restore.label, session.host)}`);
    await printSets(session, 'copied', sets);
    await saySets(session, restore);
    await session.printer.say(
      `${describeCount(proved.sets, 'set')}, ${describeCount(proved.keys, 'key')} copied and proved`,
    );
    await sayNext(session, access);
  }
}

async function accessFor(session: Session, { from, to }: CopyOptions): Promise<CopyAccess> {
  if (from === undefined || from === '' || to === undefined || to === '')
    throw new JwksError('usage', 'copy wants both places: --from and --to', { hint: 'jwks copy --help' });
  if (session.options.keystore !== undefined) {
    throw new JwksError('usage', 'copy takes its places from --from and --to, and no --keystore', {
      hint: 'jwks copy --help',
    });
  }
  const places = [placeAt(session.host, from), placeAt(session.host, to)] as const;
  refuseSame(...places);
  refuseOutput(session, places);
  return { from: await session.access(places[0]), to: await session.access(places[1]) };
}

function refuseSame(from: Place, to: Place): void {
  const [one, other] = [from.id(), to.id()];
  if (one === other) throw new JwksError('usage', `--from and --to are the same place: ${from.label}`);
  if (from.directory === undefined || to.directory === undefined) return;
  if (isIn(one, other) || isIn(other, one))
    throw new JwksError('usage', 'one of --from and --to is in the other, and a keystore holds nothing else');
}

/** A result in a keystore is what no keystore holds, and could replace a document. */
function refuseOutput({ host, options: { output } }: Session, places: readonly Place[]): void {
  if (output === undefined) return;
  const file = placeAt(host, output).id();
  const ours = places.find((place) => place.directory !== undefined && isIn(file, place.id()));
  if (ours !== undefined)
    throw new JwksError('usage', `${output} is in the keystore ${ours.label}, and no place for a result`);
}

function isIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}${sep}`);
}

/** Somebody is asked only before a document is replaced that others may have read. */
function changesWhatIsThere({ restore: { steps, master, isNew } }: CopyPlan): boolean {
  if (isNew) return false;
  return master !== undefined || steps.some(({ action, isThere }) => isThere && action !== 'kept');
}

async function sayNext({ printer, host }: Session, { from, to }: CopyAccess): Promise<void> {
  await printer.say(
    `${escapeText(describePath(from.place.label, host))} is as it was: do not change it any more, since two copies that both change fork`,
  );
  await printer.suggest('next', [
    [`jwks list --keystore ${shellWord(to.place.label)}`, 'look at it'],
    [`JWKS_KEYSTORE=${shellWord(to.place.label)}`, 'set this where serve, cron and people use the keystore'],
  ]);
}
