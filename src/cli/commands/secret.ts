// jwks secret: what unlocks keystores.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import type { SlotEntry } from '../../operations/secrets.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describePath } from '../describe-path.ts';
import { printSecrets, whoStillHasAccess } from '../secret-entries.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';
import { runChange } from './secret-change.ts';

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
    meanings?: Parameters<typeof operands>[0],
  ) =>
    secret
      .command(name)
      .summary(summary)
      .description(description)
      .usage(usage)
      .addArgument(operands(meanings))
      .addHelpText('after', () => examples(...sample));

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
    'Seals the keystore to one more secret, by one of --new-secret-file, --recipient and --passphrase; the others stay as they are. A public key of a recipient is for a secret that is kept elsewhere, such as for recovery.',
    [
      'jwks secret add --recipient recovery.pub.pem --label recovery',
      'jwks secret add --new-secret-file /root/ci-secret',
    ],
  )
    .option('--label <name>', 'how to call it (default: after its kind)')
    .option('--new-secret-file <file>', 'the secret in a file, which is made if it is missing')
    .option('--recipient <file>', 'a public key, JWK or PEM')
    .option('--passphrase', 'ask for a passphrase, twice');
  addition.action(() => open(addition, (session) => runAdd(session, addition)));

  const change = add(
    'change',
    '[options]',
    'put a new secret in place of the one in use',
    'Makes a new secret, keeps it in the file of the old one (or the one that is named), and only then takes the old one away. Interrupted, it is ended by running it again. A secret that other keystores of this host have too is replaced with --force only; of those on other hosts it knows nothing: they still need the old one.',
    ['jwks secret change', 'jwks secret change --new-secret-file ./secret'],
  )
    .option('--new-secret-file <file>', 'where to keep the new one (default: where the old one is)')
    .option('--passphrase', 'ask for a passphrase, twice, and keep it nowhere');
  change.action(() => open(change, (session) => runChange(session, change)));

  const remove = add(
    'remove',
    '[options] <label>',
    'let a secret unlock it no longer',
    'Takes a secret away by its label. The last one cannot be removed.',
    ['jwks secret remove ci', 'jwks secret remove ci --yes'],
    { label: 'how it is called; jwks secret list shows it' },
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
  await printSecrets(session, entries, 'list');
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
      : { kind: 'recipient' as const, ...(await readRecipient(at(recipient))) };
  const adding: Promise<SlotEntry & { readonly isMade?: boolean }> =
    path === undefined
      ? addSecret(keystore, { key: await toKey(), label })
      : addSecretFile(keystore, { path: at(path), label, checks: session.sources() });
  const { isMade, ...entry } = await session.during('sealing the keystore to it', adding);
  if (isMade === true)
    await session.printer.say(
      `made the secret   ${describePath(path ?? '', session.host)}    keep a copy somewhere else`,
    );
  await printSecrets(session, [entry]);
  if (recipient !== undefined) await sayFingerprint(session, keystore.reader.fingerprint);
  await session.finish();
}

function sayFingerprint(session: Session, fingerprint: string): Promise<void> {
  return session.printer.say(
    `keep the keystore's fingerprint with the private key, which opens it only together with that: ${fingerprint}`,
  );
}

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
  await printSecrets(session, [entry]);
  await session.printer.say(`"${escapeText(label)}" unlocks this keystore no longer; ${whoStillHasAccess}`);
  await session.finish();
}
