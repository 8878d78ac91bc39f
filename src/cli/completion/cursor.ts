// Where in a command line the cursor is: which command, behind which option, at which operand.
import type { Command, Option } from 'commander';

export interface Cursor {
  readonly command: Command;
  /** The option whose value is to stand at the cursor. */
  readonly option: Option | undefined;
  readonly operands: readonly string[];
  /** `--` was typed: what begins with a dash is no option. */
  readonly isOperand: boolean;
  /** The values of options, by the long one: the last that was given. */
  readonly given: ReadonlyMap<string, string>;
}

/** Reads what stands before the cursor as commander will, but for what is not finished. */
export function findCursor(program: Command, before: readonly string[]): Cursor {
  let command = program;
  let option: Option | undefined;
  let isOperand = false;
  const operands: string[] = [];
  const given = new Map<string, string>();
  for (const word of before) {
    const isDashed = !isOperand && word.startsWith('-') && word !== '-';
    if (option !== undefined && !(option.variadic && isDashed && given.has(option.long ?? ''))) {
      given.set(option.long ?? '', word);
      if (!option.variadic) option = undefined;
      continue;
    }
    option = undefined;
    if (isDashed) {
      isOperand = word === '--';
      const found = isOperand ? undefined : findOption(command, word);
      if (found?.value !== undefined) given.set(found.option.long ?? '', found.value);
      else if (found?.option.required) option = found.option;
      continue;
    }
    const next =
      operands.length === 0 ? command.commands.find((one) => one.name() === word && word !== '') : undefined;
    if (next !== undefined) command = next;
    // As in `ory create jwks SET`.
    else if (operands.length > 0 || !/^jwks?$/.test(word) || command.commands.length > 0) operands.push(word);
  }
  return { command, option, operands, isOperand, given };
}

/** A command's own options, then those of every command. */
export function optionsAt(command: Command): Option[] {
  const own = [...command.options];
  return command.parent === null ? own : [...own, ...optionsAt(command.parent)];
}

/** `--name`, `--name=value`, `-n` or `-nvalue`. */
function findOption(
  command: Command,
  word: string,
): { readonly option: Option; readonly value: string | undefined } | undefined {
  const isLong = word.startsWith('--');
  const [name = '', value] = isLong ? word.split(/=(.*)/s) : [word.slice(0, 2), word.slice(2) || undefined];
  const option = optionsAt(command).find((one) => (isLong ? one.long : one.short) === name);
  return option === undefined ? undefined : { option, value };
}
