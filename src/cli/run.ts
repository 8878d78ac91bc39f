// Runs one command line: words in, exit status out. The only place that turns errors into words.
import { CommanderError } from 'commander';
import { type ErrorCode, JwksError, withoutPasswords, withoutUserinfo } from '../errors.ts';
import type { Open } from './command.ts';
import { exitStatus } from './exit-status.ts';
import { toJson } from './format.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Host } from './host.ts';
import { commandNames, loadProgram } from './program.ts';
import { Session } from './session.ts';
import { escapeText } from './terminal-text.ts';

/** What the shells' completion asks by. It is no command: nobody types it, and no help shows it. */
export const completionWord = '__complete';

/** `argv` without the interpreter and the script; returns the exit status. */
export async function run(argv: readonly string[], host: Host, version = '0.0.0'): Promise<number> {
  if (argv[0] === completionWord) {
    const { complete } = await import('./completion/complete.ts');
    return complete(argv.slice(1), host, (open) => loadProgram([], version, open));
  }
  const printed: string[] = [];
  let configured: string | undefined;
  let isDatabase = false;
  const open: Open = async (command, action) => {
    const options = command.optsWithGlobals<GlobalOptions>();
    refuseEmpty(options);
    const session = await Session.start(host, options, argv);
    configured = session.settings.format?.value;
    const place = session.settings.keystore?.value;
    isDatabase = place !== undefined && place.directory === undefined;
    await action(session);
  };
  const program = await loadProgram(argv, version, open);
  for (const command of [program, ...program.commands, ...program.commands.flatMap((one) => one.commands)]) {
    command.configureOutput({ writeOut: (text) => void printed.push(text), writeErr: () => {} });
  }
  try {
    if (argv.length === 0) {
      await host.stderr.write(program.helpInformation());
      return exitStatus.usage;
    }
    await program.parseAsync([...argv], { from: 'user' });
    return 0;
  } catch (error) {
    try {
      if (!(error instanceof CommanderError) || error.exitCode !== 0) throw error;
      await host.stdout.write(printed.join(''));
      return 0;
    } catch (failure) {
      const isJson = wantsJson(argv, configured ?? host.env['JWKS_FORMAT']);
      const error = toJwksError(failure, argv);
      const hint = error.hint ?? (isDatabase ? usualForRows : usualHints)[error.code];
      return report(error, hint, isJson, host, argv.includes('--debug') ? failure : undefined);
    }
  }
}

/** An option whose value is an unset variable of a script names nothing, least of all the working directory. */
function refuseEmpty(options: GlobalOptions): void {
  const names = ['keystore', 'secretFile', 'identity', 'config', 'format', 'output'] as const;
  const empty = names.find((name) => options[name] === '');
  if (empty === undefined) return;
  const flag = empty.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  throw new JwksError('usage', `the value of --${flag} is empty`);
}

/** Options of `ory` that say where a server is: there is none here. */
const remoteOptions = [
  '-e',
  '--endpoint',
  '--project',
  '--workspace',
  '-H',
  '--http-header',
  '--skip-tls-verify',
];

function toJwksError(error: unknown, argv: readonly string[]): JwksError {
  if (error instanceof JwksError) return error;
  if (!(error instanceof CommanderError)) {
    return new JwksError('internal', 'this is a fault of jwks itself', {
      cause: error,
      hint: 'run it again with --debug and report what it shows',
    });
  }
  const command = argv.find((word) => commandNames.includes(word));
  const page = command === undefined ? 'jwks --help' : `jwks ${command} --help`;
  if (error.code === 'commander.help') {
    const message = command === undefined ? 'no command was named' : `${command} wants a command of its own`;
    return new JwksError('usage', message, { hint: page });
  }
  const remote = argv.find((word) =>
    remoteOptions.some((option) => word === option || word.startsWith(`${option}=`)),
  );
  if (error.code === 'commander.unknownOption' && remote !== undefined) {
    return new JwksError(
      'usage',
      `${remote.split('=')[0]} names a server, and these keys live in a local keystore`,
      {
        hint: 'say where with --keystore; ory itself is the client for a server',
      },
    );
  }
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n');
  const advice = suggestion?.replace(/^\((.*)\)$/, '$1').replace(/^Did/, 'did');
  return new JwksError('usage', inOurVoice(message), { hint: advice ?? page });
}

/** commander's words for a bad value as ours: `--bits abc is no whole number`. They quote what was typed. */
function inOurVoice(text: string): string {
  // What is assigned to an option that is not known may be a secret, or the URL of a keystore.
  const message = withoutUserinfo(text).replace(/^(unknown option '[^=]*)=.*$/s, "$1'");
  const invalid = /^option '(?:-\w, )?(--[\w-]+)[^']*' argument '(.*)' is invalid\. (?:It )?(.*?)\.?$/s.exec(
    message,
  );
  if (invalid === null) return message;
  const [, flag, value, fault = ''] = invalid;
  return `${flag} ${value} ${fault.replace(/^Allowed choices are/, 'is not one of')}`;
}

/** What helps with every error of a kind, where the error itself has nothing better. */
const usualHints: Readonly<Partial<Record<ErrorCode, string>>> = {
  damaged: 'put the file back from a copy; other sets are not touched by it',
};

/** The same where the keystore is in a database. */
const usualForRows: typeof usualHints = {
  damaged: 'put it back from a backup: jwks restore FILE SET --force; other sets are not touched by it',
};

async function report(
  error: JwksError,
  advice: string | undefined,
  isJson: boolean,
  host: Host,
  thrown: unknown,
): Promise<number> {
  const { code } = error;
  // Words of the command line may be quoted in them.
  const message = withoutPasswords(error.message);
  const hint = advice && withoutPasswords(advice);
  if (isJson) {
    await host.stderr.write(`${toJson({ error: { code, message, hint } })}\n`);
  } else {
    const line = hint === undefined ? '' : `hint: ${escapeText(hint)}\n`;
    await host.stderr.write(`jwks: ${escapeText(message)}\n${line}`);
  }
  if (thrown instanceof Error) await host.stderr.write(`${stackOf(thrown)}\n`);
  return exitStatus[code];
}

/** Only where in our code: the message of a foreign error may quote its input, also a line that looks like a frame. */
function stackOf(error: Error): string {
  const { stack = '', message } = error;
  const end = stack.indexOf(message) + message.length;
  const frames = stack
    .slice(stack.includes(message) ? end : stack.length)
    .split('\n')
    .filter((line) => /^\s+at /.test(line));
  const cause = error.cause instanceof Error ? `\n  caused by ${error.cause.name}` : '';
  return `${error.name}${cause}\n${frames.join('\n')}`;
}

/** Whether an error is to be JSON: known also when the command line itself could not be read. */
function wantsJson(argv: readonly string[], configured: string | undefined): boolean {
  const given = argv.flatMap((word, index) =>
    word === '--format'
      ? [argv[index + 1] ?? '']
      : word.startsWith('--format=')
        ? [word.slice('--format='.length)]
        : [],
  );
  return /^json/.test(given.at(-1) ?? configured ?? '');
}
