// docs/commands.md: all commands on one page.
import { exitMeanings } from './every-command.ts';
import type { Entry, Page } from './page.ts';

export function toMarkdown(program: Page): string {
  const pages = program.below.flatMap((page) => [page, ...page.below]);
  const parts = [
    '<!-- Made by `npm run reference` from the declarations in src/cli/commands. Change those. -->',
    '# Commands',
    'What `jwks <command> --help` says, on one page. `man jwks-<command>` has it too where the package is installed with its manual pages.',
    program.below
      .map((page) => `- [\`${page.name}\`](#${anchorOf(page)}): ${inMarkdown(page.summary)}`)
      .join('\n'),
    '## Options of every command',
    'They stand before or after the command.',
    listOf(program.options),
    '## Exit codes',
    listOf(Object.entries(exitMeanings)),
    ...pages.flatMap((page) => sectionOf(page, page.name.split(' ').length)),
  ];
  return `${parts.join('\n\n')}\n`;
}

function sectionOf(page: Page, depth: number): string[] {
  const part = (title: string, entries: readonly Entry[]) =>
    entries.length === 0 ? [] : [`${title}:`, listOf(entries)];
  return [
    `${'#'.repeat(depth)} ${page.name}`,
    fence('text', [page.usage]),
    inMarkdown(page.description),
    ...part('Arguments', page.operands),
    ...part(
      'Commands',
      page.below.map(({ name, summary }) => [name, summary] as const),
    ),
    ...part(
      'Options',
      page.options.filter(([term]) => term !== '-h, --help'),
    ),
    'Examples:',
    fence('sh', page.examples),
    ...part('Exit codes', page.exitCodes),
  ];
}

function listOf(entries: readonly Entry[]): string {
  return entries.map(([term, meaning]) => `- \`${term}\`: ${inMarkdown(meaning)}`).join('\n');
}

function fence(language: string, lines: readonly string[]): string {
  return ['```'.concat(language), ...lines, '```'].join('\n');
}

function anchorOf({ name }: Page): string {
  return name.replaceAll(' ', '-');
}

function inMarkdown(text: string): string {
  return text.replace(/[<>*`[\]]/g, '\\$&');
}
