// jwks restore: brings a keystore, or sets of it, back from a backup.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseSetId, type SetId } from '../../keystore/set-id.ts';
import type { Access } from '../../operations/open.ts';
import type { RestorePlan, RestoreRequest } from '../../operations/plan-restore.ts';
import { examples, type Open, operandsOf, optionsOf } from '../command.ts';
import { homedirOf } from '../describe-path.ts';
import type { Session } from '../session.ts';
import { placeAt } from '../settings.ts';
import { escapeText, formatTable } from '../terminal-text.ts';

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
      'Opens a backup with a secret of its keystore, proves every key in it, and writes what is missing; makes the keystore where there is none. Never overwrites: with --force the higher revision of each set is kept, and what is retired or revoked in either stays so.',
    )
    .usage('[options] <file> [set-id...]')
    .argument('[operands...]')
    .option('--dry-run', 'say what would be done, and do nothing')
    .option('--verify-only', 'prove the backup, and write nothing')
    .option('--into <place>', 'into this keystore, which is made if need be')
    .option('--recipient-key <file>', 'the private key of the recipient that it is sealed to (JWK or PEM)')
    .addHelpText('after', () =>
      examples('jwks restore backup.json --verify-only', 'jwks restore backup.json auth --into ./restored'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [file = '', ...named] = operandsOf(command, { required: ['file'], most: Number.POSITIVE_INFINITY });
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
    if (options.dryRun === true) {
      await print(session, plan.steps);
      await sayLacking(session, plan);
      return session.printer.say('that would be done; nothing was');
    }
    if (request.force && plan.keystore !== undefined) await session.printer.confirm(question(plan));
    const restored = await session.during('restoring sets', (count) => applyRestore(access, plan, count));
    if (plan.master !== undefined)
      await session.printer.say(`made a keystore   ${homedirOf(session.host)(plan.label)}`);
    await print(session, restored);
    await sayLacking(session, plan);
  }
}

async function accessFor(session: Session, { into }: RestoreOptions): Promise<Access> {
  if (into === '') throw new JwksError('usage', 'the name of the place is empty');
  const access = await session.access();
  return into === undefined ? access : { ...access, place: placeAt(session.host, into), isDefault: false };
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
  const { checkBackup } = await import('../../operations/plan-restore.ts');
  const checked = await session.during('proving every key', checkBackup(access, request));
  await sayIdentity(session, checked);
  await sayUntried(session, checked.untried);
  const rows = checked.sets.map(({ manifest: { set, revision }, privateKeys }) => ({
    set,
    revision,
    keys: privateKeys.length,
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

async function print(
  session: Session,
  sets: readonly { readonly set: SetId; readonly revision: number; readonly action: string }[],
): Promise<void> {
  const rows = sets.map(({ set, revision, action }) => ({ set, revision, action }));
  await session.printer.result({
    usual: 'table',
    json: () => ({ restored: rows }),
    table: () =>
      formatTable(
        [{ title: 'SET ID', shrinks: 'last' }, { title: 'REVISION' }, { title: 'ACTION' }],
        rows.map(({ set, revision, action }) => [set, String(revision), action]),
        session.host.stdout,
      ),
  });
}

function question({ steps, label }: RestorePlan): string {
  const there = steps.filter(({ isThere, isSame }) => isThere && !isSame);
  const written = there.filter(({ action }) => action === 'written').map(({ set }) => `"${escapeText(set)}"`);
  const merged = there.filter(({ action }) => action === 'merged').map(({ set }) => `"${escapeText(set)}"`);
  const parts = [
    ...(written.length > 0 ? [`replace ${written.join(', ')} by newer revisions`] : []),
    ...(merged.length > 0
      ? [`take out of ${merged.join(', ')} what is retired or revoked in the backup`]
      : []),
  ];
  const what = parts.length > 0 ? `, and ${parts.join(', and ')}` : '';
  return `restore into the keystore at ${escapeText(label)}${what}?`;
}

async function sayIdentity(
  { printer }: Session,
  { identity, isPinned }: { readonly identity: string; readonly isPinned: boolean },
): Promise<void> {
  if (!isPinned)
    await printer.say(`its keystore has the fingerprint ${identity}: compare it with your own note of it`);
}

async function sayUntried({ printer }: Session, kids: readonly string[]): Promise<void> {
  if (kids.length > 0)
    await printer.say(`not tried, since this Node cannot: ${kids.map((kid) => escapeText(kid)).join(', ')}`, {
      always: true,
    });
}

async function sayLacking({ printer }: Session, { steps }: RestorePlan): Promise<void> {
  for (const { set, lacking } of steps) {
    if (lacking.length === 0) continue;
    const kids = lacking.map((kid) => escapeText(kid)).join(', ');
    await printer.say(`${escapeText(set)}: the backup has keys that are not taken in: ${kids}`, {
      always: true,
    });
  }
}
