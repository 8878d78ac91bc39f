// jwks export: the JWK Set that verifiers fetch.
import { type Command, Option } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import type { Instant } from '../../lifecycle/time.ts';
import type { ExportRequest } from '../../operations/export-jwks.ts';
import type { ExportedProduct } from '../../operations/product-exports/products.ts';
import { chooseSets } from '../chosen-sets.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';
import { instantArgument } from '../time-arguments.ts';

interface ExportOptions {
  readonly all?: boolean;
  readonly kid?: string;
  readonly at?: Instant;
  readonly private?: boolean;
  readonly unchecked?: boolean;
  readonly allowEmpty?: boolean;
  readonly discovery?: boolean;
  readonly issuer?: string;
  readonly for?: ExportedProduct;
}

/** Written out, so that no other export reads the table that stands behind them; the type keeps the two in step. */
const products: Readonly<Record<ExportedProduct, true>> = {
  hydra: true,
  'oidc-provider': true,
  keycloak: true,
  postgrest: true,
  supabase: true,
  kubernetes: true,
  envoy: true,
  istio: true,
  nginx: true,
  pomerium: true,
  authelia: true,
  spring: true,
  dex: true,
};

export function register(program: Command, open: Open): void {
  const command = program
    .command('export')
    .summary('print the public JWKS for verifiers')
    .description(
      'Prints the publishable keys of one set or several, merged in that order. Needs no secret but for private halves.',
    )
    .usage('[options] [set-id...]')
    .addArgument(operands({ 'set-id': 'the sets to publish; or --all' }))
    .option('--all', 'all sets')
    .option('--kid <kid>', 'only this key', parseKeyId)
    .option('--at <time>', 'as it was or will be at a time (ISO 8601)', instantArgument)
    .option('--private', 'with every private half that is kept, for a server that signs')
    .addOption(
      new Option('--for <product>', 'what a product reads, and say where it goes').choices(
        Object.keys(products),
      ),
    )
    .option('--unchecked', 'go on although neither a fingerprint nor the secret vouches for the keystore')
    .option('--allow-empty', 'write a set without keys, which is refused otherwise')
    .option('--discovery', 'the discovery document instead (OpenID Connect); wants --issuer')
    .option('--issuer <url>', 'whose keys these are, for --discovery and --for istio')
    .addHelpText('after', () =>
      examples(
        'jwks export auth -o /var/www/.well-known/jwks.json',
        'jwks export auth --private -o signer.jwks.json',
      ),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [] }).map(parseSetId);
    const options = optionsOf<ExportOptions>(command);
    const isPrivate = options.private === true;
    const request = { ...options, sets: chooseSets(named, options) };
    refuseContradiction(options);
    if (options.for !== undefined) {
      const { exportFor } = await import('./export-for.ts');
      return exportFor(session, { ...request, product: options.for, isPrivate }, options.unchecked === true);
    }
    await session.printer.prepare({ isPrivate, hasFormats: false });
    if (options.issuer !== undefined)
      return describe(session, { ...request, issuer: options.issuer }, options);
    const jwks = await (isPrivate ? readPrivate(session, request) : read(session, request, options));
    await session.printer.jwkSet(jwks);
    await session.finish();
  }
}

function refuseContradiction(options: ExportOptions): void {
  if (options.for !== undefined && options.discovery === true)
    throw new JwksError('usage', '--for writes what a product reads, and --discovery another document');
  if (options.for === undefined && (options.discovery === true) !== (options.issuer !== undefined))
    throw new JwksError('usage', '--discovery and --issuer go together');
  if (options.discovery === true && (options.private === true || options.kid !== undefined))
    throw new JwksError('usage', '--discovery describes what is published, without --private and --kid');
}

async function describe(
  session: Session,
  request: ExportRequest & { readonly issuer: string },
  options: ExportOptions,
): Promise<void> {
  const { describeIssuer } = await import('../../operations/discovery.ts');
  const reader = await session.trustedReader(options.unchecked === true);
  await session.printer.jwkSet(await describeIssuer(reader, session.clock(), request));
  await session.finish();
}

async function read(session: Session, request: ExportRequest, options: ExportOptions) {
  const { exportPublic } = await import('../../operations/export-jwks.ts');
  const reader = await session.trustedReader(options.unchecked === true);
  const lost: string[] = [];
  const jwks = await exportPublic(reader, session.clock(), { ...request, onLost: (kid) => lost.push(kid) });
  if (lost.length > 0) {
    const kids = lost.map((kid) => escapeText(kid)).join(', ');
    await session.printer.say(
      `not whole: of what was published then these keys are destroyed since: ${kids}`,
    );
  }
  return jwks;
}

async function readPrivate(session: Session, request: ExportRequest) {
  const { exportPrivate } = await import('../../operations/export-jwks.ts');
  const jwks = await exportPrivate(await session.keystore(), session.clock(), request);
  await session.printer.sayPrivate();
  return jwks;
}
