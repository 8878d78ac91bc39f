// jwks rotate: a successor that is published long before it signs; with --due whatever policy makes due.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseSetId } from '../../keystore/set-id.ts';
import { stateOf } from '../../lifecycle/key.ts';
import type { Instant } from '../../lifecycle/time.ts';
import type { Changed } from '../../operations/change-set.ts';
import type { Rotated, RotateHow } from '../../operations/rotate-sets.ts';
import { addChangeOptions, type ChangeOptions, changeRequest, printChange } from '../change-options.ts';
import { kidsWith, toChangesResult } from '../changes.ts';
import { chooseSets } from '../chosen-sets.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeInstant } from '../describe-time.ts';
import { sayNextSteps } from '../next-steps.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';
import { instantArgument } from '../time-arguments.ts';

interface RotateOptions extends ChangeOptions {
  readonly due?: boolean;
  readonly all?: boolean;
  readonly now?: boolean;
  readonly activateAt?: Instant;
  readonly cancel?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('rotate')
    .summary('publish a successor, which signs when all know it')
    .description(
      'Publishes a successor of the key that signs. It signs when every verifier knows it; the key before it leaves when its last token is over. Run again, it does nothing until then.',
    )
    .usage('[options] [set-id...]')
    .addArgument(operands({ 'set-id': 'the sets to rotate; or --due, or --all' }))
    .option('--due', 'do what policy makes due, of every set if none is named; for cron')
    .option('--all', 'all sets')
    .option('--now', 'let the successor sign at once, although verifiers may not know it')
    .option('--activate-at <time>', 'let the successor sign at a time (ISO 8601)', instantArgument)
    .option('--cancel', 'drop a successor that does not sign yet');
  addChangeOptions(command).addHelpText('after', () =>
    examples('jwks rotate --due', 'jwks rotate auth --dry-run'),
  );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [] }).map(parseSetId);
    const options = optionsOf<RotateOptions>(command);
    const how = chooseHow(options);
    const sets = chooseSets(named, {
      all: options.all,
      isAllUsual: options.due === true,
      hint: 'name sets, or use --due or --all',
    });
    await session.printer.prepare();
    const [{ rotateSets }, { fetchUrl }] = await Promise.all([
      import('../../operations/rotate-sets.ts'),
      import('../../operations/fetch-url.ts'),
    ]);
    const services = {
      keystore: await session.keystore(),
      clock: session.clock,
      fetchUrl,
      isStopped: () => session.host.shield.isPending === true,
    };
    const request = { sets, how, ...changeRequest(session, options) };
    const rotated = await session.during('rotating', rotateSets(services, request));
    await print(session, rotated, how);
    await report(session, rotated, how);
    await session.finish();
    failWith(rotated);
  }
}

function chooseHow({ due, now, activateAt, cancel }: RotateOptions): RotateHow {
  const chosen: RotateHow[] = [
    ...(due === true ? [{ kind: 'due' } as const] : []),
    ...(now === true ? [{ kind: 'now' } as const] : []),
    ...(activateAt === undefined ? [] : [{ kind: 'activate-at', at: activateAt } as const]),
    ...(cancel === true ? [{ kind: 'cancel' } as const] : []),
  ];
  if (chosen.length > 1) {
    throw new JwksError('usage', '--due, --now, --activate-at and --cancel exclude each other');
  }
  return chosen[0] ?? { kind: 'successor' };
}

async function print(session: Session, { sets, failed }: Rotated, how: RotateHow): Promise<void> {
  const ids = kidsWith(sets, how.kind === 'cancel' ? ['cancelled'] : ['published', 'activated']);
  const json =
    failed.length === 0
      ? {}
      : { failed: failed.map(({ set, error }) => ({ set, code: error.code, message: error.message })) };
  await printChange(session, sets, toChangesResult(session, sets, { ids, json }));
}

/** What to do now, and what comes next. */
async function report(session: Session, { sets, failed, isAll }: Rotated, how: RotateHow): Promise<void> {
  const { printer } = session;
  const touched = sets.filter(({ outcome }) => outcome !== 'unchanged');
  for (const changed of touched) await sayNextSteps(session, changed, { undo: how.kind !== 'due' });
  if (how.kind === 'due') {
    for (const changed of sets) await sayWaiting(session, changed, how);
    if (touched.length === 0 && failed.length === 0) await sayNext(session, isAll ? sets : undefined);
  } else {
    for (const changed of sets) if (changed.outcome === 'unchanged') await sayWaiting(session, changed, how);
  }
  // Sets that were not begun are one thing to say, however many they are.
  const stopped = failed.filter(({ error }) => error.code === 'interrupted');
  const others = failed.filter(({ error }) => error.code !== 'interrupted');
  for (const { set, error } of others.slice(1)) {
    const isNamed = error.message.includes(`"${set}"`);
    const message = isNamed ? error.message : `set "${set}": ${error.message}`;
    await printer.say(escapeText(message), { always: true });
  }
  if (stopped.length > 0) {
    await printer.say(`interrupted: ${stopped.length} sets were not begun`, { always: true });
  }
  const names = new Set(others.map(({ set }) => set));
  const done = sets.filter(({ set }) => !names.has(set));
  if (names.size > 0 && names.size + done.length > 1) {
    const rest = done.length > 0 ? 'the other sets are done; ' : '';
    const list = [...names].map((set) => escapeText(set)).join(', ');
    await printer.say(`${rest}not done, or not all of it: ${list}`, { always: true });
  }
}

/** Why a set stayed as it is; with `--due` only that a successor waits for something. */
async function sayWaiting(session: Session, { set, keys, at }: Changed, how: RotateHow): Promise<void> {
  const name = escapeText(set);
  const end = how.kind === 'due' ? '' : '; nothing was done';
  if (how.kind === 'cancel') return session.printer.say(`${name} has no successor to cancel${end}`);
  const waiting = keys.filter((key) => key.held && !('isNew' in key) && stateOf(key, at) === 'next');
  for (const { kid, activates } of waiting) {
    if (how.kind === 'due' && activates !== undefined) continue;
    const when =
      activates === undefined
        ? 'signs once rotate --due has found it everywhere that its policy says'
        : `signs from ${describeInstant(activates, at, session.host.stderr.isTerminal)}`;
    await session.printer.say(`${name} has a successor: ${session.printer.kid(kid)} ${when}${end}`);
  }
}

/** What will be due, and when, where nothing is. `undefined`: not all sets were looked at. */
async function sayNext(session: Session, sets: readonly Changed[] | undefined): Promise<void> {
  if (sets === undefined) return session.printer.say('nothing is due');
  const { nextDue } = await import('../../operations/next-due.ts');
  const next = nextDue(sets);
  const { stderr } = session.host;
  const what =
    next === undefined
      ? sets.some(({ policy }) => policy?.facts.rotateEvery !== undefined)
        ? 'nothing has a date yet'
        : 'and nothing will be: no set has a policy with a period (jwks policy SET --rotate-every 90d)'
      : `next: ${escapeText(next.set)}: ${next.kid === undefined ? '' : `${session.printer.kid(next.kid)} `}${next.what} ${describeInstant(next.at, next.now, stderr.isTerminal)}`;
  await session.printer.say(`nothing is due; ${what}`);
}

/** The exit code is that of the first failure, when all others are done. */
function failWith({ failed: [first] }: Rotated): void {
  if (first !== undefined) throw first.error;
}
