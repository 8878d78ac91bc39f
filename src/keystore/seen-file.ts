// The file in which a host remembers one keystore: JSON with a line for each document, so that one of ten thousand
// is found and replaced without reading the others.
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

const head = '{"places":';
const middle = ',"documents":{';
const tail = '\n}}\n';
/** From so many look-ups on it is cheaper to read all lines once. */
const many = 16;

export class SeenFile {
  readonly places: readonly string[];
  /** `\n"name":{...}` for each document, with a comma between two. */
  readonly #lines: string;
  #lookups = 0;
  #all: ReadonlyMap<string, SeenDocument> | undefined;

  /** What cannot be read was not seen. */
  static parse(text: string): SeenFile {
    try {
      const end = text.indexOf(middle);
      if (text.startsWith(head) && end !== -1 && text.endsWith(tail)) {
        const lines = text.slice(end + middle.length, -tail.length);
        return new SeenFile(toPlaces(JSON.parse(text.slice(head.length, end))), lines);
      }
      const { places, documents } = JSON.parse(text) as {
        places: string[];
        documents: Record<string, SeenDocument>;
      };
      return new SeenFile(
        toPlaces(places),
        toLines(Object.entries(documents).filter(([, entry]) => isDocument(entry))),
      );
    } catch {
      return new SeenFile([], '');
    }
  }

  /** Whether all of it can be read: what cannot is forgotten without a word. */
  static isWhole(text: string): boolean {
    try {
      const { places, documents } = JSON.parse(text);
      const entries = Object.values(documents);
      return (
        toPlaces(places).length === places.length && entries.every(isDocument) && !Array.isArray(documents)
      );
    } catch {
      return false;
    }
  }

  constructor(places: readonly string[], lines: string) {
    this.places = places;
    this.#lines = lines;
  }

  get(name: string): SeenDocument | undefined {
    if (this.#all === undefined && ++this.#lookups > many) this.#all = this.#parseAll();
    if (this.#all !== undefined) return this.#all.get(name);
    const place = this.#find(name);
    return place && toDocument(this.#lines.slice(place.value, place.end));
  }

  /** All documents that were seen. */
  names(): string[] {
    this.#all ??= this.#parseAll();
    return [...this.#all.keys()];
  }

  /** The same file with other places and with what was seen since; `undefined`: is no longer known. */
  with(places: readonly string[], seen: ReadonlyMap<string, SeenDocument | undefined>): SeenFile {
    const entries = [...seen].flatMap(([name, document]) =>
      document === undefined ? [] : [[name, document] as const],
    );
    if (seen.size > many || entries.length < seen.size) {
      const known = [...this.#parseAll()].filter(([name]) => !seen.has(name));
      return new SeenFile(places, toLines([...known, ...entries]));
    }
    let lines = this.#lines;
    for (const [name, document] of entries) lines = new SeenFile([], lines).#replace(name, document);
    return new SeenFile(places, lines);
  }

  toString(): string {
    return `${head}${JSON.stringify(this.places)}${middle}${this.#lines}${tail}`;
  }

  #replace(name: string, document: SeenDocument): string {
    const place = this.#find(name);
    const line = toLines([[name, document]]);
    if (place === undefined) return this.#lines === '' ? line : `${line},${this.#lines}`;
    return this.#lines.slice(0, place.start) + line + this.#lines.slice(place.end);
  }

  #find(name: string): { readonly start: number; readonly value: number; readonly end: number } | undefined {
    const key = `\n${JSON.stringify(name)}:`;
    const start = this.#lines.indexOf(key);
    if (start === -1) return undefined;
    const end = this.#lines.indexOf('}', start);
    return { start, value: start + key.length, end: end + 1 };
  }

  #parseAll(): ReadonlyMap<string, SeenDocument> {
    try {
      return new Map(Object.entries(JSON.parse(`{${this.#lines}}`)));
    } catch {
      return new Map();
    }
  }
}

function toLines(documents: Iterable<readonly [string, SeenDocument]>): string {
  return [...documents]
    .map(([name, document]) => `\n${JSON.stringify(name)}:${JSON.stringify(document)}`)
    .join(',');
}

function toPlaces(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((place) => typeof place === 'string') : [];
}

function isDocument(value: unknown): value is SeenDocument {
  if (typeof value !== 'object' || value === null) return false;
  const { revision, sha256 } = value as Partial<SeenDocument>;
  return Number.isSafeInteger(revision) && typeof sha256 === 'string';
}

function toDocument(text: string): SeenDocument | undefined {
  try {
    const entry: unknown = JSON.parse(text);
    return isDocument(entry) ? entry : undefined;
  } catch {
    return undefined;
  }
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
