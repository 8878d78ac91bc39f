// jwks get: the keys of sets as Ory shows them.
import type { Command } from 'commander';
import { parseKeyId, parseSetId } from '../../keystore/set-id.ts';
import { formatInstant } from '../../lifecycle/time.ts';
import type { GetRequest, GotSet } from '../../operations/get-keys.ts';
import { examples, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import type { Result } from '../printer.ts';
import type { Session } from '../session.ts';
import { publicHalf, toOryKey, toOrySet } from '../shapes.ts';
import { formatTable } from '../terminal-text.ts';
import { paintState } from './list.ts';

interface GetOptions {
  readonly kid?: string;
  readonly private?: boolean;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('get')
    .summary("show a set's keys in Ory's shapes")
    .description('Shows the keys of sets as Ory does: newest first, every key that is not a tombstone.')
    .usage('[options] <set-id...>')
    .addArgument(operands({ 'set-id': 'the sets to show' }))
    .option('--kid <kid>', 'only this key', parseKeyId)
    .option('--private', 'with the private halves')
    .addHelpText('after', () =>
      examples('jwks get auth --format json', 'jwks get auth --format jsonpath=keys.0.kid'),
    );
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    const sets = operandsOf(command, { required: ['set-id'] }).map(parseSetId);
    const { kid, private: isPrivate = false } = optionsOf<GetOptions>(command);
    const request = { sets, kid };
    await session.printer.prepare({ isPrivate, hasJwks: true });
    const got = await (isPrivate ? readPrivate(session, request) : read(session, request));
    await session.printer.result(toResult(session, got));
    await session.finish();
  }
}

async function read(session: Session, request: GetRequest): Promise<GotSet[]> {
  const { getKeys } = await import('../../operations/get-keys.ts');
  return getKeys(await session.reader(), session.clock(), request);
}

async function readPrivate(session: Session, request: GetRequest): Promise<GotSet[]> {
  const { getPrivateKeys } = await import('../../operations/get-keys.ts');
  const got = await getPrivateKeys(await session.keystore(), session.clock(), request);
  await session.printer.sayPrivate();
  return got;
}

function toResult(session: Session, sets: readonly GotSet[]): Result {
  const keys = sets.flatMap(({ manifest, keys, privateKeys }) =>
    keys.map(({ key, state }) => ({
      set: manifest.set,
      key,
      state,
      jwk: privateKeys.get(key.kid) ?? publicHalf(key),
    })),
  );
  const [first] = keys;
  const [onlySet] = sets;
  const all = { keys: keys.map(({ set, jwk }) => toOryKey(set, jwk)) };
  const shape =
    sets.length > 1 || onlySet === undefined
      ? all
      : keys.length === 1 && first !== undefined
        ? toOryKey(first.set, first.jwk)
        : toOrySet(
            onlySet.manifest.set,
            keys.map(({ jwk }) => jwk),
          );
  return {
    usual: 'table',
    json: () => shape,
    jwks: () => ({
      keys: keys.filter(({ key, jwk }) => !key.symmetric || Object.hasOwn(jwk, 'k')).map(({ jwk }) => jwk),
    }),
    ids: keys.map(({ key }) => key.kid),
    table: () =>
      formatTable(
        [
          { title: 'SET ID', shrinks: 'last' },
          { title: 'KEY ID', shrinks: 'first' },
          { title: 'ALGORITHM' },
          { title: 'USE' },
          { title: 'STATE' },
          { title: 'CREATED' },
        ],
        keys.map(({ set, key, state }) => [
          set,
          key.kid,
          key.alg,
          key.use,
          state,
          formatInstant(key.created),
        ]),
        session.host.stdout,
        paintState(session),
      ),
  };
}
