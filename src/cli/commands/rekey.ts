// jwks rekey: a new master key for a keystore, and on request a new identity.
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { collect, examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeCount } from '../describe-count.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

interface RekeyOptions {
  readonly newIdentity?: boolean;
  readonly drop?: readonly string[];
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('rekey')
    .summary('seal everything under a new master key')
    .description(
      'Makes a new master key and seals every set under it, while others may go on using the keystore. Seals to all ' +
        'recipients, and to the secrets that are given: --secret-file may be repeated here. Interrupted, it is run ' +
        'again: what was begun is ended first, and then a new key made all the same.',
    )
    .usage('[options]')
    .addArgument(operands())
    .option('--new-identity', 'also a new key that signs the keystore; its fingerprint changes')
    .option('--drop <label>', 'let a secret go that is not at hand; may be repeated', collect)
    .addHelpText('after', () =>
      examples(
        'jwks rekey --drop former-colleague',
        'jwks rekey --secret-file ./mine --secret-file ./backup',
      ),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    operandsOf(command, { required: [], most: 0 });
    const options = optionsOf<RekeyOptions>(command);
    await session.printer.prepare();
    refuseStdinTwice(session);
    const keystore = await session.keystore();
    const { readSecrets } = await import('../../operations/read-secrets.ts');
    const more = (session.options.secretFiles ?? []).slice(1);
    const { rekey } = await import('../../operations/rekey.ts');
    const request = {
      secrets: await readSecrets(
        more.map((path) => (path === '-' ? path : resolve(session.host.cwd, path))),
        session.sources(),
      ),
      drop: options.drop ?? [],
      newIdentity: options.newIdentity === true,
    };
    const done = await session.during('sealing sets anew', (count) => rekey(keystore, request, count));
    const { sealed, slots, dropped, fingerprint, before, isOtherEnded } = done;
    await session.printer.result({
      usual: 'table',
      json: () => ({
        sealed,
        secrets: slots,
        dropped,
        identity: fingerprint,
        before: before ?? null,
        otherEnded: isOtherEnded,
      }),
      table: () => `${describeCount(sealed, 'set')} sealed under a new master key\n`,
      ids: [],
    });
    if (isOtherEnded)
      await session.printer.say('another rekey that was under way or interrupted was ended before');
    await session.printer.say(`it opens with: ${slots.map(escapeText).join(', ')}`);
    if (before !== undefined) {
      await session.printer.say(
        `its fingerprint is ${fingerprint} now, until now ${before}: whoever reads it without the secret needs the new one (JWKS_IDENTITY, --identity)`,
      );
      const { identity } = session.settings;
      if (identity !== undefined && identity.value !== fingerprint)
        await session.printer.say(`the one from before is still named here (${identity.from})`);
    }
    await session.printer.say(
      'who has an older copy of the keystore and its secret has the keys of then: jwks revoke takes them out of use',
    );
    await session.finish();
  }
}

function refuseStdinTwice({ options }: Session): void {
  if ((options.secretFiles ?? []).filter((path) => path === '-').length < 2) return;
  throw new JwksError('usage', 'standard input is read once: it holds one secret', {
    hint: 'name the others by --secret-file PATH',
  });
}
