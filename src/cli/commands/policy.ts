// jwks policy: what is known of signers and verifiers, and the timing that follows from it.
import { type Command, Option } from 'commander';
import { JwksError } from '../../errors.ts';
import { parseSetId, type SetId } from '../../keystore/set-id.ts';
import type { Instant, Seconds } from '../../lifecycle/time.ts';
import type { Changed } from '../../operations/change-set.ts';
import { type Product, productFacts, products } from '../../operations/product-facts.ts';
import type { FactChanges } from '../../operations/set-policy.ts';
import { addChangeOptions, type ChangeOptions, inTurn, printChange } from '../change-options.ts';
import { toChangesResult } from '../changes.ts';
import { chooseSets } from '../chosen-sets.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeInstant } from '../describe-time.ts';
import { sayNextSteps } from '../next-steps.ts';
import { explainPolicy, policyTable, toPolicyJson } from '../policy-report.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';
import { durationArgument } from '../time-arguments.ts';

interface PolicyOptions extends ChangeOptions {
  readonly all?: boolean;
  readonly rotateEvery?: Seconds | 'never';
  readonly tokenTtl?: Seconds;
  readonly cacheMaxAge?: Seconds;
  readonly staleIfError?: Seconds;
  readonly verifierCache?: Seconds;
  readonly publishLag?: Seconds;
  readonly signerReload?: Seconds;
  readonly skew?: Seconds;
  readonly alg?: string;
  readonly publishedAt?: string[];
  readonly destroyRetiring?: boolean;
  readonly for?: Product;
  readonly explain?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('policy')
    .summary('show or set how often keys rotate, and when')
    .description(
      'Shows or sets the policy of sets: how often to rotate, and what is known of signers and verifiers. From that follows how long a key is published before it signs, and how long it stays after.',
    )
    .usage('[options] [set-id...]')
    .addArgument(operands({ 'set-id': 'the sets whose policy to show (default: all) or to set' }))
    .option('--all', 'all sets')
    .option('--rotate-every <span>', 'period, or never (default: 90d)', periodArgument)
    .option('--token-ttl <span>', 'longest life of a token (default: 24h)', durationArgument)
    .option('--cache-max-age <span>', 'max-age of the published set (default: 1h)', durationArgument)
    .option('--stale-if-error <span>', 'stale-if-error of the published set (default: 0s)', durationArgument)
    .option(
      '--verifier-cache <span>',
      'how long verifiers keep it, whatever max-age says (default: 24h)',
      durationArgument,
    )
    .option('--publish-lag <span>', 'from export until all can fetch it (default: 24h)', durationArgument)
    .option('--signer-reload <span>', 'how long signers keep a private set (default: 24h)', durationArgument)
    .option('--skew <span>', 'how far clocks may be apart (default: 5m)', durationArgument)
    .option('--alg <list>', 'algorithms to have a signer for, comma-separated, or any')
    .option('--published-at <url...>', 'where a successor must be seen before it signs, or none')
    .option('--destroy-retiring', 'keep no private half of a signing key that no longer signs')
    .option('--no-destroy-retiring', 'keep it until the key leaves the set')
    .addOption(
      new Option('--for <product>', 'what a product does by default; other options win').choices(products),
    )
    .option('--explain', 'show the arithmetic');
  addChangeOptions(command).addHelpText('after', () =>
    examples('jwks policy auth --rotate-every 90d --token-ttl 1h', 'jwks policy auth --explain'),
  );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const named = operandsOf(command, { required: [] }).map(parseSetId);
    const options = optionsOf<PolicyOptions>(command);
    const changes = changesOf(options);
    const isChange = Object.keys(changes).length > 0;
    if (!isChange && (options.note !== undefined || options.dryRun === true))
      throw new JwksError('usage', 'no fact was named to change', { hint: 'jwks policy --help' });
    const sets = chooseSets(named, { all: options.all, isAllUsual: !isChange });
    await session.printer.prepare();
    await (isChange ? change(session, sets, changes, options) : show(session, sets, options));
  }
}

function periodArgument(text: string): Seconds | 'never' {
  return text === 'never' ? 'never' : durationArgument(text);
}

function changesOf(options: PolicyOptions): FactChanges {
  const { rotateEvery, tokenTtl, cacheMaxAge, staleIfError, verifierCache, publishLag, signerReload, skew } =
    options;
  const { alg, publishedAt, destroyRetiring } = options;
  const changes = {
    rotateEvery: rotateEvery === 'never' ? null : rotateEvery,
    ...{ publishLag, cacheMaxAge, staleIfError, verifierCache, tokenTtl, signerReload, skew },
    alg: alg === 'any' ? null : alg?.split(',').map((name) => name.trim()),
    publishedAt: publishedAt?.join() === 'none' ? null : publishedAt,
    destroyRetiring: destroyRetiring === false ? null : destroyRetiring,
  };
  const said = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined));
  return { ...(options.for && productFacts[options.for]), ...said };
}

type Sets = readonly SetId[] | 'all';

async function show(session: Session, sets: Sets, options: PolicyOptions): Promise<void> {
  const { readPolicies } = await import('../../operations/set-policy.ts');
  const policies = await readPolicies(await session.reader(), session.clock(), sets);
  await session.printer.result({
    usual: 'table',
    json: () => ({ policies: policies.map(toPolicyJson) }),
    table: () =>
      policyTable(session, policies) + (options.explain === true ? explainPolicy(session, policies) : ''),
  });
  if (policies.length === 0) await session.printer.say('there are no sets yet; jwks create SET makes one');
  await session.finish();
}

async function change(
  session: Session,
  sets: Sets,
  changes: FactChanges,
  options: PolicyOptions,
): Promise<void> {
  const { setPolicy, describePolicy } = await import('../../operations/set-policy.ts');
  const { selectSets } = await import('../../operations/select-sets.ts');
  const keystore = await session.keystore();
  const named = sets === 'all' ? (await selectSets(keystore.reader, sets)).map(({ set }) => set) : sets;
  const base = session.settings.policy?.value;
  const changed = await inTurn(session, named, options, (set, request) =>
    setPolicy(keystore, { set, changes, base, ...request }),
  );
  const policies = changed.map(({ before, keys, policy, at }) =>
    describePolicy({ ...before, policy, keys: keys.filter((key) => !('isNew' in key)) }, at),
  );
  const moved = toChangesResult(session, changed, { json: { policies: policies.map(toPolicyJson) } });
  await printChange(session, changed, {
    ...moved,
    table: () =>
      policyTable(session, policies) +
      (options.explain === true ? explainPolicy(session, policies) : '') +
      (changed.some(({ steps }) => steps.length > 0) ? `\n${moved.table?.() ?? ''}` : ''),
  });
  for (const one of changed) await report(session, one);
  await session.finish();
}

async function report(session: Session, changed: Changed): Promise<void> {
  const name = escapeText(changed.set);
  if (changed.outcome === 'unchanged')
    return session.printer.say(`${name} has that policy already; nothing was done`);
  if (changed.outcome === 'planned')
    return session.printer.say(`${name} would have that policy; nothing was done`);
  const until = changed.policy?.was.reduce<Instant | undefined>(
    (last, one) => (last === undefined || one.until > last ? one.until : last),
    undefined,
  );
  if (until !== undefined) {
    const date = describeInstant(until, changed.at, session.host.stderr.isTerminal);
    await session.printer.say(`${name}: what was lowered counts at its old value until ${date}`);
  }
  if (changed.steps.length > 0) await sayNextSteps(session, changed);
  else if (changed.policy?.facts.rotateEvery !== undefined) {
    await session.printer.suggest('next', [
      [`jwks rotate${session.keystoreOption()} --due`, 'from cron, as often as you like'],
    ]);
  }
}
