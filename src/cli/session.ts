// One run of a command: its settings, its printer, and the keystore it opens when it needs one.
import { join } from 'node:path';
import { JwksError, shellWord } from '../errors.ts';
import { realFileSystem } from '../keystore/file-system.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Reader } from '../keystore/reader.ts';
import type { FoundSecret, SecretSources } from '../keystore/secret-sources.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import type { Access, Made } from '../operations/open.ts';
import { appendAudit } from './audit.ts';
import { describePath } from './describe-path.ts';
import { canAsk, type GlobalOptions } from './global-options.ts';
import type { Host } from './host.ts';
import { Printer } from './printer.ts';
import { protectedPaths } from './protected-paths.ts';
import { secretSources } from './secret-places.ts';
import { loadSettings, nonEmpty, type Settings } from './settings.ts';
import { Spinner } from './spinner.ts';
import { escapeText } from './terminal-text.ts';

export class Session {
  readonly host: Host;
  readonly options: GlobalOptions;
  readonly settings: Settings;
  readonly printer: Printer;
  readonly #warnings: string[] = [];
  /** A secret on stdin or a descriptor can be read once, and a command may open twice. */
  #findSecret: Access['findSecret'] | undefined;
  #opened: { readonly reader: Reader; readonly withSecret: boolean } | undefined;

  /** `argv`: the words of the command, for the audit. */
  static async start(host: Host, options: GlobalOptions, argv: readonly string[]): Promise<Session> {
    const settings = await loadSettings(host, options);
    const ours = protectedPaths(host, options, settings);
    const printer = await Printer.start(host, options, settings.format?.value, ours);
    const session = new Session(host, options, settings, printer);
    printer.onPrivate = (to) => session.audit(argv, to);
    return session;
  }

  private constructor(host: Host, options: GlobalOptions, settings: Settings, printer: Printer) {
    this.host = host;
    this.options = options;
    this.settings = settings;
    this.printer = printer;
  }

  async #sayWarnings(): Promise<void> {
    for (const message of this.#warnings.splice(0))
      await this.printer.say(escapeText(message), { always: true });
  }

  readonly clock = (): Instant => this.host.now();

  /** Before private keys are shown: without a line in the audit file, if there is to be one, they are not. */
  audit(asked: readonly string[], to: string): void {
    const { audit, keystore } = this.settings;
    if (audit === undefined) return;
    const time = formatInstant(this.clock());
    const entry = { time, by: this.#actor(), keystore: keystore?.value.label, asked, to };
    appendAudit(audit.value, entry, this.host.uid);
  }

  /** The keystore for reading. Says so where nothing vouches for what it holds. */
  async reader(unchecked = false): Promise<Reader> {
    const { openReader } = await import('../operations/open.ts');
    const reader = await this.sayingWarnings(openReader(await this.access(), unchecked));
    this.#opened = { reader, withSecret: false };
    return reader;
  }

  /** As `reader`, for what others will rely on: without a fingerprint or secret it is refused. */
  async trustedReader(unchecked: boolean): Promise<Reader> {
    const reader = await this.reader(unchecked);
    if (reader.isTrusted || unchecked) return reader;
    throw new JwksError(
      'identity',
      `nothing tells whether the keystore at ${reader.storage.label} is yours: there is neither its fingerprint nor its secret`,
      {
        hint: `name its fingerprint with --identity or JWKS_IDENTITY (it says of itself ${reader.fingerprint}), or add --unchecked`,
      },
    );
  }

  /** The keystore with its private halves. `make`: on the first run it is made at the default place. */
  async keystore(options: { readonly make?: boolean } = {}): Promise<Keystore> {
    let made: Made | undefined;
    const noteMade = (done: Made) => {
      made = done;
    };
    const { openKeystore } = await import('../operations/open.ts');
    try {
      const keystore = await openKeystore(await this.access(), options.make === true ? noteMade : undefined);
      this.#opened = { reader: keystore.reader, withSecret: true };
      return keystore;
    } finally {
      // Whatever --quiet says: nobody asked for a secret to be made, and without a copy it is the only one.
      if (made !== undefined) await this.reportMade(made, { always: true });
      await this.#sayWarnings();
    }
  }

  /** What `work` wants a person to know is said, also where it fails. */
  async sayingWarnings<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } finally {
      await this.#sayWarnings();
    }
  }

  /** What was made on the way, and that the secret needs a copy. */
  async reportMade(
    { keystore, secretFile, isSecretNew }: Made,
    how: { readonly always?: boolean } = {},
  ): Promise<void> {
    await this.printer.say(`made a keystore   ${describePath(keystore, this.host)}`, how);
    if (secretFile !== undefined) {
      const what = isSecretNew ? 'made its secret   ' : 'its secret is     ';
      const path = describePath(secretFile, this.host);
      await this.printer.say(`${what}${path}    keep a copy somewhere else`, how);
    }
    // That was one step with its report; what comes now is another.
    this.host.shield.lower();
  }

  /** Says where nothing vouched for what was shown, and remembers what was seen. Every reading command ends with it. */
  async finish(): Promise<void> {
    if (this.#opened === undefined) return;
    const { reader, withSecret } = this.#opened;
    reader.remember(withSecret);
    if (!reader.isTrusted) {
      await this.printer.say(
        'nothing was checked: there is neither a fingerprint nor a secret for this keystore',
      );
    }
  }

  /** Work that may last, with a spinner on a terminal; a function is handed what to count with there. */
  async during<T>(text: string, work: Promise<T> | ((count?: Spinner['count']) => Promise<T>)): Promise<T> {
    const { stderr } = this.host;
    // On a terminal without a width ora would count the lines of its text for ever.
    const isShown =
      stderr.isTerminal && stderr.columns > 0 && !this.printer.isQuiet && this.options.debug !== true;
    if (!isShown) return typeof work === 'function' ? work() : work;
    const spinner = new Spinner(text, this.options.color);
    return spinner.during(typeof work === 'function' ? work(spinner.count) : work);
  }

  /** The default keystore is not there yet. */
  isFirstRun(): boolean {
    const { keystore } = this.settings;
    try {
      const directory = keystore?.from === 'default' ? keystore.value.directory : undefined;
      return directory !== undefined && realFileSystem.stat(directory) === undefined;
    } catch {
      // Why it cannot be looked at is told by what opens it.
      return false;
    }
  }

  /** What a suggested command needs to find the same keystore. */
  keystoreOption(): string {
    const { keystore } = this.settings;
    return keystore?.from === 'option --keystore' ? ` --keystore ${shellWord(keystore.value.label)}` : '';
  }

  /** What opens the keystore, or the one `at` another place: the secret is found once for all of them. */
  async access(at?: Access['place']): Promise<Access> {
    const { keystore, identity, configDirectory, stateDirectory } = this.settings;
    const place = at ?? keystore?.value;
    if (place === undefined) {
      throw new JwksError(
        'usage',
        'there is no place for a keystore: neither HOME nor XDG_DATA_HOME is an absolute path',
        {
          hint: 'name it with --keystore or JWKS_KEYSTORE',
        },
      );
    }
    const sources = this.sources();
    const { findSecret, isSecretNamed } = await import('../keystore/secret-sources.ts');
    this.#findSecret ??= once(() => findSecret(sources));
    return {
      fs: realFileSystem,
      place,
      isDefault: at === undefined && keystore?.from === 'default',
      stateDirectory,
      identity: identity?.value,
      acceptRollback: this.options.acceptRollback === true,
      findSecret: this.#findSecret,
      isSecretNamed: isSecretNamed(sources),
      askSecret: () => this.#askSecret(place.label),
      secretFile: configDirectory && join(configDirectory, 'secret'),
      author: { now: this.clock, by: this.#actor() },
      uid: this.host.uid,
      shield: this.host.shield,
      warn: (message) => void this.#warnings.push(message),
    };
  }

  sources(): SecretSources {
    return secretSources(this.host, this.options, this.settings);
  }

  /** Where the secret would come from. Reads and runs nothing. */
  async secretSource(): Promise<string | undefined> {
    const { describeSource } = await import('../keystore/secret-sources.ts');
    return describeSource(this.sources());
  }

  /** A passphrase for a new keystore, asked for twice. */
  async askNewPassphrase(): Promise<FoundSecret> {
    if (!canAsk(this.host, this.options)) {
      throw new JwksError('usage', 'a new passphrase is asked for on a terminal, and there is none', {
        hint: 'hand it over with --secret-file or --secret-fd instead',
      });
    }
    const text = await this.host.askHidden('new passphrase:');
    const source = 'what was typed';
    const { parseSecret } = await import('../keystore/secret.ts');
    parseSecret(text, source);
    if ((await this.host.askHidden('again:')) !== text)
      throw new JwksError('secret', 'the two passphrases differ');
    return { text, source };
  }

  async #askSecret(keystore: string): Promise<FoundSecret | undefined> {
    if (!canAsk(this.host, this.options)) return undefined;
    return {
      text: await this.host.askHidden(`secret of ${escapeText(keystore)}:`),
      source: 'what was typed',
    };
  }

  #actor(): string {
    return nonEmpty(this.host.env['JWKS_ACTOR']) ?? nonEmpty(this.host.env['SUDO_USER']) ?? this.host.actor();
  }
}

/** Asks once, since stdin, a descriptor and a pipe can be read once; what was not there may be there later. */
function once<T>(ask: () => Promise<T | undefined>): () => Promise<T | undefined> {
  let answer: T | undefined;
  return async () => {
    answer ??= await ask();
    return answer;
  };
}
