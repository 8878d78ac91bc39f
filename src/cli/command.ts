// How a command is declared: its words, its examples, and an action that gets a session.
import type { Command } from 'commander';
import { JwksError } from '../errors.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Session } from './session.ts';

/** Runs an action with a session for the options of a command. */
export type Open = (command: Command, action: (session: Session) => Promise<void>) => Promise<void>;

export interface CommandModule {
  readonly register: (program: Command, open: Open) => void;
}

/** The lines under `Examples:` in a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}\n`).join('')}`;
}

/**
 * The words behind a command's name, without a leading `jwk` or `jwks` (as in `ory create jwks SET`). Too few or
 * too many are a usage error.
 */
export function operandsOf(
  command: Command,
  names: { readonly required: readonly string[]; readonly most: number },
): string[] {
  const [first, ...others] = command.args;
  const operands = first === 'jwk' || first === 'jwks' ? others : command.args;
  const missing = names.required[operands.length];
  if (missing !== undefined) {
    throw new JwksError('usage', `missing argument '${missing}'`, { hint: `jwks ${command.name()} --help` });
  }
  if (operands.length > names.most) {
    throw new JwksError('usage', `too many arguments: ${command.name()} takes at most ${names.most}`, {
      hint: `jwks ${command.name()} --help`,
    });
  }
  return operands;
}

/** The options of a command together with the global ones. */
export function optionsOf<T extends object>(command: Command): T & GlobalOptions {
  return command.optsWithGlobals<T & GlobalOptions>();
}
