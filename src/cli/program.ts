// The commands in the order of the help, and the screen that a person sees first.
import { Command, type Help } from 'commander';
import type { CommandModule, Open } from './command.ts';
import { addGlobalOptions } from './global-options.ts';

interface Entry {
  readonly name: string;
  readonly load: () => Promise<CommandModule>;
}

/** Those above the line on the first screen, then the rest. */
const first: readonly Entry[] = [
  { name: 'create', load: () => import('./commands/create.ts') },
  { name: 'list', load: () => import('./commands/list.ts') },
  { name: 'export', load: () => import('./commands/export.ts') },
  { name: 'rotate', load: () => import('./commands/rotate.ts') },
  { name: 'revoke', load: () => import('./commands/revoke.ts') },
  { name: 'check', load: () => import('./commands/check.ts') },
];
const rest: readonly Entry[] = [
  { name: 'get', load: () => import('./commands/get.ts') },
  { name: 'import', load: () => import('./commands/import.ts') },
  { name: 'delete', load: () => import('./commands/delete.ts') },
  { name: 'policy', load: () => import('./commands/policy.ts') },
  { name: 'retire', load: () => import('./commands/retire.ts') },
  { name: 'timeline', load: () => import('./commands/timeline.ts') },
  { name: 'history', load: () => import('./commands/history.ts') },
  { name: 'sign', load: () => import('./commands/sign.ts') },
  { name: 'verify', load: () => import('./commands/verify.ts') },
  { name: 'explain', load: () => import('./commands/explain.ts') },
  { name: 'encrypt', load: () => import('./commands/encrypt.ts') },
  { name: 'decrypt', load: () => import('./commands/decrypt.ts') },
  { name: 'serve', load: () => import('./commands/serve.ts') },
  { name: 'init', load: () => import('./commands/init.ts') },
  { name: 'doctor', load: () => import('./commands/doctor.ts') },
  { name: 'secret', load: () => import('./commands/secret.ts') },
  { name: 'rekey', load: () => import('./commands/rekey.ts') },
  { name: 'backup', load: () => import('./commands/backup.ts') },
  { name: 'restore', load: () => import('./commands/restore.ts') },
  { name: 'copy', load: () => import('./commands/copy.ts') },
  { name: 'convert', load: () => import('./commands/convert.ts') },
  { name: 'lint', load: () => import('./commands/lint.ts') },
  { name: 'thumbprint', load: () => import('./commands/thumbprint.ts') },
  { name: 'algs', load: () => import('./commands/algs.ts') },
  { name: 'config', load: () => import('./commands/config.ts') },
  { name: 'completion', load: () => import('./commands/completion.ts') },
];
const entries = [...first, ...rest];
export const commandNames: readonly string[] = entries.map(({ name }) => name);

/** The program with the commands that `argv` names; where it names none, or asks for help, with all. */
export async function loadProgram(argv: readonly string[], version: string, open: Open): Promise<Command> {
  const named = entries.filter(({ name }) => argv.includes(name));
  const needsAll = named.length === 0 || argv.includes('help') || argv.includes('completion');
  const modules = await Promise.all((needsAll ? entries : named).map(({ load }) => load()));
  const program = new Command('jwks');
  program
    .description('signing keys of OAuth 2.0 / OpenID Connect issuers, sealed and published')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand('help [command]', 'show help')
    .showSuggestionAfterError(true)
    .exitOverride();
  addGlobalOptions(program);
  program.configureHelp({
    formatHelp: (command, help) => (command === program ? firstScreen(program, help) : plain(command, help)),
  });
  // After the layout, which commands take over when they are made.
  for (const module of modules) module.register(program, open);
  return program;
}

function firstScreen(program: Command, help: Help): string {
  const shown = first.length;
  const commands = help.visibleCommands(program);
  const width = Math.max(...commands.map((command) => termOf(command).length)) + 2;
  const lines = commands.map(
    (command) => `  ${termOf(command).padEnd(width)}${help.subcommandDescription(command)}`,
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

/** A command with its operands, as a person types it. */
function termOf(command: Command): string {
  return `${command.name()} ${command.usage()}`.replace(/ ?\[options\]/, '');
}

/** commander's own layout in 80 columns, which ends with where the options of every command are told. */
function plain(command: Command, help: Help): string {
  const usage = `Usage: ${help.commandUsage(command)}\n\n${help.boxWrap(help.commandDescription(command), columns)}\n`;
  const options = help
    .visibleOptions(command)
    .map((option): Row => [help.optionTerm(option), help.optionDescription(option)]);
  const subcommands = help
    .visibleCommands(command)
    .map((one): Row => [termOf(one), help.subcommandDescription(one)]);
  const width = Math.max(...[...options, ...subcommands].map(([term]) => term.length)) + 4;
  const lineOf = ([term, text]: Row) => {
    const wrapped = help.boxWrap(text, columns - width).replaceAll('\n', `\n${' '.repeat(width)}`);
    return `${`  ${term}`.padEnd(width)}${wrapped}\n`;
  };
  const section = (title: string, rows: readonly Row[]) =>
    rows.length === 0 ? '' : `\n${title}:\n${rows.map(lineOf).join('')}`;
  return `${usage}${section('Commands', subcommands)}${section('Options', options)}\nOptions of every command: jwks --help\n`;
}

type Row = readonly [term: string, text: string];
const columns = 80;
