// jwks export: the JWK Set that verifiers fetch.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import type { Instant } from '../../lifecycle/time.ts';
import type { ExportRequest } from '../../operations/export-jwks.ts';
import { examples, type Open, operandsOf, optionsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { instantArgument } from '../time-arguments.ts';

interface ExportOptions {
  readonly all?: boolean;
  readonly kid?: string;
  readonly at?: Instant;
  readonly private?: boolean;
  readonly unchecked?: boolean;
  readonly allowEmpty?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('export')
    .summary('print the public JWKS for verifiers')
    .description('Prints the publishable keys of one set or several, merged in that order. Needs no secret.')
    .usage('[options] [set-id...]')
    .argument('[operands...]')
    .option('--all', 'all sets')
    .option('--kid <kid>', 'only this key')
    .option('--at <time>', 'as it was or will be at a time (ISO 8601)', instantArgument)
    .option('--private', 'every private half that is kept, for a server that signs')
    .option('--unchecked', 'although neither a fingerprint nor the secret vouches for the keystore')
    .option('--allow-empty', 'also if there is nothing to publish')
    .addHelpText('after', () =>
      examples(
        'jwks export auth -o /var/www/.well-known/jwks.json',
        'jwks export auth --private -o signer.jwks.json',
      ),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [], most: Number.POSITIVE_INFINITY }).map(parseSetId);
    const options = optionsOf<ExportOptions>(command);
    const isPrivate = options.private === true;
    const request = {
      ...options,
      sets: chooseSets(named, options),
      kid: options.kid === undefined ? undefined : parseKeyId(options.kid),
    };
    await session.printer.prepare({ isPrivate, hasFormats: false });
    const jwks = await (isPrivate ? readPrivate(session, request) : read(session, request, options));
    await session.printer.jwkSet(jwks);
    await session.finish();
  }
}

function chooseSets(
  named: ExportRequest['sets'] & readonly string[],
  options: ExportOptions,
): ExportRequest['sets'] {
  if (options.all === true && named.length > 0)
    throw new JwksError('usage', 'name sets, or use --all, not both');
  if (options.all === true) return 'all';
  if (named.length > 0) return named;
  throw new JwksError('usage', "missing argument 'set-id'", { hint: 'name sets, or use --all' });
}

async function read(session: Session, request: ExportRequest, options: ExportOptions) {
  const { exportPublic } = await import('../../operations/export-jwks.ts');
  return exportPublic(await session.trustedReader(options.unchecked === true), session.clock(), request);
}

async function readPrivate(session: Session, request: ExportRequest) {
  const { exportPrivate } = await import('../../operations/export-jwks.ts');
  const jwks = await exportPrivate(await session.keystore(), session.clock(), request);
  await session.printer.say('this holds private keys: keep it secret');
  return jwks;
}
