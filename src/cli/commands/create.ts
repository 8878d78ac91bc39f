// jwks create: a new key in a set.
import type { Command } from 'commander';
import { commandLine, JwksError } from '../../errors.ts';
import type { KidScheme } from '../../jose/generate.ts';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import type { Use } from '../../lifecycle/key.ts';
import { describeDuration, formatInstant } from '../../lifecycle/time.ts';
import type { Created } from '../../operations/create-key.ts';
import { addChangeOptions, type ChangeOptions } from '../change-options.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { wholeNumber } from '../global-options.ts';
import { kidFromOption, useOption } from '../key-options.ts';
import type { Result } from '../printer.ts';
import type { Session } from '../session.ts';
import { policyForNew } from '../settings.ts';
import { publicHalf, toOrySet } from '../shapes.ts';
import { escapeText, formatTable } from '../terminal-text.ts';

interface CreateOptions extends ChangeOptions {
  readonly alg?: string;
  readonly use?: Use;
  readonly bits?: number;
  readonly crv?: string;
  readonly kidFrom?: KidScheme;
  readonly ifMissing?: boolean;
  readonly private?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('create')
    .summary('make a key; its public half on stdout')
    .description('Makes a key and adds it to a set, which is made if need be. The key signs at once.')
    .usage('[options] <set-id> [key-id]')
    .addArgument(
      operands({
        'set-id': 'the set, which is made if need be',
        'key-id': 'what to call the key (default: see --kid-from)',
      }),
    )
    .option('--alg <alg>', 'algorithm; jwks algs lists them (default: RS256)')
    .addOption(useOption('sig or enc (default: what the algorithm is for)'))
    .option('--bits <n>', 'size of an RSA or symmetric key (default: RSA 4096)', wholeNumber)
    .option('--crv <curve>', 'curve, where the algorithm leaves a choice (default: see jwks algs)')
    .addOption(kidFromOption('how to make the key id'))
    .option('--if-missing', 'be content with a key of that use and algorithm that is active already')
    .option('--private', 'print the private half');
  addChangeOptions(command).addHelpText('after', () =>
    examples(
      'jwks create --alg ES256 auth',
      'jwks create --if-missing hydra.openid.id-token > public.jwks.json',
    ),
  );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set = '', kid] = operandsOf(command, { required: ['set-id'], most: 2 });
    const options = optionsOf<CreateOptions>(command);
    const request = await requestOf(session, set, kid, options);
    const isPrivate = options.private === true;
    const isDryRun = options.dryRun === true;
    await session.printer.prepare({ isPrivate, hasJwks: !isDryRun, hasFile: !isDryRun });
    if (isDryRun && session.isFirstRun()) {
      return session.printer.say(
        'a keystore would be made, and a key in it that signs at once; nothing was done',
      );
    }
    const [{ createKey }, keystore] = await Promise.all([
      import('../../operations/create-key.ts'),
      session.keystore({ make: !isDryRun }),
    ]);
    const created = await session.during(
      `making a key for ${escapeText(set)}`,
      createKey(keystore, session.clock, request),
    );
    await session.printer.result(toResult(session, created, isPrivate)).catch(addMade(created));
    await report(session, created, isPrivate);
    await session.finish();
  }
}

/** A key that was made signs, whether or not it could be printed. */
function addMade({ set, key, outcome }: Created): (error: unknown) => never {
  return (error) => {
    if (outcome !== 'made' || key === undefined || !(error instanceof JwksError)) throw error;
    const message = `${error.message}; key ${key.kid} is made all the same, and set ${set} signs with it`;
    throw new JwksError(error.code, message, {
      hint: `${commandLine('export', set, '')} prints it`,
      cause: error,
    });
  };
}

async function requestOf(session: Session, set: string, kid: string | undefined, options: CreateOptions) {
  const { selectKeyShape } = await import('../../jose/algorithms.ts');
  const request = {
    set: parseSetId(set),
    kid: kid === undefined ? undefined : parseKeyId(kid),
    alg: options.alg ?? session.settings.alg.value,
    use: options.use,
    bits: options.bits,
    crv: options.crv,
    kidFrom: options.kidFrom,
    ifMissing: options.ifMissing,
    dryRun: options.dryRun,
    note: options.note,
    force: session.options.force,
    policy: policyForNew(session.settings),
  };
  // A contradiction is told before a keystore is made for it.
  const shape = selectKeyShape(request);
  if (shape.algorithm.kty === 'oct' && options.kidFrom !== undefined && options.kidFrom !== 'uuid') {
    throw new JwksError('usage', `a symmetric key has a UUID, not --kid-from ${options.kidFrom}`);
  }
  if (kid !== undefined && options.kidFrom !== undefined) {
    throw new JwksError('usage', 'a key id was given, and --kid-from makes one', {
      hint: 'leave one of them out',
    });
  }
  if (session.isFirstRun()) {
    const { refuseFirst } = await import('../../operations/create-key.ts');
    refuseFirst(request);
  }
  return request;
}

function toResult(session: Session, created: Created, isPrivate: boolean): Result {
  const { set, key, privateJwk } = created;
  if (key === undefined) {
    const change = { set, kid: null, from: null, to: 'active', at: formatInstant(created.at) };
    return { usual: 'table', json: () => ({ changes: [change] }), table: () => '', ids: [] };
  }
  const jwk = isPrivate && privateJwk !== undefined ? privateJwk : publicHalf(key);
  const isPublishable = isPrivate || !key.symmetric;
  return {
    usual: 'jwks',
    json: () => toOrySet(set, [jwk]),
    jwks: () => ({ keys: isPublishable ? [jwk] : [] }),
    ids: [key.kid],
    table: () =>
      formatTable(
        [
          { title: 'SET ID' },
          { title: 'KEY ID', shrinks: 'first' },
          { title: 'ALGORITHM' },
          { title: 'USE' },
          { title: 'SIGNS FROM' },
        ],
        [[set, key.kid, key.alg, key.use, formatInstant(created.at)]],
        session.host.stdout,
      ),
  };
}

async function report(session: Session, created: Created, isPrivate: boolean): Promise<void> {
  const { printer } = session;
  const { key, supersedes } = created;
  const set = escapeText(created.set);
  if (supersedes !== undefined) {
    await printer.say(
      `${created.outcome === 'planned' ? 'it would sign' : 'it signs'} in place of ${printer.kid(supersedes.kid)} at once: verifiers that have not fetched the set again may refuse its tokens for up to ${describeDuration(supersedes.unknownFor)}`,
    );
    await printer.suggest('hint', [
      [commandLine('rotate', created.set, session.keystoreOption()), 'a successor without that'],
    ]);
  }
  if (key === undefined)
    return printer.say(`set ${set} would get a key that signs at once; nothing was done`);
  const kid = printer.kid(key.kid);
  const work = key.use === 'sig' ? 'signs with' : 'is encrypted to with';
  const what = key.symmetric
    ? isPrivate
      ? 'this is its value: keep it secret'
      : 'it is symmetric and has no public half'
    : isPrivate
      ? 'this is its private half: keep it secret'
      : 'this is its public half';
  if (created.outcome === 'existing') return printer.say(`${set} ${work} ${kid} already; nothing was made`);
  await printer.say(`${set} ${work} ${kid} from now on; ${what}`);
  const place = session.keystoreOption();
  const lines: [string, string][] = [];
  if (!key.symmetric && !isPrivate)
    lines.push([commandLine('export', created.set, `${place} -o jwks.json`), 'publish it']);
  if (!created.hasPolicy)
    lines.push([
      commandLine('policy', created.set, `${place} --rotate-every 90d`),
      'then cron: jwks rotate --due',
    ]);
  if (lines.length > 0) await printer.suggest('next', lines);
}
