// Manual pages in the man macros (groff_man(7), mandoc's man(7)).
import { exitMeanings, files, variables } from './every-command.ts';
import type { Entry, Page } from './page.ts';

export interface ManPage {
  readonly file: string;
  readonly text: string;
}

/** One of the whole and one of each command; what stands below a command is on its page. */
export function toManPages(program: Page, version: string): ManPage[] {
  return [toManPage(program, overview(program), version)].concat(
    program.below.map((page) => toManPage(page, commandPage(page, program), version)),
  );
}

function toManPage(page: Page, body: readonly string[], version: string): ManPage {
  const title = dashed(page);
  const head = [
    '.\\" Made by scripts/reference.js from the declarations in src/cli/commands.',
    // Without a date: the same sources give the same page.
    `.TH ${title.toUpperCase()} 1 "" ${quoted(`jwks ${version}`)} "jwks manual"`,
    '.nh',
    '.ad l',
    '.SH NAME',
    `${roff(title)} \\- ${roff(page.summary === '' ? page.description : page.summary)}`,
  ];
  return { file: `${title}.1`, text: `${[...head, ...body].join('\n')}\n` };
}

function overview(program: Page): string[] {
  return [
    '.SH SYNOPSIS',
    ...synopsis('jwks <command> [options]'),
    '.SH DESCRIPTION',
    text(
      'Makes keys, seals them in a keystore, publishes their public halves as a JWK Set (RFC 7517), and replaces them so that no verifier meets a key that it does not know. Every command has a page of its own, such as jwks-create(1).',
    ),
    '.SH COMMANDS',
    ...terms(program.below.map((page) => [`${dashed(page)}(1)`, page.summary] as const)),
    '.SH OPTIONS',
    'They stand before or after the command.',
    ...terms(program.options),
    '.SH EXIT STATUS',
    ...terms(Object.entries(exitMeanings)),
    '.SH ENVIRONMENT',
    ...terms(variables),
    '.SH FILES',
    ...terms(files),
    '.SH EXAMPLES',
    text('A set with a key, what verifiers fetch of it, and a successor every 90 days:'),
    ...sample([
      'jwks create --alg ES256 auth',
      'jwks export auth -o /var/www/.well-known/jwks.json',
      'jwks policy auth --rotate-every 90d',
      'jwks rotate --due',
    ]),
    '.SH SEE ALSO',
    seeAlso(program.below),
  ];
}

function commandPage(page: Page, program: Page): string[] {
  const others = program.below.filter(({ name }) => name !== page.name);
  const named = others.filter(({ name }) => textOf(page).includes(name));
  return [
    '.SH SYNOPSIS',
    ...synopsis(page.usage),
    '.SH DESCRIPTION',
    text(page.description),
    ...part('.SH ARGUMENTS', page.operands),
    ...(page.below.length === 0 ? [] : ['.SH COMMANDS', ...page.below.flatMap(subsection)]),
    '.SH OPTIONS',
    ...terms(page.options),
    '.PP',
    'The options of every command are in',
    '.BR jwks (1).',
    '.SH EXIT STATUS',
    ...(page.exitCodes.length === 0 ? ['As in'] : [...terms(page.exitCodes), '.PP', 'Others as in']),
    '.BR jwks (1).',
    '.SH EXAMPLES',
    ...sample(page.examples),
    '.SH SEE ALSO',
    seeAlso([program, ...named]),
  ];
}

/** All that is said on a page, to find the commands that it names. */
function textOf(page: Page): string {
  return [page.description, ...page.options.flat(), ...page.below.map(textOf)].join(' ');
}

function subsection(page: Page): string[] {
  return [
    `.SS ${quoted(page.name)}`,
    ...synopsis(page.usage),
    '.PP',
    text(page.description),
    ...terms([...page.operands, ...page.options.filter(([term]) => term !== '-h, --help')]),
    '.PP',
    ...sample(page.examples),
  ];
}

function part(title: string, entries: readonly Entry[]): string[] {
  return entries.length === 0 ? [] : [title, ...terms(entries)];
}

function terms(entries: readonly Entry[]): string[] {
  return entries.flatMap(([term, meaning]) => ['.TP', `.B ${quoted(term)}`, text(meaning)]);
}

/** The words of the command stand out from what is to be put in. */
function synopsis(usage: string): string[] {
  const [, name = '', rest = ''] = /^(.*?)(?: ([<[].*)| (--.*))?$/.exec(usage) ?? [];
  return [`.B ${quoted(name)}`, ...(rest === '' ? [] : [roff(rest)])];
}

function sample(lines: readonly string[]): string[] {
  return ['.nf', '.RS 4', ...lines.map(roff), '.RE', '.fi'];
}

function seeAlso(pages: readonly Page[]): string {
  return pages.map((page) => `.BR ${quoted(dashed(page))} (1)`).join(',\n');
}

function dashed({ name }: Page): string {
  return name.replaceAll(' ', '-');
}

/** Running text, a sentence broken where a line is long: what begins one is never taken for a request. */
function text(words: string): string {
  const lines: string[] = [];
  for (const word of words.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || line.length + word.length > longest) lines.push(word);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.map(roff).join('\n');
}

const longest = 70;

/** An argument of a macro. */
function quoted(text: string): string {
  return `"${roff(text).replaceAll('"', '\\(dq')}"`;
}

/** A line of text: what roff would take for its own, and what it would print as other characters than were meant. */
function roff(text: string): string {
  const marks: Readonly<Record<string, string>> = {
    '\\': '\\e',
    '-': '\\-',
    "'": '\\(aq',
    '`': '\\(ga',
    '^': '\\(ha',
    '~': '\\(ti',
  };
  return text.replace(/[\\\-'`^~]/g, (character) => marks[character] ?? character).replace(/^\./, '\\&.');
}
