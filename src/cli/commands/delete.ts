// jwks delete: takes a set or a key away for good.
import type { Command } from 'commander';
import type { Keystore } from '../../keystore/keystore.ts';
import { parseKeyId, parseSetId, type SetId } from '../../keystore/set-id.ts';
import type { Changed } from '../../operations/change-set.ts';
import { addChangeOptions, type ChangeOptions, inTurn, printChange } from '../change-options.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { sayNextSteps } from '../next-steps.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

interface DeleteOptions extends ChangeOptions {
  readonly kid?: string;
  readonly ignoreMissing?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('delete')
    .summary('take a set or a key away for good')
    .description(
      'Takes sets, or one key of them, away for good. Asks first. Names stay taken: a kid is never used again.',
    )
    .usage('[options] <set-id...>')
    .addArgument(operands({ 'set-id': 'the sets to delete, or to delete a key of' }))
    .option(
      '--kid <kid>',
      'only this key; if it is the one that signs, a successor signs at once',
      parseKeyId,
    )
    .option('--ignore-missing', 'what does not exist is no error');
  addChangeOptions(command).addHelpText('after', () =>
    examples('jwks delete auth', 'jwks delete auth --kid k-2025 --yes'),
  );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const operands = operandsOf(command, { required: ['set-id'] });
    const options = optionsOf<DeleteOptions>(command);
    const sets = [...new Set(operands.map(parseSetId))];
    const { kid } = options;
    await session.printer.prepare();
    const { findDoomed } = await import('../../operations/remove-keys.ts');
    const keystore = await session.keystore();
    const doomed = await findDoomed(keystore.reader, session.clock(), {
      sets,
      kid,
      ignoreMissing: options.ignoreMissing,
    });
    if (doomed.length > 0 && options.dryRun !== true) await session.printer.confirm(question(doomed, kid));
    const changed = await remove(
      session,
      keystore,
      doomed.map(({ set }) => set),
      kid,
      options,
    );
    const ids = changed.map(({ set }) => kid ?? set);
    await printChange(session, changed, {
      usual: 'table',
      json: () => (ids.length === 1 ? ids[0] : ids),
      table: () => ids.map((id) => `${escapeText(id)}\n`).join(''),
      ids,
    });
    for (const one of changed) await sayRest(session, one, kid);
    await session.finish();
  }
}

function question(
  doomed: readonly { readonly set: SetId; readonly signs: boolean; readonly keys: number }[],
  kid: string | undefined,
): string {
  const sets = doomed.map(({ set }) => escapeText(set)).join(', ');
  const signing = doomed.some(({ signs }) => signs);
  if (kid !== undefined) {
    const cost = signing
      ? ', which signs now: a new key would sign at once, and verifiers may not know it'
      : '';
    return `delete key ${escapeText(kid)} of ${sets}${cost}?`;
  }
  const keys = doomed.reduce((sum, one) => sum + one.keys, 0);
  const what = keys === 1 ? 'its key' : `${keys} keys`;
  return `delete ${sets} with ${what}? What was signed with ${keys === 1 ? 'it' : 'them'} can then be verified by nobody.`;
}

async function remove(
  session: Session,
  keystore: Keystore,
  sets: readonly SetId[],
  kid: string | undefined,
  options: DeleteOptions,
): Promise<Changed[]> {
  const { deleteKey, deleteSet } = await import('../../operations/remove-keys.ts');
  return inTurn(session, sets, options, (set, request) =>
    kid === undefined
      ? deleteSet(keystore, { set, ...request })
      : deleteKey(keystore, { set, kid, ...request }),
  );
}

async function sayRest(session: Session, changed: Changed, kid: string | undefined): Promise<void> {
  const name = escapeText(changed.set);
  if (changed.outcome === 'planned')
    return session.printer.say(`${name}: that would be deleted; nothing was`);
  if (kid !== undefined) return sayNextSteps(session, changed);
  await session.printer.say(`${name} is deleted; what is published of it elsewhere is yours to take away`);
}
