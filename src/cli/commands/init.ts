// jwks init: a keystore at a place of one's choice.
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { JwksError } from '../../errors.ts';
import type { IdentityAlgorithm } from '../../jose/identity.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { formatTable } from '../terminal-text.ts';

interface InitOptions {
  readonly passphrase?: boolean;
  readonly recipient?: string;
  readonly identityAlg: IdentityAlgorithm;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('init')
    .summary('make a keystore, and a secret if none is set')
    .description(
      'Makes a keystore in a directory that is empty or missing, sealed under the secret that is set; where none is, makes a secret file. Prints the fingerprint by which others can trust it.',
    )
    .usage('[options]')
    .addArgument(operands())
    .option('--passphrase', 'seal it under a passphrase, which is asked for twice')
    .option('--recipient <file>', 'seal it to this public key (JWK or PEM) too, such as for recovery')
    .addOption(
      new Option('--identity-alg <alg>', 'what the keystore signs with; ES256 for JOSE tools without Ed25519')
        .choices(['EdDSA', 'ES256'])
        .default('EdDSA', 'EdDSA over Ed25519'),
    )
    .addHelpText('after', () =>
      examples('jwks init --keystore /srv/jwks', 'jwks init --keystore ./keys --passphrase'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    operandsOf(command, { required: [], most: 0 });
    const options = optionsOf<InitOptions>(command);
    refuseContradiction(session, options);
    await session.printer.prepare();
    const access = await session.access();
    const asked = options.passphrase === true ? await session.askNewPassphrase() : undefined;
    const { readRecipient } = await import('../../operations/new-secrets.ts');
    const recipient =
      options.recipient === undefined
        ? undefined
        : await readRecipient(resolve(session.host.cwd, options.recipient));
    const { initKeystore } = await import('../../operations/open.ts');
    const made = await session.during(
      'making a keystore',
      session.sayingWarnings(initKeystore(access, options.identityAlg, asked, recipient)),
    );
    const { keystore, identity } = made;
    await session.reportMade(made);
    const secret = made.secretFile ?? asked?.source ?? (await session.secretSource());
    await session.printer.result({
      usual: 'table',
      json: () => ({
        keystore,
        identity,
        secret,
      }),
      table: () =>
        formatTable(
          [{ title: 'KEYSTORE' }, { title: 'IDENTITY' }],
          [[keystore, identity]],
          session.host.stdout,
        ),
    });
  }
}

function refuseContradiction(
  { options: { secretFile, secretFd } }: Session,
  { passphrase }: InitOptions,
): void {
  if (passphrase !== true || (secretFile ?? secretFd) === undefined) return;
  throw new JwksError('usage', '--passphrase asks for the secret, and another option says where it is', {
    hint: 'leave one of them out',
  });
}
