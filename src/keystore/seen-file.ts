// The file in which a host remembers one keystore: JSON with a line for each document, by name, so that one of a
// hundred thousand is found and replaced without reading the others.
import { createHash } from 'node:crypto';
import { encodeBase64url } from '../jose/base64url.ts';

export interface SeenDocument {
  readonly revision: number;
  /** Base64url of SHA-256 over the whole file. */
  readonly sha256: string;
}

const fingerprintLength = 43;

/** Whether a name in the state directory is that of a file of ours. */
export function isStateFile(name: string): boolean {
  return /^[\w-]{43}(\.[\w-]{43})?\.json$/.test(name);
}

/** What the file of one place is called, without its ending. That of all others is called by the fingerprint. */
export function apartId(fingerprint: string, place: string): string {
  return `${fingerprint}.${encodeBase64url(createHash('sha256').update(place).digest())}`;
}

export function isApart(id: string): boolean {
  return id.length > fingerprintLength;
}

export function fingerprintOf(id: string): string {
  return id.slice(0, fingerprintLength);
}

const head = '{"documents":{';
const middle = '\n},"places":';
const tail = '}\n';

export class SeenFile {
  readonly places: readonly string[];
  /** `\n"name":{...}` for each document by name, with a comma between two. Of a hundred thousand they are kept as they stand. */
  readonly #lines: string;

  /** What cannot be read was not seen. */
  static parse(text: string): SeenFile {
    try {
      const end = text.lastIndexOf(middle);
      if (text.startsWith(head) && end !== -1 && text.endsWith(tail)) {
        const places = toPlaces(JSON.parse(text.slice(end + middle.length, -tail.length)));
        return new SeenFile(places, text.slice(head.length, end));
      }
      // One that another version or hand wrote need not be in order.
      const { places, documents } = JSON.parse(text) as {
        places: string[];
        documents: Record<string, SeenDocument>;
      };
      const entries = Object.entries(documents).filter(([, entry]) => isDocument(entry));
      return new SeenFile(toPlaces(places), '').with(toPlaces(places), new Map(entries));
    } catch {
      return new SeenFile([], '');
    }
  }

  /** Whether all of it can be read, and found: what cannot is forgotten without a word. */
  static isWhole(text: string): boolean {
    try {
      const { places, documents } = JSON.parse(text);
      const entries = Object.entries(documents);
      const file = SeenFile.parse(text);
      const isFound = entries.every(([name, entry]) => isDocument(entry) && file.get(name) !== undefined);
      return isFound && toPlaces(places).length === places.length && !Array.isArray(documents);
    } catch {
      return false;
    }
  }

  private constructor(places: readonly string[], lines: string) {
    this.places = places;
    this.#lines = lines;
  }

  get(name: string): SeenDocument | undefined {
    try {
      const { start, end } = this.#find(name);
      const entry: unknown = start === end ? undefined : JSON.parse(`{${this.#lineAt(start, end)}}`)[name];
      return isDocument(entry) ? entry : undefined;
    } catch {
      return undefined;
    }
  }

  /** The names of all documents that were seen. */
  names(): string[] {
    const names: string[] = [];
    try {
      for (let start = 0; start < this.#lines.length; start = this.#endOf(start))
        names.push(this.#nameAt(start));
      return names;
    } catch {
      return [];
    }
  }

  /** The same file with other places and with what was seen since; `undefined`: is no longer known. */
  with(places: readonly string[], seen: ReadonlyMap<string, SeenDocument | undefined>): SeenFile {
    try {
      return new SeenFile(places, this.#merged(seen));
    } catch {
      return new SeenFile(places, new SeenFile(places, '').#merged(seen));
    }
  }

  toString(): string {
    return `${head}${this.#lines}${middle}${JSON.stringify(this.places)}${tail}`;
  }

  #merged(seen: ReadonlyMap<string, SeenDocument | undefined>): string {
    const parts: string[] = [];
    let from = 0;
    const keep = (to: number) => {
      // Without the comma before or after it: what is joined has its own.
      const part = this.#lineAt(from, to);
      if (part !== '') parts.push(part);
    };
    for (const [name, document] of [...seen].sort(([a], [b]) => (a < b ? -1 : 1))) {
      const { start, end } = this.#find(name);
      keep(start);
      if (document !== undefined) parts.push(toLine(name, document));
      from = end;
    }
    keep(this.#lines.length);
    return parts.join(',');
  }

  /** Where the line of a name is, or an empty span where it would be. */
  #find(name: string): { readonly start: number; readonly end: number } {
    let [from, to] = [0, this.#lines.length];
    while (from < to) {
      const start = this.#lines.lastIndexOf('\n', (from + to) >> 1);
      const end = this.#endOf(start);
      const there = this.#nameAt(start);
      if (there === name) return { start, end };
      if (there < name) from = end;
      else to = start;
    }
    return { start: from, end: from };
  }

  #endOf(start: number): number {
    const next = this.#lines.indexOf('\n', start + 1);
    return next === -1 ? this.#lines.length : next;
  }

  #nameAt(start: number): string {
    const end = this.#lines.indexOf(afterName, start);
    const text = this.#lines.slice(start + 1, end + 1);
    return JSON.parse(text);
  }

  #lineAt(start: number, end: number): string {
    const isBetween = this.#lines[end - 1] === ',';
    return this.#lines.slice(start, isBetween ? end - 1 : end);
  }
}

/** What stands between the name of a line and its revision. No name has it: its quotes would be escaped. */
const afterName = '":{"revision":';

function toLine(name: string, { revision, sha256 }: SeenDocument): string {
  return `\n${JSON.stringify(name)}:${JSON.stringify({ revision, sha256 })}`;
}

function toPlaces(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((place) => typeof place === 'string') : [];
}

function isDocument(value: unknown): value is SeenDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { revision, sha256 } = value as Partial<SeenDocument>;
  return Number.isSafeInteger(revision) && typeof sha256 === 'string';
}

/** How a document went back or forked. */
export function faultBetween(
  before: SeenDocument,
  now: SeenDocument,
  previous: string | undefined,
): string | undefined {
  if (now.revision < before.revision) {
    return `went back: it is revision ${now.revision}, and this host has seen revision ${before.revision}`;
  }
  if (now.revision === before.revision && now.sha256 !== before.sha256) {
    return `is not the revision ${now.revision} that this host has seen: its history was forked or it was changed`;
  }
  if (now.revision === before.revision + 1 && previous !== before.sha256) {
    return `does not follow from the revision ${before.revision} that this host has seen: its history was forked`;
  }
  return undefined;
}
