// jwks serve: the endpoint that verifiers fetch the published keys from.
import { type Command, Option } from 'commander';
import { JwksError } from '../../errors.ts';
import type { Keystore } from '../../keystore/keystore.ts';
import { parseSetId, type SetId } from '../../keystore/set-id.ts';
import type { Follower } from '../../operations/follow-sets.ts';
import type { OryApi } from '../../operations/ory-api.ts';
import type { Log } from '../../server/log.ts';
import type { ServerOptions } from '../../server/server.ts';
import { type AdminFlags, adminListener } from '../admin-options.ts';
import { chooseSets } from '../chosen-sets.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { wholeNumber } from '../global-options.ts';
import type { Session } from '../session.ts';
import { policyForNew } from '../settings.ts';
import { escapeText } from '../terminal-text.ts';

interface ServeOptions extends AdminFlags {
  readonly all?: boolean;
  readonly host: string;
  readonly port: number;
  readonly metricsPort?: number;
  readonly issuer?: string;
  readonly contentType: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly logFormat: 'json' | 'text';
  readonly unchecked?: boolean;
  readonly rotateDue?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('serve')
    .summary('answer verifiers at /.well-known/jwks.json')
    .description(
      'Serves the public JWKS of sets over HTTP, merged and each on its own, and follows the keystore and the clock. ' +
        'Needs no secret but for --rotate-due and what the admin API writes. Logs on stderr; SIGTERM and SIGINT ' +
        'end it.',
    )
    .usage('[options] [set-id...]')
    .addArgument(operands({ 'set-id': 'the sets to publish; or --all' }))
    .option('--all', 'all sets, also those that are made later')
    .option('--host <address>', 'address to listen at', '127.0.0.1')
    .option('--port <n>', 'port to listen at; 0: one that is free', wholeNumber, 4450)
    .option('--admin-port <n>', "where Ory Hydra's key API listens; absent: nowhere", wholeNumber)
    .option('--admin-host <address>', 'address to listen at for it (default: 127.0.0.1)')
    .option('--admin-socket <path>', 'or a Unix socket to listen at for it, for this user alone')
    .option(
      '--admin-private',
      'show private keys there as Hydra does; wants the secret, and a token or the socket',
    )
    .option('--admin-behind-proxy', 'a proxy in front of it does TLS and knows the Host')
    .option('--metrics-port <n>', 'where Prometheus finds /metrics; absent: nowhere', wholeNumber)
    .option('--issuer <url>', 'serve /.well-known/openid-configuration for this issuer too')
    .option('--content-type <type>', 'media type of the JWKS', 'application/jwk-set+json')
    .option('--tls-cert <file>', 'certificate (PEM), read again when it changes; wants --tls-key')
    .option('--tls-key <file>', 'its private key (PEM)')
    .addOption(
      new Option('--log-format <form>', 'how to log: json or text').choices(['json', 'text']).default('json'),
    )
    .option('--unchecked', 'go on although neither a fingerprint nor the secret vouches for the keystore')
    .option('--rotate-due', 'do what policy makes due, once a minute at most; wants the secret')
    .addHelpText('after', () =>
      examples('jwks serve auth', 'jwks serve --all --rotate-due --host 0.0.0.0 --port 8080'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [] }).map(parseSetId);
    const options = optionsOf<ServeOptions>(command);
    const sets = chooseSets(named, options);
    refuseContradiction(options);
    if (session.options.output !== undefined)
      throw new JwksError('usage', 'serve has no result for --output', { hint: 'its log is on stderr' });
    await session.printer.prepare({ hasFormats: false, hasFile: false });
    const { parseIssuer } = await import('../../operations/discovery.ts');
    if (options.issuer !== undefined) parseIssuer(options.issuer);
    const tls = await loadTls(options);
    const log = await openLog(session, options);
    const admin = await adminListener(session.host, options, tls !== undefined);
    // Asked for before anything listens: a secret that is missing must not show an hour later.
    const keystore = await openFor(session, options, admin !== undefined);
    const rotateDue =
      options.rotateDue === true && keystore !== undefined
        ? await toRotation(session, keystore, sets, log)
        : undefined;
    const reader = await session.trustedReader(options.unchecked === true);
    const { Follower } = await import('../../operations/follow-sets.ts');
    const follower = await Follower.start(reader, sets);
    const api = admin && (await toApi(session, options, keystore, follower));
    await session.finish();
    const { serve } = await import('../../server/server.ts');
    await serve(
      {
        host: options.host,
        port: options.port,
        issuer: options.issuer,
        contentType: options.contentType,
        metricsPort: options.metricsPort,
        admin: admin && api && { ...admin, api },
        tls,
        follower,
        clock: session.clock,
        log,
        escape: escapeText,
        rotateDue,
      },
      session.host.untilSignal(),
    );
  }
}

async function loadTls({ tlsCert, tlsKey }: ServeOptions): Promise<ServerOptions['tls']> {
  const { TlsFiles } = await import('../../server/tls-files.ts');
  return tlsCert === undefined || tlsKey === undefined ? undefined : TlsFiles.load(tlsCert, tlsKey);
}

async function openLog({ host, printer, clock }: Session, { logFormat }: ServeOptions): Promise<Log> {
  const { Log } = await import('../../server/log.ts');
  const output = host.logOutput();
  return new Log({
    write: (text) => output.write(text),
    form: logFormat,
    isQuiet: printer.isQuiet,
    now: clock,
    escape: escapeText,
  });
}

/** The keystore with its secret, where that is wanted; the admin API can do without, and then only reads. */
async function openFor(
  session: Session,
  options: ServeOptions,
  hasAdmin: boolean,
): Promise<Keystore | undefined> {
  if (options.rotateDue === true) return session.keystore();
  if (!hasAdmin || (await (await session.access()).findSecret()) === undefined) return undefined;
  return session.keystore();
}

async function toApi(
  session: Session,
  options: ServeOptions,
  keystore: Keystore | undefined,
  follower: Follower,
): Promise<OryApi> {
  const { OryApi } = await import('../../operations/ory-api.ts');
  return new OryApi({
    // Of its own: a master document that one of two has taken up is no news to the other.
    reader: keystore?.reader ?? (await session.trustedReader(options.unchecked === true)),
    keystore,
    clock: session.clock,
    policy: policyForNew(session.settings),
    isPrivate: options.adminPrivate === true,
    served: () => follower.manifests,
    onPrivate: (asked) => session.audit(['serve', ...asked], 'the admin API'),
    async onChange() {
      await follower.refresh();
    },
  });
}

function refuseContradiction(options: ServeOptions): void {
  const { port, adminPort = 0, metricsPort = 0, tlsCert, tlsKey, contentType } = options;
  const wrong = Object.entries({ '--port': port, '--admin-port': adminPort, '--metrics-port': metricsPort });
  for (const [name, value] of wrong)
    if (value > 65_535) throw new JwksError('usage', `${name} ${value} is no port`);
  if ((tlsCert === undefined) !== (tlsKey === undefined))
    throw new JwksError('usage', '--tls-cert and --tls-key go together');
  if (!/^[\w.+-]+\/[\w.+-]+(?:; ?[\w-]+=[\w.-]+)*$/.test(contentType))
    throw new JwksError('usage', '--content-type is no media type such as application/json');
}

async function toRotation(
  session: Session,
  keystore: Keystore,
  sets: readonly SetId[] | 'all',
  log: Log,
): Promise<ServerOptions['rotateDue']> {
  const { rotateSets } = await import('../../operations/rotate-sets.ts');
  const { fetchUrl } = await import('../../operations/fetch-url.ts');
  return async (isStopped) => {
    try {
      const services = { keystore, clock: session.clock, fetchUrl, isStopped };
      const { sets: changed, failed } = await rotateSets(services, { sets, how: { kind: 'due' } });
      for (const { set, steps } of changed) {
        for (const { event, kid } of steps) log.say('info', event, { set, kid });
      }
      for (const { set, error } of failed) log.say('error', error.message, { set });
    } catch (error) {
      const message = error instanceof JwksError ? error.message : 'a fault of jwks itself';
      log.say('error', `what is due was not done: ${message}`);
    }
  };
}
