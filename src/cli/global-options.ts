// The options that every command takes, before or after its name.
import { type Command, InvalidArgumentError, Option } from 'commander';
import { JwksError } from '../errors.ts';
import type { Host } from './host.ts';

export interface GlobalOptions {
  readonly keystore?: string;
  /** The first that was given. */
  readonly secretFile?: string;
  /** All that were given: only `rekey` takes several. */
  readonly secretFiles?: readonly string[];
  readonly secretFd?: number;
  readonly identity?: string;
  readonly acceptRollback?: boolean;
  readonly config?: string;
  readonly format?: string;
  readonly output?: string;
  readonly outputMode?: number;
  readonly quiet?: boolean;
  readonly yes?: boolean;
  readonly force?: boolean;
  /** commander's `--no-input`: false when it was given. */
  readonly input: boolean;
  /** commander's `--no-color`: false when it was given. */
  readonly color: boolean;
  readonly debug?: boolean;
}

export function addGlobalOptions(program: Command): void {
  const secretFiles: string[] = [];
  program.setOptionValue('secretFiles', secretFiles);
  const options = [
    new Option('--keystore <place>', 'directory or postgres:// URL (default: ~/.local/share/jwks)'),
    new Option('--secret-file <path>', 'file with the secret, - for standard input').argParser((path) => {
      secretFiles.push(path);
      return secretFiles[0];
    }),
    new Option('--secret-fd <n>', 'open descriptor with the secret')
      .argParser(wholeNumber)
      .conflicts('secretFile'),
    new Option('--identity <fingerprint>', 'trust the keystore with this fingerprint'),
    new Option('--accept-rollback', 'take documents older than what this host has seen'),
    new Option('--config <file>', 'use this configuration and no project or user file'),
    new Option('--format <format>', 'table, json, json-pretty, yaml, jwks, jsonpath=E, jsonpointer=P'),
    new Option('-o, --output <file>', 'write the result to a file, whole or not at all'),
    new Option('--output-mode <mode>', 'mode of a new output file, such as 0640').argParser(fileMode),
    new Option('-q, --quiet', 'print ids only, and nothing on stderr but errors'),
    new Option('-y, --yes', 'answer yes to what would be asked'),
    new Option('--force', 'do it although it is unsafe or replaces a file'),
    new Option('--no-input', 'never ask'),
    new Option('--no-color', 'no colours'),
    new Option('--debug', 'show where in the code an error arose'),
    // Accepted for scripts that were written for Ory: public is all that is ever printed without --private.
    new Option('--public').hideHelp(),
  ];
  for (const option of options) program.addOption(option);
  program.hook('preAction', (_, command) => {
    if (secretFiles.length > 1 && command.name() !== 'rekey')
      throw new JwksError('usage', 'only rekey takes --secret-file more than once');
  });
}

/** A commander parser for a whole number that is not negative. */
export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It is no whole number.');
  return Number(text);
}

function fileMode(text: string): number {
  if (!/^0?[0-7]{3}$/.test(text)) throw new InvalidArgumentError('It is no octal mode such as 0640.');
  return Number.parseInt(text, 8);
}

/** Whether somebody is there to answer. */
export function canAsk(host: Host, options: GlobalOptions): boolean {
  return options.input && host.stderr.isTerminal && host.stdin.isTTY === true;
}
