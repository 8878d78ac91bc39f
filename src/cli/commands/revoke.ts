// jwks revoke: keys leave the published set at once, and an honest report says who may go on trusting them.
import { type Command, Option } from 'commander';
import { commandLine, JwksError } from '../../errors.ts';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import { isTombstone, type RevocationReason, revocationReasons, stateOf } from '../../lifecycle/key.ts';
import { formatInstant } from '../../lifecycle/time.ts';
import type { Changed } from '../../operations/change-set.ts';
import { type Exposed, exposureAfter } from '../../operations/exposure.ts';
import type { RevokeRequest } from '../../operations/remove-keys.ts';
import { addChangeOptions, type ChangeOptions, changeRequest, printChange } from '../change-options.ts';
import { toChangesResult } from '../changes.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeInstant } from '../describe-time.ts';
import { abandonedRoles } from '../next-steps.ts';
import type { Result } from '../printer.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

interface RevokeOptions extends ChangeOptions {
  readonly signer?: boolean;
  readonly all?: boolean;
  readonly reason: RevocationReason;
  /** commander's `--no-successor`: false when it was given. */
  readonly successor: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('revoke')
    .summary('take a key out, and say who still trusts it')
    .description(
      'Takes keys out of publication at once and destroys their private halves; a successor signs in their place. The report says who may go on trusting them until when, and what to do about it.',
    )
    .usage('[options] <set-id> [key-id...]')
    .addArgument(
      operands({
        'set-id': 'the set that the keys are in',
        'key-id': 'the keys, by their kids; or --signer, or --all',
      }),
    )
    .option('--signer', 'the key that signs now; of each algorithm, where there are several')
    .option('--all', 'all keys of the set')
    .addOption(
      new Option('--reason <reason>', 'why (RFC 5280)')
        .choices([...revocationReasons])
        .default('keyCompromise'),
    )
    .option('--no-successor', 'make no key in their place');
  addChangeOptions(command).addHelpText('after', () =>
    examples('jwks revoke auth --signer', 'jwks revoke auth k-2025 --reason superseded'),
  );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set = '', ...kids] = operandsOf(command, { required: ['set-id'] });
    const options = optionsOf<RevokeOptions>(command);
    const request: RevokeRequest = {
      set: parseSetId(set),
      keys: chooseKeys(kids.map(parseKeyId), options),
      reason: options.reason,
      noSuccessor: !options.successor,
      ...changeRequest(session, options),
    };
    await session.printer.prepare();
    const { revokeKeys } = await import('../../operations/remove-keys.ts');
    const changed = await session.during('revoking', revokeKeys(await session.keystore(), request));
    await printChange(session, [changed], toReport(session, changed));
    await sayRest(session, changed);
    await session.finish();
  }
}

function chooseKeys(kids: readonly string[], { signer, all }: RevokeOptions): RevokeRequest['keys'] {
  const ways = [kids.length > 0, signer === true, all === true].filter(Boolean).length;
  if (ways > 1) throw new JwksError('usage', 'name keys, or use --signer or --all, not several of these');
  if (ways === 0)
    throw new JwksError('usage', 'which keys?', { hint: 'name them, or use --signer or --all' });
  return signer === true ? 'signer' : all === true ? 'all' : kids;
}

/** The keys, then who may go on trusting them, then what to do. */
function toReport(session: Session, changed: Changed): Result {
  const exposed = exposureAfter(changed);
  const tasks = tasksOf(session, changed);
  const trust = exposed.map(({ holder, until }) => ({ holder, until: formatInstant(until) }));
  const keys = toChangesResult(session, [changed], { json: { trust, tasks } });
  return {
    ...keys,
    table: () => {
      const { isTerminal } = session.host.stdout;
      const table = keys.table?.() ?? '';
      if (exposed.length === 0) return table;
      const on = ({ until }: Exposed) => describeInstant(until, changed.at, isTerminal);
      const width = Math.max(...exposed.map((one) => on(one).length));
      const holders = exposed
        .map((one) => `  until ${on(one).padEnd(width)}  ${words[one.holder]}\n`)
        .join('');
      const list = tasks.map((task, index) => `  ${index + 1}. ${task}\n`).join('');
      return `${table}\nMay go on trusting it, by the policy's facts:\n${holders}\nDo now:\n${list}`;
    },
  };
}

const words: Readonly<Record<Exposed['holder'], string>> = {
  publication: 'the published set, if you leave it to its usual job',
  caches: 'caches that keep to max-age',
  'stale-caches': 'caches that serve what is stale while their source fails',
  verifiers: 'verifiers that keep the set whatever its header says',
  'private-sets': 'hosts that have loaded the private set, which go on using it',
};

function tasksOf(session: Session, changed: Changed): string[] {
  const { set, keys, steps, before, at } = changed;
  const revoked = before.keys.filter(({ kid }) =>
    steps.some((step) => step.event === 'revoked' && step.kid === kid),
  );
  if (exposureAfter(changed).length === 0) return [];
  const line = (options: string) => commandLine('export', set, `${session.keystoreOption()}${options}`);
  const isPublic = revoked.some(({ symmetric }) => !symmetric);
  const signed = revoked.some(
    (key) => key.use === 'sig' && key.activates !== undefined && key.activates <= at,
  );
  const hasNew = steps.some(({ event }) => event === 'activated');
  const isLeft = keys.some((key) => !key.symmetric && !isTombstone(key, at));
  const worked = revoked.some((key) => key.held && stateOf(key, at) === 'active');
  const isLeak = revoked.some(
    ({ kid }) => keys.find((one) => one.kid === kid)?.revoked?.reason === 'keyCompromise',
  );
  const isAll = before.keys.every((key) => isTombstone(key, at) || revoked.includes(key));
  const lines = [
    isPublic && `publish the set without it: ${line(`${isLeft ? '' : ' --allow-empty'} -o FILE`)}`,
    isPublic && 'purge it from CDNs and proxies: /.well-known/jwks.json',
    worked &&
      hasNew &&
      `give the servers that use it their new keys, and restart them: ${line(' --private -o FILE')}`,
    worked && !hasNew && 'stop the servers that use it: they have no key in its place',
    isPublic &&
      signed &&
      `restart verifiers that keep the set${hasNew ? '; until then they also refuse what the successor signs' : ''}`,
    signed && 'have tokens that it signed issued again: all of them will be refused',
    isLeak &&
      !isAll &&
      `if whoever has the key may have the keystore and its secret too, revoke every key: ${commandLine('revoke', set, `${session.keystoreOption()} --all`)}`,
  ];
  return lines.filter((one) => one !== false);
}

async function sayRest(session: Session, changed: Changed): Promise<void> {
  const { printer } = session;
  const { set, steps, outcome, keys } = changed;
  const name = escapeText(set);
  if (outcome === 'unchanged')
    return printer.say(`${name}: all of these are revoked already; nothing was done`);
  if (outcome === 'planned') return printer.say(`that would be done with ${name}; nothing was`);
  for (const key of keys.filter(({ kid }) =>
    steps.some((step) => step.kid === kid && step.event === 'activated'),
  )) {
    const work = key.use === 'enc' ? 'is encrypted to with' : 'signs with';
    await printer.say(`${name} ${work} ${printer.kid(key.kid)} (${key.alg}) from now on`);
  }
  for (const role of abandonedRoles(changed))
    await printer.say(`nothing ${role} for ${name} now: jwks create makes a key`, { always: true });
}
