// jwks backup: the whole keystore in one file, sealed as it stands.
import type { Command } from 'commander';
import type { MadeBackup } from '../../operations/make-backup.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeCount } from '../describe-count.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

interface BackupOptions {
  readonly recipient?: string;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('backup')
    .summary('write the whole keystore into one file')
    .description(
      'Writes all documents of the keystore, as they stand together, into one new file. Private keys stay sealed in it: it needs no secret to be made, and a secret of the keystore to be restored.',
    )
    .usage('[options] <file>')
    .addArgument(operands({ file: 'where to write it; - is standard output' }))
    .option('--recipient <file>', 'seal the file to this public key too (JWK or PEM)')
    .addHelpText('after', () =>
      examples('jwks backup /mnt/safe/jwks-backup.json', 'jwks backup b.json --recipient escrow.pub.pem'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [file = ''] = operandsOf(command, { required: ['file'], most: 1 });
    const { recipient } = optionsOf<BackupOptions>(command);
    session.printer.prepareSealed(file);
    const [{ makeBackup }, { readInput }] = await Promise.all([
      import('../../operations/make-backup.ts'),
      import('../input.ts'),
    ]);
    const key =
      recipient === undefined ? undefined : { text: await readInput(session, recipient), source: recipient };
    const reader = await session.trustedReader(false);
    const made = await session.during('reading the keystore', makeBackup(reader, session.clock(), key));
    await session.printer.text(made.bytes);
    await report(session, made, file);
    await session.finish();
  }
}

async function report({ printer }: Session, made: MadeBackup, file: string): Promise<void> {
  const { sets, keys, slots, recipient } = made;
  const where = file === '-' ? 'standard output' : escapeText(file);
  await printer.say(
    `backed up ${describeCount(sets, 'set')} with ${describeCount(keys, 'private key')} to ${where}`,
  );
  const labels = slots.map(({ label, kind }) => `"${escapeText(label)}" (${kind})`).join(', ');
  await printer.say(`it opens with a secret of this keystore: ${labels}`);
  if (recipient !== undefined)
    await printer.say(`and only together with the private key of the recipient ${recipient}`);
  await printer.say('keep it on another machine, and the secret somewhere else again');
}
