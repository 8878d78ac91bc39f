// jwks restore: brings a keystore, or sets of it, back from a backup.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseSetId, type SetId } from '../../keystore/set-id.ts';
import type { RestoreRequest } from '../../operations/check-backup.ts';
import type { Access } from '../../operations/open.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describePath } from '../describe-path.ts';
import { printSets, sayBehind, saySets, sayUntried, whatIsReplaced } from '../restored-sets.ts';
import type { Session } from '../session.ts';
import { placeAt } from '../settings.ts';
import { formatTable } from '../terminal-text.ts';

interface RestoreOptions {
  readonly dryRun?: boolean;
  readonly verifyOnly?: boolean;
  readonly into?: string;
  readonly recipientKey?: string;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('restore')
    .summary('bring a keystore or sets back from a backup')
    .description(
      'Opens a backup with a secret of its keystore, proves every key in it, and writes what is missing; makes the keystore where there is none. Never overwrites: with --force the higher revision of each set is kept, and what is retired or revoked in either stays so. What is older than this host has seen wants --accept-rollback.',
    )
    .usage('[options] <file> [set-id...]')
    .addArgument(
      operands({ file: 'the backup; - is standard input', 'set-id': 'only these sets of it (default: all)' }),
    )
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--verify-only', 'prove the backup, and write nothing')
    .option('--into <place>', 'into this keystore, which is made if need be')
    .option('--recipient-key <file>', 'the private key of the recipient that it is sealed to (JWK or PEM)')
    .addHelpText('after', () =>
      examples('jwks restore backup.json --verify-only', 'jwks restore backup.json auth --into ./restored'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [file = '', ...named] = operandsOf(command, { required: ['file'] });
    const options = optionsOf<RestoreOptions>(command);
    const sets = [...new Set(named.map(parseSetId))];
    if (options.dryRun === true && options.verifyOnly === true)
      throw new JwksError(
        'usage',
        '--verify-only looks at the backup alone, and --dry-run at the keystore too',
      );
    await session.printer.prepare();
    const access = await accessFor(session, options);
    const request = await readRequest(session, file, sets, options);
    if (options.verifyOnly === true) return verify(session, access, request);
    const [{ planRestore }, { applyRestore }] = await Promise.all([
      import('../../operations/plan-restore.ts'),
      import('../../operations/apply-restore.ts'),
    ]);
    const plan = await planRestore(access, request);
    await sayIdentity(session, plan);
    await sayUntried(session, plan.untried);
    await sayBehind(session, plan.behind);
    if (options.dryRun === true) {
      await printSets(session, 'restored', plan.steps);
      await saySets(session, plan);
      return session.printer.say('that would be done; nothing was');
    }
    if (request.force && plan.keystore !== undefined)
      await session.printer.confirm(`restore into ${whatIsReplaced(plan)}?`);
    const restored = await session.during('restoring sets', (count) => applyRestore(access, plan, count));
    if (plan.isNew) {
      const what = plan.isAdopted ? 'put back the master document of' : 'made a keystore  ';
      await session.printer.say(`${what} ${describePath(plan.label, session.host)}`);
    }
    await printSets(session, 'restored', restored);
    await saySets(session, plan);
  }
}

async function accessFor(session: Session, { into }: RestoreOptions): Promise<Access> {
  if (into === '') throw new JwksError('usage', 'the name of the place is empty');
  return session.access(into === undefined ? undefined : placeAt(session.host, into));
}

async function readRequest(
  session: Session,
  file: string,
  sets: readonly SetId[],
  { recipientKey }: RestoreOptions,
): Promise<RestoreRequest> {
  const [{ readBackup, mostFileBytes }, { readBytes }, { readInput }] = await Promise.all([
    import('../../operations/open-backup.ts'),
    import('../read-bytes.ts'),
    import('../input.ts'),
  ]);
  const source = file === '-' ? 'standard input' : file;
  const backup = await readBackup(await readBytes(session, file, mostFileBytes), source, async () =>
    recipientKey === undefined
      ? undefined
      : { text: await readInput(session, recipientKey), source: recipientKey },
  );
  return { backup, source, sets, force: session.options.force === true };
}

async function verify(session: Session, access: Access, request: RestoreRequest): Promise<void> {
  const { checkBackup } = await import('../../operations/check-backup.ts');
  const checked = await session.during('proving every key', checkBackup(access, request));
  await sayIdentity(session, checked);
  await sayUntried(session, checked.untried);
  await sayBehind(session, checked.behind);
  const rows = checked.sets.map(({ manifest: { set, revision }, keys }) => ({
    set,
    revision,
    keys,
  }));
  await session.printer.result({
    usual: 'table',
    json: () => ({ verified: rows }),
    table: () =>
      formatTable(
        [{ title: 'SET ID', shrinks: 'last' }, { title: 'REVISION' }, { title: 'PRIVATE KEYS' }],
        rows.map(({ set, revision, keys }) => [set, String(revision), String(keys)]),
        session.host.stdout,
      ),
  });
  await session.printer.say('the secret opens it, and every document and key is good; nothing was written');
}

async function sayIdentity(
  { printer }: Session,
  { identity, isPinned }: { readonly identity: string; readonly isPinned: boolean },
): Promise<void> {
  if (!isPinned)
    await printer.say(`its keystore has the fingerprint ${identity}: compare it with your own note of it`);
}
