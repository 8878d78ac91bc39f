// jwks retire: a key stops signing now, and leaves the public set after grace.
import type { Command } from 'commander';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import { addChangeOptions, type ChangeOptions, changeRequest, printChange } from '../change-options.ts';
import { toChangesResult } from '../changes.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { sayNextSteps } from '../next-steps.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

interface RetireOptions extends ChangeOptions {
  /** commander's `--no-successor`: false when it was given. */
  readonly successor: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('retire')
    .summary('stop signing with a key now')
    .description(
      'A key stops signing now, and leaves the public set when its last token is over. If it was the one that signs, a successor signs at once, which verifiers may not know yet: jwks rotate is the way without that.',
    )
    .usage('[options] <set-id> <key-id>')
    .addArgument(operands({ 'set-id': 'the set that the key is in', 'key-id': 'the key, by its kid' }))
    .option('--no-successor', 'make no key in its place');
  addChangeOptions(command).addHelpText('after', () =>
    examples('jwks retire auth k-2025', 'jwks retire auth k-2025 --no-successor'),
  );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set = '', kid = ''] = operandsOf(command, { required: ['set-id', 'key-id'], most: 2 });
    const options = optionsOf<RetireOptions>(command);
    const request = {
      set: parseSetId(set),
      kid: parseKeyId(kid),
      noSuccessor: !options.successor,
      ...changeRequest(session, options),
    };
    await session.printer.prepare();
    const { retireKey } = await import('../../operations/remove-keys.ts');
    const changed = await session.during('retiring', retireKey(await session.keystore(), request));
    await printChange(session, [changed], toChangesResult(session, [changed]));
    if (changed.outcome === 'unchanged') {
      await session.printer.say(
        `key ${session.printer.kid(kid)} of ${escapeText(set)} is retiring already; nothing was done`,
      );
    }
    await sayNextSteps(session, changed);
    await session.finish();
  }
}
