// jwks secret change: where the new secret goes, what stands in the way of it, and what is said of the old one.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import type { ChangedSecret } from '../../operations/change-secret.ts';
import { operandsOf, optionsOf } from '../command.ts';
import { describePath } from '../describe-path.ts';
import { printSecrets, whoStillHasAccess } from '../secret-entries.ts';
import type { Session } from '../session.ts';
import { placeAt } from '../settings.ts';

interface ChangeOptions {
  readonly newSecretFile?: string;
  readonly passphrase?: boolean;
}

export async function runChange(session: Session, command: Command): Promise<void> {
  operandsOf(command, { required: [], most: 0 });
  const { newSecretFile, passphrase } = optionsOf<ChangeOptions>(command);
  if (newSecretFile !== undefined && passphrase === true)
    throw new JwksError('usage', 'a passphrase is kept in no file: leave one of the two options out');
  await session.printer.prepare();
  const { inNewFile, inPlace, secretFileAt } = await import('../../operations/new-secrets.ts');
  const { openWith } = await import('../../operations/open.ts');
  const { changeSecret } = await import('../../operations/change-secret.ts');
  // Before anybody is asked for the secret in use.
  const asked =
    newSecretFile === undefined ? undefined : secretFileAt(resolve(session.host.cwd, newSecretFile));
  const keystore = await session.keystore();
  const access = await session.access();
  const found = await access.findSecret();
  const file = found?.path === undefined ? undefined : secretFileAt(found.path);
  const own = file === undefined ? undefined : inPlace(file, session.sources());
  const path = passphrase === true ? undefined : (asked ?? file ?? refuseNowhere(found?.source));
  const keeping = path === undefined ? undefined : path === file ? own : inNewFile(path, session.sources());
  const { others, isUsed } = await lookAround(session, keystore.reader.storage.place);
  if (keeping !== undefined && keeping === own && session.options.force !== true)
    await refuseUsed(session, await others(keystore.slot.secret));
  const text = passphrase === true ? (await session.askNewPassphrase()).text : undefined;
  const changed = await session.during(
    'changing the secret',
    changeSecret(keystore, {
      text,
      source: path ?? 'what was typed',
      keeping,
      own,
      open: (secret) => openWith(access, secret),
      isNeeded: isUsed,
    }),
  );
  await report(session, changed, { path, file });
  if (path !== file && keystore.slot.slot.kind !== 'recipient' && found !== undefined)
    await session.printer.say(
      `${describe(session, file, found.source)} still holds the secret from before, which opens this keystore no longer: move it away, unless something else needs it, or jwks goes on taking it from there`,
      { always: true },
    );
  await printSecrets(session, [changed.entry]);
  await session.finish();
}

async function report(
  session: Session,
  { isResumed, isMade, isFormerKept }: ChangedSecret,
  { path, file }: { readonly path: string | undefined; readonly file: string | undefined },
): Promise<void> {
  const { printer } = session;
  if (isResumed)
    await printer.say(
      isMade
        ? 'a change that was interrupted is ended, and this one made after it'
        : 'a change that was interrupted is ended; the secret in use is the new one',
    );
  await printer.say(
    `${describe(session, path, 'the passphrase')} unlocks the keystore now, and the secret from before does not; keep a copy of it somewhere else`,
  );
  if (isFormerKept)
    await printer.say(
      `${describe(session, file, '')}.old holds the secret from before: remove it when no other keystore needs it`,
      { always: true },
    );
  await printer.say(whoStillHasAccess);
}

/** What else on this host the secret unlocks. Looked at once, since a database may be slow to answer. */
async function lookAround(session: Session, own: string) {
  const { readOtherKeystores, unlockedBy } = await import('../../operations/other-keystores.ts');
  const found = await readOtherKeystores(await session.access(), own, (name) => placeAt(session.host, name));
  type Asked = Parameters<typeof unlockedBy>[0];
  return {
    others: (secret: Asked) => unlockedBy(secret, found),
    isUsed: async (secret: Asked) => found.unknown.length > 0 || (await unlockedBy(secret, found)).length > 0,
  };
}

async function refuseUsed(session: Session, places: readonly string[]): Promise<void> {
  if (places.length === 0) return;
  const names = places.map((path) => describePath(path, session.host)).join(', ');
  throw new JwksError('unsafe', `the same secret unlocks other keystores, which would be locked: ${names}`, {
    hint: 'keep the new one elsewhere with --new-secret-file; or --force replaces it, and keeps the one from before beside it as .old',
  });
}

function refuseNowhere(source = 'what was typed'): never {
  throw new JwksError('usage', `the secret comes from ${source}, where nothing can be kept`, {
    hint: 'name a file with --new-secret-file, or --passphrase',
  });
}

function describe(session: Session, path: string | undefined, otherwise: string): string {
  return path === undefined ? otherwise : describePath(path, session.host);
}
