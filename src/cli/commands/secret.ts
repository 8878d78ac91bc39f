// jwks secret: what unlocks keystores.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { formatInstant } from '../../lifecycle/time.ts';
import type { SlotEntry } from '../../operations/secrets.ts';
import { examples, type Open, operandsOf, optionsOf } from '../command.ts';
import { homedirOf } from '../describe-path.ts';
import type { Session } from '../session.ts';
import { escapeText, formatTable } from '../terminal-text.ts';

interface AddOptions {
  readonly label?: string;
  readonly newSecretFile?: string;
  readonly recipient?: string;
  readonly passphrase?: boolean;
}

export function register(program: Command, open: Open): void {
  const secret = program
    .command('secret')
    .summary('make, show and change what unlocks keystores')
    .description('What unlocks a keystore: generated secrets, passphrases, and private keys of recipients.')
    .usage('<command> [options]')
    .addHelpText('after', () => examples('jwks secret list', 'jwks secret add --recipient recovery.pub.pem'));
  const add = (
    name: string,
    usage: string,
    summary: string,
    description: string,
    sample: readonly string[],
  ) =>
    secret
      .command(name)
      .summary(summary)
      .description(description)
      .usage(usage)
      .argument('[operands...]')
      .addHelpText('after', () => examples(...(sample as [string, ...string[]])));

  const generate = add(
    'generate',
    '[options]',
    'print a new secret',
    'Prints a new secret of 256 random bits. It unlocks nothing until a keystore is made with it, or sealed to it.',
    ['jwks secret generate -o ./secret', 'JWKS_SECRET_FILE=./secret jwks init --keystore ./keys'],
  );
  generate.action(() => open(generate, (session) => runGenerate(session, generate)));

  const list = add(
    'list',
    '[options]',
    'show what unlocks the keystore',
    'Shows the secrets of a keystore with their labels and dates. Needs no secret.',
    ['jwks secret list', 'jwks secret list --format json'],
  );
  list.action(() => open(list, (session) => runList(session, list)));

  const addition = add(
    'add',
    '[options]',
    'let one more secret unlock it',
    'Seals the keystore to one more secret; the others stay as they are. A public key of a recipient is for one that is kept elsewhere, such as for recovery.',
    [
      'jwks secret add --recipient recovery.pub.pem --label recovery',
      'jwks secret add --new-secret-file /root/ci-secret',
    ],
  )
    .option('--label <label>', 'how it is called')
    .option('--new-secret-file <file>', 'the secret in a file, which is made if it is missing')
    .option('--recipient <file>', 'a public key, JWK or PEM')
    .option('--passphrase', 'ask for a passphrase, twice');
  addition.action(() => open(addition, (session) => runAdd(session, addition)));

  const change = add(
    'change',
    '[options]',
    'put a new secret in place of the one in use',
    'Makes a new secret, keeps it in the file of the old one (or the one that is named), and only then takes the old one away. Interrupted, it is ended by running it again.',
    ['jwks secret change', 'jwks secret change --new-secret-file ./secret'],
  )
    .option('--new-secret-file <file>', 'where the new one is kept')
    .option('--passphrase', 'ask for a passphrase, twice, and keep it nowhere');
  change.action(() => open(change, (session) => runChange(session, change)));

  const remove = add(
    'remove',
    '[options] <label>',
    'let a secret unlock it no longer',
    'Takes a secret away by its label. The last one cannot be removed.',
    ['jwks secret remove ci', 'jwks secret remove ci --yes'],
  );
  remove.action(() => open(remove, (session) => runRemove(session, remove)));
}

async function runGenerate(session: Session, command: Command): Promise<void> {
  operandsOf(command, { required: [], most: 0 });
  session.printer.prepareSecret();
  const { generateSecretText } = await import('../../keystore/secret.ts');
  await session.printer.text(`${generateSecretText()}\n`);
  await session.printer.say('keep it secret, and a copy of it somewhere else');
}

async function runList(session: Session, command: Command): Promise<void> {
  operandsOf(command, { required: [], most: 0 });
  await session.printer.prepare();
  const { listSecrets } = await import('../../operations/secrets.ts');
  const entries = listSecrets(await session.reader());
  await print(session, entries, () => ({ secrets: entries.map(toShape) }));
  await session.finish();
}

async function runAdd(session: Session, command: Command): Promise<void> {
  operandsOf(command, { required: [], most: 0 });
  const options = optionsOf<AddOptions>(command);
  const { newSecretFile: path, recipient, passphrase } = options;
  if ([path, recipient, passphrase].filter((given) => given !== undefined).length !== 1) {
    throw new JwksError('usage', 'name one of --new-secret-file, --recipient and --passphrase');
  }
  await session.printer.prepare();
  const keystore = await session.keystore();
  const { addSecret, refuseLabel } = await import('../../operations/secrets.ts');
  const { addSecretFile, readRecipient, toSlotKey } = await import('../../operations/new-secrets.ts');
  const { label } = options;
  // Before a file is made or a person asked.
  refuseLabel(keystore.reader.master.slots, label);
  const at = (name: string) => resolve(session.host.cwd, name);
  const toKey = async () =>
    recipient === undefined
      ? toSlotKey(await session.askNewPassphrase())
      : { kind: 'recipient' as const, ...readRecipient(at(recipient)) };
  const adding: Promise<SlotEntry & { readonly isMade?: boolean }> =
    path === undefined
      ? addSecret(keystore, { key: await toKey(), label })
      : addSecretFile(keystore, { path: at(path), label, checks: session.sources() });
  const { isMade, ...entry } = await session.during('sealing the keystore to it', adding);
  if (isMade === true)
    await session.printer.say(
      `made the secret   ${homedirOf(session.host)(path ?? '')}    keep a copy somewhere else`,
    );
  await print(session, [entry], () => toShape(entry));
  if (recipient !== undefined) await sayFingerprint(session, keystore.reader.fingerprint);
  await session.finish();
}

function sayFingerprint(session: Session, fingerprint: string): Promise<void> {
  return session.printer.say(
    `keep the keystore's fingerprint with the private key, which opens it only together with that: ${fingerprint}`,
  );
}

async function runChange(session: Session, command: Command): Promise<void> {
  operandsOf(command, { required: [], most: 0 });
  const { newSecretFile, passphrase } = optionsOf<AddOptions>(command);
  if (newSecretFile !== undefined && passphrase === true)
    throw new JwksError('usage', 'a passphrase is kept in no file: leave one of the two options out');
  await session.printer.prepare();
  const keystore = await session.keystore();
  const access = await session.access();
  const { inFile } = await import('../../operations/new-secrets.ts');
  const { generateSecretText } = await import('../../keystore/secret.ts');
  const { openWith } = await import('../../operations/open.ts');
  const { changeSecret } = await import('../../operations/change-secret.ts');
  if (newSecretFile !== undefined) await refuseOther(session, resolve(session.host.cwd, newSecretFile));
  const asked = passphrase === true ? await session.askNewPassphrase() : undefined;
  const path =
    asked === undefined ? resolve(session.host.cwd, newSecretFile ?? (await fileInUse(session))) : undefined;
  const { entry, isResumed } = await session.during(
    'changing the secret',
    changeSecret(keystore, {
      text: asked?.text ?? generateSecretText(),
      source: path ?? 'what was typed',
      keeping: path === undefined ? undefined : inFile(path, session.sources()),
      open: (secret) => openWith(access, secret),
    }),
  );
  if (isResumed)
    await session.printer.say('a change that was interrupted is ended; the secret in use is the new one');
  const kept = path === undefined ? 'the passphrase' : homedirOf(session.host)(path);
  await session.printer.say(
    `${kept} unlocks the keystore now, and the secret from before does not; keep a copy of it somewhere else`,
  );
  await session.printer.say(undone);
  await print(session, [entry], () => toShape(entry));
  await session.finish();
}

/** What stands in another file is not ours to replace: it may be the secret of another keystore. */
async function refuseOther(session: Session, path: string): Promise<void> {
  const found = await (await session.access()).findSecret();
  if (!existsSync(path) || found?.source === path) return;
  throw new JwksError(
    'conflict',
    `${homedirOf(session.host)(path)} is there already, and not the secret in use`,
    {
      hint: 'name a file that is not there; or after an interrupted change, run it again with --secret-file in place of --new-secret-file',
    },
  );
}

/** The file that the secret in use came from. */
async function fileInUse(session: Session): Promise<string> {
  const found = await (await session.access()).findSecret();
  if (found !== undefined && found.source !== 'standard input' && existsSync(found.source))
    return found.source;
  throw new JwksError(
    'usage',
    `the secret comes from ${found?.source ?? 'what was typed'}, where nothing can be kept`,
    {
      hint: 'name a file with --new-secret-file, or --passphrase',
    },
  );
}

const undone =
  'whoever had it, and a copy of the keystore, can open that copy as before: jwks rekey makes a new master key, jwks revoke takes keys out of use';

async function runRemove(session: Session, command: Command): Promise<void> {
  const [label = ''] = operandsOf(command, { required: ['label'], most: 1 });
  await session.printer.prepare();
  const keystore = await session.keystore();
  const { openedEntry, removeSecret } = await import('../../operations/secrets.ts');
  const own = openedEntry(keystore).label === label ? ', which you have opened it with' : '';
  await session.printer.confirm(
    `let the secret "${escapeText(label)}"${own} unlock this keystore no longer?`,
  );
  const entry = await removeSecret(keystore, label);
  await print(session, [entry], () => toShape(entry));
  await session.printer.say(`"${escapeText(label)}" unlocks this keystore no longer; ${undone}`);
  await session.finish();
}

function toShape({ label, kind, created, kid }: SlotEntry) {
  return { label, kind, created: formatInstant(created), kid };
}

function print(session: Session, entries: readonly SlotEntry[], json: () => object): Promise<void> {
  const rows = entries.map(({ label, kind, created, kid }) => [label, kind, formatInstant(created), kid]);
  const columns = ['LABEL', 'KIND', 'CREATED', 'KEY ID'].map((title) => ({ title }));
  return session.printer.result({
    usual: 'table',
    json,
    table: () => formatTable(columns, rows, session.host.stdout),
    ids: entries.map(({ label }) => label),
  });
}
