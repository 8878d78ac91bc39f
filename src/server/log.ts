// What the server says while it runs: one line for each request and event.
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import type { Note } from './answer.ts';
import { LineWriter } from './line-writer.ts';

export type Level = 'info' | 'warning' | 'error';
export type LogForm = 'json' | 'text';

export interface LogOptions {
  readonly write: (text: string) => Promise<void>;
  readonly form: LogForm;
  /** Without access lines and `info`. */
  readonly isQuiet: boolean;
  readonly now: () => Instant;
  /** Other people's text, for a terminal. */
  readonly escape: (text: string) => string;
}

export interface AccessEntry {
  readonly listener: string;
  readonly peer: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly bytes: number;
  readonly ms: number;
  readonly note?: Note | undefined;
}

const longestPath = 256;
/** Text that JSON and a terminal take as it is: most lines need nothing else. */
const harmless = /^[\w\-.~/:@%+,;=!$&'()* ]*$/;

export class Log {
  readonly #options: LogOptions;
  readonly #lines: LineWriter;
  #errors = 0;
  #second: number = Number.NaN;
  #secondText = '';
  #last = { listener: '', peer: '', method: '', path: '', head: '' };

  constructor(options: LogOptions) {
    this.#options = options;
    this.#lines = new LineWriter(options.write, (lines) =>
      this.#event('warning', 'log lines were dropped, as they were not read fast enough', { lines }),
    );
  }

  /** A request that was answered. */
  access(entry: AccessEntry): void {
    if (this.#options.isQuiet) return;
    const { listener, peer, method, status, bytes, note } = entry;
    const path = withoutQuery(entry.path);
    const ms = toTenths(entry.ms);
    if (this.#options.form === 'json') {
      const noted = note === undefined ? '' : this.#noted(note);
      const head = this.#head(listener, peer, method, path);
      this.#lines.add(`{"time":"${this.#time()}",${head}${status},"bytes":${bytes},"ms":${ms}${noted}}\n`);
      return;
    }
    const words = `${this.#time()} ${listener} ${peer} ${this.#safe(method)} ${this.#safe(path)}`;
    const named = note === undefined ? '' : this.#pairs(Object.entries(note));
    this.#lines.add(`${words} ${status} ${bytes} B ${ms} ms${named}\n`);
  }

  /** An event. */
  say(level: Level, message: string, fields: Readonly<Record<string, string | number>> = {}): void {
    if (level === 'error') this.#errors += 1;
    if (this.#options.isQuiet && level === 'info') return;
    this.#lines.add(this.#event(level, message, fields));
  }

  /** How many errors were said. */
  get errors(): number {
    return this.#errors;
  }

  /** Resolves when everything that was said has been handed over. */
  flush(): Promise<void> {
    return this.#lines.flush();
  }

  #event(level: Level, message: string, fields: Readonly<Record<string, string | number>>): string {
    if (this.#options.form === 'json') {
      const all = Object.entries({ time: this.#time(), level, message, ...fields });
      const members = all.map(([name, value]) => `"${name}":${this.#value(value)}`);
      return `{${members.join(',')}}\n`;
    }
    const told = level === 'info' ? '' : `${level}: `;
    return `${this.#time()} ${told}${this.#safe(message)}${this.#pairs(Object.entries(fields))}\n`;
  }

  /** Mostly the same client asks for the same again. */
  #head(listener: string, peer: string, method: string, path: string): string {
    const last = this.#last;
    const isSame =
      last.path === path && last.peer === peer && last.method === method && last.listener === listener;
    if (isSame) return last.head;
    const [a, b, c, d] = [listener, peer, method, path].map((text) => this.#quote(text));
    const head = `"listener":${a},"peer":${b},"method":${c},"path":${d},"status":`;
    this.#last = { listener, peer, method, path, head };
    return head;
  }

  #noted({ route, set, kid }: Note): string {
    let text = '';
    if (route !== undefined) text += `,"route":${this.#quote(route)}`;
    if (set !== undefined) text += `,"set":${this.#quote(set)}`;
    if (kid !== undefined) text += `,"kid":${this.#quote(kid)}`;
    return text;
  }

  #pairs(entries: readonly (readonly [string, string | number | undefined])[]): string {
    const shown = entries.filter(([, value]) => value !== undefined);
    return shown.map(([name, value]) => ` ${name}=${this.#word(String(value))}`).join('');
  }

  #value(value: string | number): string {
    return typeof value === 'number' ? `${value}` : this.#quote(value);
  }

  #quote(text: string): string {
    return harmless.test(text) ? `"${text}"` : JSON.stringify(this.#options.escape(text));
  }

  /** One that could be taken for several is quoted. */
  #word(text: string): string {
    const safe = this.#safe(text);
    return /[\s"=]/.test(safe) ? JSON.stringify(safe) : safe;
  }

  #safe(text: string): string {
    return harmless.test(text) ? text : this.#options.escape(text);
  }

  /** A date is costly to write out: once a second will do. */
  #time(): string {
    const now = this.#options.now();
    if (now !== this.#second) {
      this.#second = now;
      this.#secondText = formatInstant(now);
    }
    return this.#secondText;
  }
}

/** Small whole numbers are written out in a tenth of the time that fractions take. */
function toTenths(value: number): string {
  const tenths = Math.round(value * 10);
  const rest = tenths % 10;
  return rest === 0 ? `${tenths / 10}` : `${(tenths - rest) / 10}.${rest}`;
}

function withoutQuery(target: string): string {
  const query = target.indexOf('?');
  const path = query === -1 ? target : target.slice(0, query);
  return path.length > longestPath ? `${path.slice(0, longestPath)}...` : path;
}
