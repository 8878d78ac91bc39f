// The names in a keystore that can stand at the cursor. Whoever presses a key asks for no secret, nor for a command
// that prints one, and never waits long.
import { setTimeout as pause } from 'node:timers/promises';
import { isDigest, parseSetId, setNameOf } from '../../keystore/set-id.ts';
import type { GlobalOptions } from '../global-options.ts';
import type { Host, Output } from '../host.ts';
import { Session } from '../session.ts';
import type { Candidate, Wanted } from './candidates.ts';
import type { Cursor } from './cursor.ts';

/** As long as somebody may wait for an answer: a database that is away gives none. */
const longest = 1_500;
/** So many sets are read, to leave out those that are deleted. */
const mostRead = 512;

export async function readNames(
  host: Host,
  { given, operands, command }: Cursor,
  kind: Exclude<Wanted['kind'], 'words' | 'files' | 'directories'>,
  start: string,
): Promise<readonly Candidate[]> {
  const session = await Session.start(silent(host), optionsFor(host, given), []);
  const work = {
    sets: () => readSets(session, start),
    kids: () => readKids(session, command.usage().includes('set-id...') ? operands : operands.slice(0, 1)),
    labels: () => readLabels(session),
  };
  const giveUp = pause(longest, [], { ref: false });
  return Promise.race([work[kind](), giveUp]);
}

function optionsFor(host: Host, given: Cursor['given']): GlobalOptions {
  const named = (
    [
      ['keystore', '--keystore'],
      ['config', '--config'],
      ['identity', '--identity'],
    ] as const
  ).flatMap(([name, flag]) => {
    const value = given.get(flag);
    return value === undefined ? [] : [[name, expand(value, host.env)] as const];
  });
  return { ...Object.fromEntries(named), format: 'table', quiet: true, input: false, color: false };
}

/** What a shell will make of a path: it hands over what was typed. */
function expand(text: string, env: Host['env']): string {
  return text
    .replace(/^~(?=\/|$)/, env['HOME'] ?? '~')
    .replace(/\$(?:(\w+)|\{(\w+)\})/g, (whole, plain, braced) => env[plain ?? braced] ?? whole);
}

async function readSets(session: Session, start: string): Promise<Candidate[]> {
  const reader = await session.reader(true);
  const names = (await reader.names()).filter((name) => isDigest(name) || setNameOf(name).startsWith(start));
  if (names.length > mostRead)
    return names.filter((name) => !isDigest(name)).map((name) => toSet(setNameOf(name)));
  const manifests = [...(await reader.readEach(names)).values()];
  const there = manifests.filter(({ deleted }) => deleted === undefined).map(({ set }) => set);
  return there.sort().map(toSet);
}

function toSet(text: string): Candidate {
  return { text, about: 'set' };
}

async function readKids(session: Session, operands: readonly string[]): Promise<Candidate[]> {
  const { listSets } = await import('../../operations/list-sets.ts');
  const sets = [...new Set(operands)].map(parseSetId);
  const listed = await listSets(await session.reader(true), session.clock(), { sets });
  return listed.flatMap(({ keys }) =>
    keys.map(({ key, state }) => ({ text: key.kid, about: `${key.alg}, ${state}` })),
  );
}

async function readLabels(session: Session): Promise<Candidate[]> {
  const { listSecrets } = await import('../../operations/secrets.ts');
  return listSecrets(await session.reader(true)).map(({ label, kind }) => ({ text: label, about: kind }));
}

/** What is said to a person would stand in the middle of the line that they are typing. */
function silent(host: Host): Host {
  const stderr: Output = { write: async () => {}, isTerminal: false, columns: 80 };
  return Object.create(host, { stderr: { value: stderr } });
}
