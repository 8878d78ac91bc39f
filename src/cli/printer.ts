// The one place that prints: the result on stdout or into a file, what is said to a person on stderr.
import { join, sep } from 'node:path';
import { JwksError } from '../errors.ts';
import { holdsPrivateMember } from '../jose/jwk.ts';
import { type Format, formatValue, parseFormat, refuseUnreadable } from './format.ts';
import { canAsk, type GlobalOptions } from './global-options.ts';
import type { Host } from './host.ts';
import { onlookersOf } from './onlookers.ts';
import { type OutputFile, planOutput, writeOutput } from './output-file.ts';
import { cut, escapeText, type Palette, paletteFor } from './terminal-text.ts';

/** A result in the forms it can be printed in. A form that makes no sense for it is absent. */
export interface Result {
  /** The form without `--format`. */
  readonly usual: 'table' | 'jwks';
  readonly json: () => unknown;
  readonly jwks?: () => unknown;
  readonly table?: () => string;
  /** With `--quiet`, one a line. */
  readonly ids?: readonly string[];
  /** Forms of this result alone, by the names that `--format` has for them. */
  readonly texts?: Readonly<Record<string, () => string>>;
}

const longestKid = 12;

const ownStdout = /^-$|^\/(?:dev\/(?:stdout|fd\/1)|proc\/self\/fd\/1)$/;

export class Printer {
  readonly out: Palette;
  readonly err: Palette;
  readonly #host: Host;
  readonly #options: GlobalOptions;
  readonly #formatText: string | undefined;
  readonly #ours: readonly string[];
  #file: OutputFile | undefined;
  readonly #files = new Map<string, OutputFile>();
  #mayHoldPrivate = false;
  /** Told before private keys are written, and where to; what it throws keeps them back. */
  onPrivate: ((to: string) => void) | undefined;
  #isAudited = false;
  #texts: readonly string[] = [];

  /** `ours`: real paths that a result must never replace. */
  static async start(
    host: Host,
    options: GlobalOptions,
    formatText: string | undefined,
    ours: readonly string[],
  ): Promise<Printer> {
    const out = await paletteFor(host.stdout, host.env, !options.color);
    const err = await paletteFor(host.stderr, host.env, !options.color);
    return new Printer(host, options, formatText, ours, { out, err });
  }

  private constructor(
    host: Host,
    options: GlobalOptions,
    formatText: string | undefined,
    ours: readonly string[],
    palettes: { readonly out: Palette; readonly err: Palette },
  ) {
    this.#host = host;
    this.#options = options;
    this.#formatText = formatText;
    this.#ours = ours;
    this.out = palettes.out;
    this.err = palettes.err;
  }

  /** Refuses what cannot be printed before anything is done. Every command calls it first. */
  async prepare(
    form: {
      readonly isPrivate?: boolean;
      /** False: it looks the same whatever the format is. */
      readonly hasFormats?: boolean;
      readonly hasJwks?: boolean;
      /** False: what is said is no result, and must not replace one. */
      readonly hasFile?: boolean;
      /** Names of forms that this result alone has. */
      readonly texts?: readonly string[];
      /** Several files in the directory that `--output` names, in place of one. */
      readonly files?: readonly { readonly name: string; readonly isPrivate: boolean }[] | undefined;
    } = {},
  ): Promise<void> {
    const { isPrivate = false } = form;
    this.#mayHoldPrivate = isPrivate;
    this.#texts = form.texts ?? [];
    const format = form.hasFormats === false ? this.#ignoreFormat() : this.#parseFormat();
    if (format !== undefined) await refuseUnreadable(format);
    if (format?.kind === 'jwks' && form.hasJwks !== true) throw noJwks();
    if (form.files !== undefined) this.#planFiles(form.files);
    else if (form.hasFile !== false) this.#file = this.#planFile(isPrivate, this.#options.output);
    if (isPrivate) await this.#allowPrivate();
  }

  /** As `prepare`, for a new secret or an opened message: a file is made as for a private key, and nobody is asked. */
  prepareSecret(): void {
    this.#ignoreFormat();
    this.#file = this.#planFile(true, this.#options.output);
  }

  /** As `prepare`, for a file that an operand names (`-`: stdout) and that only its keeper is to read. */
  prepareSealed(file: string): void {
    this.#ignoreFormat();
    if (this.#options.output !== undefined)
      throw new JwksError('usage', 'the file is an operand here, and --output names another');
    this.#file = this.#planFile(true, file);
    const isTerminal =
      this.#file === undefined ? this.#host.stdout.isTerminal : this.#file.exposure === 'terminal';
    if (isTerminal) throw new JwksError('usage', 'this is no text for a terminal', { hint: 'name a file' });
  }

  async result(result: Result): Promise<void> {
    if (this.#options.quiet === true && result.ids !== undefined) {
      return this.text(result.ids.map((id) => `${escapeText(id)}\n`).join(''));
    }
    const own = result.texts?.[this.#formatText ?? ''];
    if (own !== undefined) return this.text(own());
    const format = this.#parseFormat() ?? { kind: result.usual };
    if (format.kind === 'table' && result.table !== undefined) return this.text(result.table());
    if (format.kind === 'jwks' && result.jwks === undefined) throw noJwks();
    return this.#value(format.kind === 'jwks' ? result.jwks?.() : result.json(), format);
  }

  async #value(value: unknown, format: Format): Promise<void> {
    if (!this.#mayHoldPrivate && holdsPrivateMember(value)) {
      throw new JwksError('internal', 'a private key was about to be printed without --private');
    }
    return this.text(await formatValue(value, format));
  }

  /** A pure JWK Set (RFC 7517 section 5), whatever `--format` says. */
  async jwkSet(jwks: object): Promise<void> {
    return this.#value(jwks, { kind: 'jwks' });
  }

  /** A result that is text already, or bytes, or has one form only. `name`: of one of several files. */
  async text(text: string | Buffer, name?: string): Promise<void> {
    const file = name === undefined ? this.#file : this.#files.get(name);
    this.#audit(file?.path);
    if (file !== undefined) return writeOutput(file, text);
    await this.#host.stdout.write(text);
  }

  /** One line a command, however many files it writes. */
  #audit(path = 'stdout'): void {
    if (!this.#mayHoldPrivate || this.#isAudited) return;
    this.onPrivate?.(path);
    this.#isAudited = true;
  }

  /** Something to know, on stderr: `jwks: ...`. `always`: also with `--quiet`. */
  async say(message: string, how: { readonly always?: boolean } = {}): Promise<void> {
    if (this.#options.quiet !== true || how.always === true)
      await this.#host.stderr.write(`${this.err.bold('jwks:')} ${message}\n`);
  }

  async sayPrivate(): Promise<void> {
    await this.say('this holds private keys: keep it secret');
  }

  /** What to run next, on stderr. */
  async suggest(word: string, lines: readonly (readonly [string, string])[]): Promise<void> {
    if (this.#options.quiet === true) return;
    const width = Math.max(...lines.map(([command]) => command.length)) + 4;
    for (const [index, [command, why]] of lines.entries()) {
      const lead = index === 0 ? `${word}:` : ' '.repeat(word.length + 1);
      // Set ids in it are other people's text.
      await this.#host.stderr.write(`${lead} ${escapeText(command).padEnd(width)}${this.err.dim(why)}\n`);
    }
  }

  /** A kid in a sentence: short beside a terminal, where the result has all of it. */
  kid(kid: string): string {
    return this.#host.stderr.isTerminal ? cut(escapeText(kid), longestKid) : escapeText(kid);
  }

  get isQuiet(): boolean {
    return this.#options.quiet === true;
  }

  #parseFormat(): Format | undefined {
    const text = this.#formatText;
    return text === undefined || this.#texts.includes(text) ? undefined : parseFormat(text);
  }

  /** For what looks the same in every format. One that is typed must be one; a variable is for other commands too. */
  #ignoreFormat(): undefined {
    if (this.#options.format !== undefined) parseFormat(this.#options.format);
  }

  #planFiles(files: readonly { readonly name: string; readonly isPrivate: boolean }[]): void {
    const { output } = this.#options;
    if (output === undefined) {
      const names = files.map(({ name }) => name).join(', ');
      throw new JwksError('usage', `these are several files: ${names}`, {
        hint: 'name a directory for them with -o',
      });
    }
    for (const { name, isPrivate } of files) {
      const file = this.#planFile(isPrivate, join(output, name));
      if (file !== undefined) this.#files.set(name, file);
      if (isPrivate) this.#file = file;
    }
  }

  #planFile(isPrivate: boolean, output: string | undefined): OutputFile | undefined {
    const { outputMode: mode, force = false } = this.#options;
    // Opening it again would write from the start of the file that it is, and past the questions about stdout.
    if (output === undefined || ownStdout.test(output)) return undefined;
    const file = planOutput({ path: output, cwd: this.#host.cwd, mode, isPrivate, force });
    const ours = this.#ours.find((path) => file.path === path || file.path.startsWith(path + sep));
    if (ours !== undefined) {
      throw new JwksError(
        'usage',
        `${file.path} is what jwks relies on itself (keystore, secret, configuration, audit or state), and no place for a result`,
      );
    }
    return file;
  }

  /** Private keys go to a new file or a pipe; elsewhere only where somebody says so. */
  async #allowPrivate(): Promise<void> {
    const onlookers = onlookersOf(this.#host, this.#file);
    if (onlookers !== undefined) await this.confirm(`write private keys to ${onlookers}?`);
  }

  /** Asks, where somebody can be asked; without one it wants `--yes`. */
  async confirm(question: string): Promise<void> {
    if (this.#options.yes === true) return;
    if (!canAsk(this.#host, this.#options)) {
      throw new JwksError('usage', `${question} There is no terminal to ask on`, {
        hint: 'add --yes if you mean it',
      });
    }
    if (!(await this.#host.confirm(question))) throw new JwksError('declined', 'nothing was done');
  }
}

function noJwks(): JwksError {
  return new JwksError('usage', 'this has no form "jwks"', { hint: 'json has all of it' });
}
