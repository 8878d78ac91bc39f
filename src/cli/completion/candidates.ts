// What can stand at the cursor, as far as the declarations of the commands say it.
import type { Command, Option } from 'commander';
import { algorithms, curves } from '../../jose/algorithms.ts';
import { meaningsOf } from '../command.ts';
import { plainFormats } from '../format.ts';
import { describeOption } from '../help-layout.ts';
import { type Cursor, optionsAt } from './cursor.ts';
import { shells } from './script.ts';

export interface Candidate {
  readonly text: string;
  readonly about: string;
}

export type Wanted =
  | { readonly kind: 'words'; readonly words: readonly Candidate[] }
  | { readonly kind: 'files' | 'directories' | 'sets' | 'kids' | 'labels' };

/** What is to stand at the cursor; `head` is what stands there already and stays, such as `--alg=`. */
export function wantedAt(
  cursor: Cursor,
  current: string,
): { readonly head: string; readonly wanted: Wanted } {
  const { command, option, isOperand } = cursor;
  if (option !== undefined) return { head: '', wanted: valuesFor(option, command) };
  const assigned = isOperand ? null : /^(--[a-z-]+)=/.exec(current);
  if (assigned !== null) {
    const given = optionsAt(command).find(({ long }) => long === assigned[1]);
    return { head: assigned[0], wanted: given?.required ? valuesFor(given, command) : nothing };
  }
  if (!isOperand && current.startsWith('-')) return { head: '', wanted: optionWords(command) };
  return { head: '', wanted: operandAt(cursor) };
}

const nothing: Wanted = { kind: 'words', words: [] };

function optionWords(command: Command): Wanted {
  const shown = optionsAt(command).filter(({ hidden }) => !hidden);
  const words = shown.map((option) => ({
    text: option.long ?? option.short ?? '',
    about: describeOption(option),
  }));
  return { kind: 'words', words: [...words, { text: '--help', about: 'show help' }] };
}

function operandAt({ command, operands }: Cursor): Wanted {
  if (command.name() === 'help') return commandsBelow(operands, command.parent);
  if (command.commands.length > 0) return operands.length > 0 ? nothing : commandsBelow([], command);
  const names = meaningsOf(command).map(([name]) => name);
  const last = names.at(-1) ?? '';
  const name = names[operands.length] ?? (command.usage().includes(`${last}...`) ? last : '');
  switch (name) {
    case 'set-id':
      return { kind: 'sets' };
    case 'key-id':
      // A key that is made has a name that none has yet.
      return command.name() === 'create' ? nothing : { kind: 'kids' };
    case 'label':
      return { kind: 'labels' };
    case 'file':
    case 'file|url|-':
      return { kind: 'files' };
    case 'shell':
      return toWords(shells);
    default:
      return nothing;
  }
}

function commandsBelow(path: readonly string[], from: Command | null): Wanted {
  let command = from ?? undefined;
  for (const word of path) command = command?.commands.find((one) => one.name() === word);
  const words = command?.commands.map((one) => ({ text: one.name(), about: one.summary() }));
  return { kind: 'words', words: words ?? [] };
}

/** By the option, else by what its usage calls the value. */
function valuesFor(option: Option, command: Command): Wanted {
  if (option.argChoices !== undefined) return toWords(option.argChoices);
  const known = values[option.long ?? ''];
  if (known !== undefined) return toWords(known(command.name()));
  switch (/<([^.>]+)/.exec(option.flags)?.[1]) {
    case 'file':
    case 'path':
      return { kind: 'files' };
    case 'place':
      return { kind: option.long === '--jwks' ? 'files' : 'directories' };
    case 'set-id':
      return { kind: 'sets' };
    case 'kid':
      return { kind: 'kids' };
    case 'label':
      return { kind: 'labels' };
    default:
      return nothing;
  }
}

const values: Readonly<Record<string, (command: string) => readonly string[]>> = {
  '--alg': (command) => [...algorithms.map(({ alg }) => alg), ...(command === 'policy' ? ['any'] : [])],
  '--crv': () => Object.keys(curves),
  '--enc': () => ['A128GCM', 'A192GCM', 'A256GCM', 'A128CBC-HS256', 'A192CBC-HS384', 'A256CBC-HS512'],
  '--bits': () => ['2048', '3072', '4096'],
  '--format': (command) => [...plainFormats, 'jsonpath=', 'jsonpointer=', ...(ownFormats[command] ?? [])],
  '--output-mode': () => ['0600', '0640', '0644'],
  '--content-type': () => ['application/jwk-set+json', 'application/json'],
  '--rotate-every': () => ['30d', '90d', '180d', '365d', 'never'],
};

const ownFormats: Readonly<Record<string, readonly string[]>> = {
  check: ['prometheus', 'nagios'],
  lint: ['sarif'],
};

function toWords(texts: readonly string[]): Wanted {
  return { kind: 'words', words: texts.map((text) => ({ text, about: '' })) };
}
