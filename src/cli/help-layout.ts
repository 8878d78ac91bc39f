// How help looks: the screen that a person sees first, and that of one command, in 80 columns.
import type { Command, Help, Option } from 'commander';
import { meaningsOf } from './command.ts';

type Row = readonly [term: string, text: string];
const columns = 80;

/** `above`: how many commands stand above the line. */
export function firstScreen(program: Command, help: Help, above: number): string {
  const commands = help.visibleCommands(program);
  const width = Math.max(...commands.map((command) => termOf(command).length)) + 2;
  const lines = commands.map(
    (command) => `  ${termOf(command).padEnd(width)}${help.subcommandDescription(command)}`,
  );
  const options = help
    .visibleOptions(program)
    .map((option) => lineOf(help, 29, [help.optionTerm(option), describeOption(option)]));
  return [
    `Usage: jwks <command> [options]\n\n${program.description()}\n`,
    ...lines.slice(0, above),
    `  ${'─'.repeat(width - 2)}`,
    ...lines.slice(above),
    '\nOptions of every command:',
    options.join(''),
    'jwks <command> --help shows its options and two examples.\n',
  ].join('\n');
}

/** A command with its operands, as a person types it. */
function termOf(command: Command): string {
  return `${command.name()} ${command.usage()}`.replace(/ (?:\[options\]|--\S+ <\w+>)/g, '');
}

/** A term and, from a column on, what it means. */
function lineOf(help: Help, width: number, [term, text]: Row): string {
  const wrapped = help.boxWrap(text, columns - width).replaceAll('\n', `\n${' '.repeat(width)}`);
  return `${`  ${term}`.padEnd(width)}${wrapped}\n`;
}

/** One command; it ends with where the options of every command are told. */
export function commandScreen(command: Command, help: Help): string {
  const usage = `Usage: ${help.commandUsage(command)}\n\n${help.boxWrap(help.commandDescription(command), columns)}\n`;
  const operands = meaningsOf(command);
  const options = help
    .visibleOptions(command)
    .map((option): Row => [help.optionTerm(option), describeOption(option)]);
  const subcommands = help
    .visibleCommands(command)
    .map((one): Row => [termOf(one), help.subcommandDescription(one)]);
  const width = Math.max(...[...operands, ...options, ...subcommands].map(([term]) => term.length)) + 4;
  const section = (title: string, rows: readonly Row[]) =>
    rows.length === 0 ? '' : `\n${title}:\n${rows.map((row) => lineOf(help, width, row)).join('')}`;
  const sections = [
    section('Arguments', operands),
    section('Commands', subcommands),
    section('Options', options),
  ];
  return `${usage}${sections.join('')}\nOptions of every command: jwks --help\n`;
}

/** What an option means, the values that it takes where the words do not say them, and its default. */
export function describeOption(option: Option): string {
  const { description, argChoices = [], defaultValue, defaultValueDescription } = option;
  const isTold = argChoices.every((choice) => description.split(/\W+/).includes(choice));
  const choices = isTold ? '' : `: ${argChoices.join(', ')}`;
  // Of a flag commander holds the value that it has when it is not given.
  const isFlag = defaultValue === undefined || typeof defaultValue === 'boolean';
  const value = defaultValueDescription ?? (isFlag ? undefined : String(defaultValue));
  const standard = value === undefined ? '' : ` (default: ${value})`;
  return `${description}${choices}${standard}`;
}
