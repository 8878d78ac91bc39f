// The commands in the order of the help, and how they are loaded.
import { Command } from 'commander';
import { JwksError, withoutUserinfo } from '../errors.ts';
import { type CommandModule, examples, type Open, operands, pathOf } from './command.ts';
import { addGlobalOptions } from './global-options.ts';
import { commandScreen, firstScreen } from './help-layout.ts';

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
  const needsAll = named.length === 0 || argv.includes('help');
  const modules = await Promise.all((needsAll ? entries : named).map(({ load }) => load()));
  const program = new Command('jwks');
  program
    .description('signing keys of OAuth 2.0 / OpenID Connect issuers, sealed and published')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .showSuggestionAfterError(true)
    .exitOverride();
  addGlobalOptions(program);
  program.configureHelp({
    formatHelp: (command, help) =>
      command === program ? firstScreen(program, help, first.length) : commandScreen(command, help),
  });
  // After the layout, which commands take over when they are made.
  for (const module of modules) module.register(program, open);
  addHelpCommand(program);
  return program;
}

/** commander's own knows one word, and `jwks help secret add` has two. */
function addHelpCommand(program: Command): void {
  program
    .command('help')
    .summary('show help')
    .description('Shows what a command is for, its options and two examples; without one, all commands.')
    .usage('[command]')
    .addArgument(operands({ command: 'the command, such as create or secret add' }))
    .addHelpText('after', () => examples('jwks help create', 'jwks help secret add'))
    .action((words: readonly string[]) => {
      let shown = program;
      for (const word of words) {
        const found = shown.commands.find((command) => command.name() === word);
        if (found === undefined)
          throw new JwksError('usage', `unknown command '${withoutUserinfo(words.join(' '))}'`, {
            hint: `${pathOf(shown)} --help`,
          });
        shown = found;
      }
      shown.help();
    });
}
