// The commands in the order of the help, and the screen that a person sees first.
import { Command, type Help } from 'commander';
import type { CommandModule, Open } from './command.ts';
import * as algs from './commands/algs.ts';
import * as completion from './commands/completion.ts';
import * as config from './commands/config.ts';
import * as create from './commands/create.ts';
import * as exportCommand from './commands/export.ts';
import * as get from './commands/get.ts';
import * as init from './commands/init.ts';
import * as list from './commands/list.ts';
import * as secret from './commands/secret.ts';
import * as thumbprint from './commands/thumbprint.ts';
import { addGlobalOptions } from './global-options.ts';

/** Those above the line on the first screen, then the rest. */
const first: readonly CommandModule[] = [create, list, exportCommand];
const rest: readonly CommandModule[] = [get, init, secret, thumbprint, algs, config, completion];

export function makeProgram(version: string, open: Open): Command {
  const program = new Command('jwks');
  program
    .description('signing keys for OAuth 2.0 / OpenID Connect issuers: made, sealed at rest, published')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help')
    .showSuggestionAfterError(true)
    .exitOverride();
  addGlobalOptions(program);
  for (const module of [...first, ...rest]) module.register(program, open);
  const shown = first.length;
  program.configureHelp({
    formatHelp: (command, help) => (command === program ? firstScreen(program, help, shown) : plain(command, help)),
  });
  return program;
}

function firstScreen(program: Command, help: Help, shown: number): string {
  const commands = help.visibleCommands(program);
  const width = Math.max(...commands.map((command) => help.subcommandTerm(command).length)) + 2;
  const lines = commands.map(
    (command) => `  ${help.subcommandTerm(command).padEnd(width)}${help.subcommandDescription(command)}`,
  );
  const options = help
    .visibleOptions(program)
    .map((option) => `  ${help.optionTerm(option).padEnd(27)}${help.optionDescription(option)}`);
  return [
    `Usage: jwks <command> [options]\n\n${program.description()}\n`,
    ...lines.slice(0, shown),
    `  ${'─'.repeat(width - 2)}`,
    ...lines.slice(shown),
    '\nOptions of every command:',
    ...options,
    '\njwks <command> --help shows its options and two examples.\n',
  ].join('\n');
}

/** commander's own layout, which ends with where the options of every command are told. */
function plain(command: Command, help: Help): string {
  const usage = `Usage: ${help.commandUsage(command)}\n\n${help.commandDescription(command)}\n`;
  const options = help.visibleOptions(command).map((option) => [help.optionTerm(option), help.optionDescription(option)]);
  const subcommands = help
    .visibleCommands(command)
    .map((one) => [help.subcommandTerm(one), help.subcommandDescription(one)]);
  const width = Math.max(...[...options, ...subcommands].map(([term = '']) => term.length)) + 2;
  const section = (title: string, rows: string[][]) =>
    rows.length === 0 ? '' : `\n${title}:\n${rows.map(([term = '', text = '']) => `  ${term.padEnd(width)}${text}\n`).join('')}`;
  return `${usage}${section('Commands', subcommands)}${section('Options', options)}\nOptions of every command: jwks --help\n`;
}
