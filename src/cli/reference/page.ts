// What there is to say of a command, read from its own declarations: for the reference and the manual pages.
import type { Command } from 'commander';
import { meaningsOf, pathOf } from '../command.ts';
import { describeOption } from '../help-layout.ts';

/** A term and what it means. */
export type Entry = readonly [term: string, meaning: string];

export interface Page {
  /** As typed: `jwks secret add`. */
  readonly name: string;
  readonly summary: string;
  readonly description: string;
  readonly usage: string;
  readonly operands: readonly Entry[];
  readonly options: readonly Entry[];
  readonly examples: readonly string[];
  /** Only of a command that answers with them. */
  readonly exitCodes: readonly Entry[];
  readonly below: readonly Page[];
}

export function toPage(command: Command): Page {
  const help = command.createHelp();
  const after = textAfterHelp(command);
  return {
    name: pathOf(command),
    summary: command.summary(),
    description: command.description(),
    usage: `${pathOf(command)} ${command.usage()}`,
    operands: meaningsOf(command),
    options: help
      .visibleOptions(command)
      .map((option) => [help.optionTerm(option).replace(/^ +/, ''), describeOption(option)] as const),
    examples: [...after.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line = '']) => line),
    exitCodes: [...after.matchAll(/^ {2}(\d+) {2}(.*)$/gm)].map(([, code = '', text = '']) => [code, text]),
    below: command.commands.map(toPage),
  };
}

/** commander keeps it to itself until help is shown. */
function textAfterHelp(command: Command): string {
  let text = '';
  command.configureOutput({
    writeOut: (more) => {
      text += more;
    },
  });
  command.outputHelp();
  return text.slice(text.indexOf('\nExamples:'));
}
