// jwks import: keys from elsewhere, proved before they are taken in.
import type { Command } from 'commander';
import { JwksError } from '../../errors.ts';
import type { KidScheme } from '../../jose/generate.ts';
import type { ManifestKey } from '../../keystore/manifest.ts';
import { parseSetId } from '../../keystore/set-id.ts';
import { stateOf, type Use } from '../../lifecycle/key.ts';
import type { Instant } from '../../lifecycle/time.ts';
import type { Imported, ImportRequest } from '../../operations/import-keys.ts';
import { addChangeOptions, type ChangeOptions, changeRequest, printChange } from '../change-options.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeCount } from '../describe-count.ts';
import { describeInstant } from '../describe-time.ts';
import { passphraseFrom, readDecryptionKeys, readKeyFiles } from '../key-input.ts';
import { kidFromOption, useOption } from '../key-options.ts';
import { sayNextSteps } from '../next-steps.ts';
import type { Result } from '../printer.ts';
import type { Session } from '../session.ts';
import { policyForNew } from '../settings.ts';
import { publicHalf, toOrySet } from '../shapes.ts';
import { escapeText, formatTable } from '../terminal-text.ts';
import { instantArgument } from '../time-arguments.ts';

interface ImportOptions extends ChangeOptions {
  readonly alg?: string;
  readonly use?: Use;
  readonly kidFrom?: KidScheme;
  readonly passphraseFile?: string;
  readonly decryptWith?: string;
  readonly next?: boolean;
  readonly retiring?: boolean;
  readonly retireAt?: Instant;
  readonly private?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('import')
    .summary('take keys in from PEM, JWK, PKCS#12, SSH and more')
    .description(
      'Takes keys into a set: JWK, JWK Set, PEM, DER, PKCS#12, OpenSSH, also encrypted ones. Each is proved first; the first one signs from now on. A public key alone is only published.',
    )
    .usage('[options] <set-id> [file...]')
    .addArgument(
      operands({
        'set-id': 'the set, which is made if need be',
        file: 'what holds the keys; none or - is standard input',
      }),
    )
    .option('--alg <alg>', 'algorithm, where the file does not say')
    .addOption(useOption('sig or enc, where the file does not say'))
    .addOption(kidFromOption('how to make a key id, where the file has none'))
    .option('--passphrase-file <file>', 'file with the passphrase of what is encrypted')
    .option('--decrypt-with <file>', 'file with the private key that an encrypted JWK opens with')
    .option('--next', 'publish them now, and let them sign when all know them')
    .option('--retiring', 'they no longer sign, and are published until what they signed is over')
    .option('--retire-at <time>', 'with --retiring: until when (ISO 8601)', instantArgument)
    .option('--private', 'print the private halves');
  addChangeOptions(command).addHelpText('after', () =>
    examples('jwks import auth key.pem', 'jwks import auth old.jwks.json --retiring --retire-at 2027-01-31'),
  );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const [set = '', ...files] = operandsOf(command, { required: ['set-id'] });
    const options = optionsOf<ImportOptions>(command);
    const id = parseSetId(set);
    const placement = placementOf(options);
    const isDryRun = options.dryRun === true;
    const isPrivate = options.private === true;
    await session.printer.prepare({ isPrivate, hasJwks: true, hasFile: !isDryRun });
    const { importKeys, refuseFirst } = await import('../../operations/import-keys.ts');
    // Proved before a keystore is made for them.
    const incoming = await proveFiles(session, files, options);
    const policy = policyForNew(session.settings);
    const request = { set: id, incoming, placement, policy, ...changeRequest(session, options) };
    if (session.isFirstRun()) {
      const keys = refuseFirst(request, session.clock());
      if (isDryRun) return planFirst(session, id, keys);
    }
    const keystore = await session.keystore({ make: !isDryRun });
    const imported = await importKeys(keystore, request);
    await printChange(session, [imported], toResult(session, imported, isPrivate));
    await report(session, imported, isPrivate);
    await session.finish();
  }
}

/** Without a spinner, since a passphrase may be asked for. */
async function proveFiles(
  session: Session,
  files: readonly string[],
  { alg, use, kidFrom, passphraseFile, decryptWith: keyFile }: ImportOptions,
): Promise<ImportRequest['incoming']> {
  const { readIncoming } = await import('../../operations/import-keys.ts');
  const read = await readKeyFiles(session, files, [passphraseFile, keyFile]);
  const passphrase = passphraseFrom(session, passphraseFile);
  const decryptWith = keyFile === undefined ? [] : await readDecryptionKeys(session, keyFile, passphrase);
  const incoming = await readIncoming(read, { alg, use }, { passphrase, decryptWith }, kidFrom);
  for (const { proved } of incoming) {
    for (const repair of proved.repairs)
      await session.printer.say(`${escapeText(proved.where)}: ${escapeText(repair)}: mended`);
  }
  for (const { proved } of incoming) {
    if (alg !== undefined && proved.alg !== alg)
      await session.printer.say(`${escapeText(proved.where)}: its own alg counts, ${proved.alg}`);
  }
  return incoming;
}

async function planFirst(session: Session, set: string, keys: readonly ManifestKey[]): Promise<void> {
  const json = { usual: 'table', json: () => toOrySet(set, keys.map(publicHalf)), table: () => '' } as const;
  await session.printer.result(json);
  await session.printer.say(
    `a keystore would be made, and ${describeCount(keys.length, 'key')} taken in; nothing was done`,
  );
}

function placementOf({ next, retiring, retireAt }: ImportOptions) {
  if (next === true && retiring === true) throw new JwksError('usage', 'use --next or --retiring, not both');
  if (retireAt !== undefined && retiring !== true)
    throw new JwksError('usage', '--retire-at goes with --retiring');
  if (next === true) return { kind: 'next' } as const;
  return retiring === true
    ? ({ kind: 'retiring', retires: retireAt } as const)
    : ({ kind: 'active' } as const);
}

function toResult(
  session: Session,
  { set, at, imported, privateKeys }: Imported,
  isPrivate: boolean,
): Result {
  const jwks = imported.map((key) => (isPrivate ? privateKeys.get(key.kid) : undefined) ?? publicHalf(key));
  return {
    usual: 'jwks',
    json: () => toOrySet(set, jwks),
    jwks: () => ({ keys: jwks.filter((jwk) => isPrivate || jwk.kty !== 'oct') }),
    ids: imported.map(({ kid }) => kid),
    table: () =>
      formatTable(
        [
          { title: 'SET ID' },
          { title: 'KEY ID', shrinks: 'first' },
          { title: 'ALGORITHM' },
          { title: 'USE' },
          { title: 'STATE' },
        ],
        imported.map((key) => [set, key.kid, key.alg, key.use, stateOf(key, at)]),
        session.host.stdout,
      ),
  };
}

async function report(session: Session, changed: Imported, isPrivate: boolean): Promise<void> {
  const { printer } = session;
  const { set, at, imported, superseded, outcome } = changed;
  const name = escapeText(set);
  const first = imported.find((key) => key.held && stateOf(key, at) === 'active');
  if (first !== undefined && superseded !== undefined) {
    const how = outcome === 'planned' ? 'would be used' : 'is used';
    await printer.say(
      `${printer.kid(first.kid)} ${how} in place of ${printer.kid(superseded.kid)} at once: who has not fetched the set again may not know it; --next is the way without that`,
    );
  }
  if (outcome === 'planned') return sayNextSteps(session, changed);
  const what = isPrivate ? '; these are private halves: keep them secret' : '';
  await printer.say(`${name}: ${describeCount(imported.length, 'key')} taken in${what}`);
  if (first !== undefined) {
    const work = first.use === 'enc' ? 'is encrypted to with' : 'signs with';
    await printer.say(`${name} ${work} ${printer.kid(first.kid)} from now on`);
  }
  for (const key of imported) {
    const life = describeLife(session, changed, key, key === first);
    if (life !== undefined) await printer.say(`${printer.kid(key.kid)} ${life}`);
  }
  await sayNextSteps(session, changed);
}

/** What becomes of a key that was taken in, where it is not plain. */
function describeLife(
  session: Session,
  { at, keys }: Imported,
  key: ManifestKey,
  isFirst: boolean,
): string | undefined {
  const on = (date: Instant) => describeInstant(date, at, session.host.stderr.isTerminal);
  const verb = key.use === 'enc' ? 'is encrypted to' : 'signs';
  if (!key.held) {
    const others = keys.some((one) => one.held && one.alg === key.alg && one.use === key.use);
    return `has no private half: it is published, and never ${verb}${others ? '' : `; nothing does with ${key.alg} here`}`;
  }
  if (isFirst) return undefined;
  if (stateOf(key, at) === 'next')
    return key.activates === undefined
      ? `${verb} once it was seen where the policy says`
      : `${verb} from ${on(key.activates)}`;
  return stateOf(key, at) === 'retiring' && key.retires !== undefined
    ? `leaves ${on(key.retires)}`
    : undefined;
}
