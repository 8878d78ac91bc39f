// jwks encrypt: a message that only the holder of a set can open.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import type { Session } from '../session.ts';

interface EncryptOptions {
  readonly alg?: string;
  readonly kid?: string;
  readonly enc?: string;
  readonly cty?: string;
  readonly unchecked?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('encrypt')
    .summary("encrypt to a set's key")
    .description(
      'Encrypts a file or stdin, up to 1 MiB, to the active key of a set for enc, as a compact JWE (RFC 7516). Needs no secret, but for symmetric keys.',
    )
    .usage('[options] <set-id> [file]')
    .addArgument(
      operands({ 'set-id': 'the set to encrypt to', file: 'the message; none or - is standard input' }),
    )
    .option('--alg <alg>', 'to the key of this algorithm, where there are several')
    .option('--kid <kid>', 'to this key, which must be active', parseKeyId)
    .option('--enc <enc>', 'how the content is encrypted (default: A256GCM, or what fits the key)')
    .option('--cty <type>', 'type of the content, such as JWT')
    .option('--unchecked', 'go on although neither a fingerprint nor the secret vouches for the keystore')
    .addHelpText('after', () =>
      examples('jwks encrypt mail letter.txt -o letter.jwe', 'jwks encrypt mail < letter.txt > letter.jwe'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set = '', file] = operandsOf(command, { required: ['set-id'], most: 2 });
    const { unchecked = false, ...options } = optionsOf<EncryptOptions>(command);
    const request = { ...options, set: parseSetId(set) };
    await session.printer.prepare({ hasFormats: false });
    const [{ encryptMessage, mostMessageBytes }, { readBytes }] = await Promise.all([
      import('../../operations/encrypt-message.ts'),
      import('../read-bytes.ts'),
    ]);
    const reader = await session.trustedReader(unchecked);
    const plaintext = await readBytes(session, file, mostMessageBytes);
    if (plaintext.length > mostMessageBytes)
      throw new JwksError('usage', `${file ?? 'standard input'} is larger than 1 MiB`);
    const unlock = () => session.keystore();
    const message = await encryptMessage(reader, unlock, session.clock(), request, plaintext);
    await session.printer.text(`${message}\n`);
    await session.finish();
  }
}
