// What every command that changes sets has in common: its options, and a result that tells what was done.
import type { Command } from 'commander';
import { JwksError } from '../errors.ts';
import type { SetId } from '../keystore/set-id.ts';
import type { Changed } from '../operations/change-set.ts';
import type { Result } from './printer.ts';
import type { Session } from './session.ts';

export interface ChangeOptions {
  readonly note?: string;
  readonly dryRun?: boolean;
}

export function addChangeOptions(command: Command): Command {
  return command
    .option('--note <text>', 'a note for the history')
    .option('--dry-run', 'say what would be done, and do nothing');
}

export function changeRequest(session: Session, { note, dryRun }: ChangeOptions) {
  return { note, dryRun, force: session.options.force };
}

/** Prints the result of a change. Where that fails the change is made all the same, and the error says so. */
export async function printChange(session: Session, sets: readonly Changed[], result: Result): Promise<void> {
  try {
    await session.printer.result(result);
  } catch (error) {
    const made = sets.filter(({ outcome }) => outcome === 'changed').map(({ set }) => `"${set}"`);
    if (made.length === 0 || !(error instanceof JwksError)) throw error;
    throw new JwksError(
      error.code,
      `${error.message}; what was asked for is done all the same (set ${made.join(', ')})`,
      {
        hint: 'jwks list shows it',
        cause: error,
      },
    );
  }
}

/**
 * Works on one set after the other. Of several sets all are asked first, so that a refusal changes nothing; where
 * one fails all the same, the error says which were done before it.
 */
export async function inTurn(
  session: Session,
  sets: readonly SetId[],
  options: ChangeOptions,
  work: (set: SetId, request: ReturnType<typeof changeRequest>) => Promise<Changed>,
): Promise<Changed[]> {
  const request = changeRequest(session, options);
  if (sets.length > 1 && options.dryRun !== true) {
    for (const set of sets) await work(set, { ...request, dryRun: true });
  }
  const done: Changed[] = [];
  for (const set of sets) {
    try {
      if (session.host.shield.isPending === true)
        throw new JwksError('interrupted', `set "${set}" was not begun`);
      done.push(await work(set, request));
    } catch (error) {
      const changed = done.filter(({ outcome }) => outcome === 'changed').map((one) => `"${one.set}"`);
      if (!(error instanceof JwksError) || changed.length === 0) throw error;
      const message = `${error.message}; done before that: ${changed.join(', ')}`;
      throw new JwksError(error.code, message, { hint: error.hint, cause: error });
    }
  }
  return done;
}
