// How a command is declared: its words, its examples, and an action that gets a session.
import { Argument, type Command } from 'commander';
import { JwksError } from '../errors.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Session } from './session.ts';

/** Runs an action with a session for the options of a command. */
export type Open = (command: Command, action: (session: Session) => Promise<void>) => Promise<void>;

export interface CommandModule {
  readonly register: (program: Command, open: Open) => void;
}

/** What the words behind a command's name mean, by the names that its usage has for them. */
type Meanings = Readonly<Record<string, string>>;

class Operands extends Argument {
  readonly meanings: Meanings;

  constructor(meanings: Meanings) {
    super('[operands...]');
    this.meanings = meanings;
  }
}

/**
 * The operands of a command. To commander they are any number of words: how many there may be is checked by
 * `operandsOf`, which knows of a leading `jwks`.
 */
export function operands(meanings: Meanings = {}): Argument {
  return new Operands(meanings);
}

/** The operands with their meaning, in the order of the usage. */
export function meaningsOf(command: Command): [name: string, meaning: string][] {
  return command.registeredArguments.flatMap((argument) =>
    argument instanceof Operands ? Object.entries(argument.meanings) : [],
  );
}

/** The lines under `Examples:` in a command's help. */
export function examples(...lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** The lines under `Exit codes:`, for a command that answers with them. */
export function exitCodes(meanings: Readonly<Record<number, string>>): string {
  const lines = Object.entries(meanings).map(([code, meaning]) => `  ${code}  ${meaning}`);
  return `\nExit codes:\n${lines.join('\n')}`;
}

/** A command with those above it: `jwks secret add`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}

/**
 * The words behind a command's name, without a leading `jwk` or `jwks` (as in `ory create jwks SET`). Too few or
 * too many are a usage error; `most` absent: there may be any number.
 */
export function operandsOf(
  command: Command,
  names: { readonly required: readonly string[]; readonly most?: number | undefined },
): string[] {
  const [first, ...others] = command.args;
  const operands = first === 'jwk' || first === 'jwks' ? others : command.args;
  const missing = names.required[operands.length];
  if (missing !== undefined) {
    throw new JwksError('usage', `missing argument '${missing}'`, { hint: `${pathOf(command)} --help` });
  }
  if (names.most !== undefined && operands.length > names.most) {
    throw new JwksError('usage', `too many arguments: ${command.name()} takes at most ${names.most}`, {
      hint: `${pathOf(command)} --help`,
    });
  }
  return operands;
}

/** A parser for an option that may be repeated: all its values, in their order. */
export function collect(value: string, previous: readonly string[] = []): string[] {
  return [...previous, value];
}

/** The options of a command together with the global ones. */
export function optionsOf<T extends object>(command: Command): T & GlobalOptions {
  return command.optsWithGlobals<T & GlobalOptions>();
}
