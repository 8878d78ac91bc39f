// jwks list: sets and keys with their states, and what happens next.
import type { Command } from 'commander';
import { commandLine, shellOperand } from '../../errors.ts';
import { parseSetId } from '../../keystore/set-id.ts';
import type { KeyState } from '../../lifecycle/key.ts';
import { describeDuration, type Instant } from '../../lifecycle/time.ts';
import type { ListedKey, ListedSet } from '../../operations/list-sets.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeInstant } from '../describe-time.ts';
import type { Result } from '../printer.ts';
import type { Session } from '../session.ts';
import { toListedKey, toPolicy } from '../shapes.ts';
import { canStream, collectSooner, stream } from '../stream.ts';
import { type Column, formatTable, type Paint } from '../terminal-text.ts';
import { instantArgument } from '../time-arguments.ts';

/** From so many sets on they are printed as they are read, where that can be: more than anybody wants in memory. */
const many = 4_096;

interface ListOptions {
  readonly at?: Instant;
  readonly all?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('list')
    .summary('show sets and keys, and what happens next')
    .description('Shows sets and their keys with states, and what happens to each next. Needs no secret.')
    .usage('[options] [set-id...]')
    .addArgument(operands({ 'set-id': 'only these sets (default: all)' }))
    .option('--at <time>', 'as it was or will be at a time (ISO 8601)', instantArgument)
    .option('--all', 'also keys that are retired or revoked')
    .addHelpText('after', () => examples('jwks list', 'jwks list auth --format json'));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [] }).map(parseSetId);
    const options = optionsOf<ListOptions>(command);
    await session.printer.prepare();
    const { listInPortions, listSets } = await import('../../operations/list-sets.ts');
    const request = { at: options.at, tombstones: options.all };
    const reader = await session.reader();
    const toText = (sets: readonly ListedSet[]) => toResult(session, sets, options.at !== undefined);
    const isAll = named.length === 0 && canStream(session);
    if (isAll) collectSooner();
    const names = isAll ? await reader.names() : [];
    if (names.length > many) {
      await stream(session, listInPortions(reader, names, session.clock(), request), toText);
      return session.finish();
    }
    const sets = await listSets(reader, session.clock(), {
      ...request,
      sets: named.length === 0 ? 'all' : named,
    });
    await session.printer.result(toText(sets));
    if (sets.length === 0) await session.printer.say('there are no sets yet; jwks create SET makes one');
    await session.finish();
  }
}

/** `isOther`: a time that was asked for, when there may have been no key yet. */
function toResult(session: Session, sets: readonly ListedSet[], isOther: boolean): Result {
  return {
    usual: 'table',
    json: () => ({
      sets: sets.map(({ manifest, keys }) => ({
        set: manifest.set,
        revision: manifest.revision,
        policy: toPolicy(manifest) ?? null,
        keys: keys.map(({ key, state }) => toListedKey(key, state)),
      })),
    }),
    ids: sets.map(({ manifest }) => manifest.set),
    table: () => {
      const rows = sets.flatMap(({ manifest, keys, at }) =>
        keys.length === 0 && !isOther
          ? [[manifest.set, '', '', '', '', `no key: ${commandLine('create', manifest.set)}`]]
          : keys.map((listed) => [
              manifest.set,
              listed.key.kid,
              listed.key.alg,
              listed.key.use,
              listed.state,
              describeNext(listed, manifest.set, at, session.host.stdout.isTerminal),
            ]),
      );
      return formatTable(columns, rows, session.host.stdout, paintState(session));
    },
  };
}

const columns: readonly Column[] = [
  { title: 'SET ID', shrinks: 'last' },
  { title: 'KEY ID', shrinks: 'first' },
  { title: 'ALGORITHM' },
  { title: 'USE' },
  { title: 'STATE' },
  { title: 'WHAT HAPPENS NEXT' },
];

/** STATE in the tables of `list` and `get`. */
const stateColumn = 4;

/** Colours a state; the word says the same. */
export function paintState(session: Session): Paint {
  const { out } = session.printer;
  const paints: Readonly<Record<KeyState, (text: string) => string>> = {
    next: out.cyan,
    active: out.green,
    retiring: out.yellow,
    retired: out.dim,
    revoked: out.red,
  };
  // Only in its own column: what stands in the others are other people's names.
  return (text, column) =>
    column === stateColumn && text.trim() !== '' ? paints[text.trim() as KeyState](text) : text;
}

function describeNext(listed: ListedKey, set: string, now: Instant, isTerminal: boolean): string {
  const { key, state, isSigner, next, overdueSince, successorDue } = listed;
  const work = key.use === 'enc' ? 'encrypts' : isSigner ? 'signs' : 'does not sign';
  const on = (at: Instant) => describeInstant(at, now, isTerminal);
  if (overdueSince !== undefined && next.change !== 'deactivates')
    return `OVERDUE ${describeDuration(now - overdueSince)}: ${listed.hasSuccessor ? 'its successor waits' : `jwks rotate ${shellOperand(set)}`}`;
  if (!key.held && (state === 'next' || state === 'active')) return 'published only: no private half';
  switch (next.change) {
    case 'activates':
      return `${key.use === 'enc' ? 'encrypts' : 'signs'} from ${on(next.at)}`;
    case 'deactivates':
      return isSigner ? `${work} until ${on(next.at)}` : `ends ${on(next.at)}`;
    case 'retires':
      return `leaves ${on(next.at)}`;
    case 'waits':
      return listed.waitsToBeSeen ? 'waits to be seen where its policy says' : 'rotate --due gives it a date';
    case 'stays':
      if (successorDue !== undefined && successorDue <= now) return `${work}; a successor is due`;
      if (successorDue !== undefined)
        return `${work}; successor due ${isTerminal ? `in ${describeDuration(successorDue - now)}` : on(successorDue)}`;
      return state === 'active' ? work : 'stays';
    case 'gone':
      return state === 'revoked' ? `revoked: ${key.revoked?.reason ?? ''}` : 'gone; its name stays taken';
  }
}
