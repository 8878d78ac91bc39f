// Reads JSON (RFC 8259) with what JSON.parse hides: members that are there twice, and where each thing stands.

export type JsonValue = string | number | boolean | null | JsonRecord | JsonList;

export interface JsonMember {
  readonly name: string;
  readonly value: JsonValue;
  /** Offset of the name in the text, in UTF-16 units. */
  readonly at: number;
}

/** An object as it stands: all members, in their order, also those of one name. */
export class JsonRecord {
  readonly at: number;
  readonly members: readonly JsonMember[];

  constructor(at: number, members: readonly JsonMember[]) {
    this.at = at;
    this.members = members;
  }

  /** The last of a name counts, as for JSON.parse. */
  find(name: string): JsonMember | undefined {
    return this.members.findLast((member) => member.name === name);
  }

  get(name: string): JsonValue | undefined {
    return this.find(name)?.value;
  }

  has(name: string): boolean {
    return this.find(name) !== undefined;
  }
}

export class JsonList {
  readonly items: readonly JsonValue[];
  /** Where each item begins. */
  readonly starts: readonly number[];

  constructor(items: readonly JsonValue[], starts: readonly number[]) {
    this.items = items;
    this.starts = starts;
  }
}

/** The texts of a list that holds nothing else. */
export function textsOf(value: JsonValue | undefined): readonly string[] | undefined {
  if (!(value instanceof JsonList)) return undefined;
  const texts = value.items.filter((item) => typeof item === 'string');
  return texts.length === value.items.length ? texts : undefined;
}

/** What is wrong with a text and where. Nothing of the text itself, which may be a private key. */
export interface JsonFault {
  readonly fault: 'syntax' | 'too deep';
  readonly at: number;
}

export interface JsonText {
  readonly value: JsonValue;
  /** Where something follows the value that is no white space. */
  readonly rest: number | undefined;
}

const deepest = 256;

export function readJson(text: string): JsonText | JsonFault {
  const reader = new Reader(text);
  try {
    const value = reader.value(0);
    reader.skipSpace();
    return { value, rest: reader.at < text.length ? reader.at : undefined };
  } catch (error) {
    if (error instanceof Stop) return { fault: error.fault, at: error.at };
    throw error;
  }
}

/** Thrown and caught in this file only. No Error: a stack is what would cost most, where a text is tried at each brace. */
class Stop {
  readonly fault: JsonFault['fault'];
  readonly at: number;

  constructor(fault: JsonFault['fault'], at: number) {
    this.fault = fault;
    this.at = at;
  }
}

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const escaped = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
/** Space, tab, line feed, carriage return. */
const spaces = [0x20, 0x09, 0x0a, 0x0d];
const words: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
];

class Reader {
  readonly #text: string;
  at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  skipSpace(): void {
    while (spaces.includes(this.#text.charCodeAt(this.at))) this.at++;
  }

  value(depth: number): JsonValue {
    this.skipSpace();
    switch (this.#text[this.at]) {
      case '{':
        return this.#record(depth);
      case '[':
        return this.#list(depth);
      case '"':
        return this.#string();
      default:
        return this.#scalar();
    }
  }

  #record(depth: number): JsonRecord {
    const start = this.at;
    const members: JsonMember[] = [];
    this.#items('}', depth, () => {
      const at = this.at;
      if (this.#text[at] !== '"') throw new Stop('syntax', at);
      const name = this.#string();
      this.skipSpace();
      this.#expect(':');
      members.push({ name, at, value: this.value(depth + 1) });
    });
    return new JsonRecord(start, members);
  }

  #list(depth: number): JsonList {
    const items: JsonValue[] = [];
    const starts: number[] = [];
    this.#items(']', depth, () => {
      starts.push(this.at);
      items.push(this.value(depth + 1));
    });
    return new JsonList(items, starts);
  }

  /** What stands between brackets, which `item` reads one of; the cursor is on the first bracket. */
  #items(end: string, depth: number, item: () => void): void {
    if (depth >= deepest) throw new Stop('too deep', this.at);
    this.at++;
    this.skipSpace();
    if (this.#text[this.at] === end) {
      this.at++;
      return;
    }
    for (;;) {
      this.skipSpace();
      item();
      this.skipSpace();
      if (this.#text[this.at] === end) break;
      this.#expect(',');
    }
    this.at++;
  }

  #expect(character: string): void {
    if (this.#text[this.at] !== character) throw new Stop('syntax', this.at);
    this.at++;
  }

  /** By hand: a regular expression would keep a way back for each of a million characters. */
  #string(): string {
    const start = this.at;
    let hasEscape = false;
    for (let at = start + 1; ; at++) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x22) {
        this.at = at + 1;
        break;
      }
      if (code === 0x5c) {
        hasEscape = true;
        at = this.#endOf(escaped, at) - 1;
      } else if (!(code >= 0x20)) throw new Stop('syntax', Math.min(at, this.#text.length));
    }
    const token = this.#text.slice(start, this.at);
    return hasEscape ? String(JSON.parse(token)) : token.slice(1, -1);
  }

  #scalar(): number | boolean | null {
    const word = words.find(([name]) => this.#text.startsWith(name, this.at));
    if (word !== undefined) {
      this.at += word[0].length;
      return word[1];
    }
    const end = this.#endOf(number, this.at);
    const value = Number(this.#text.slice(this.at, end));
    this.at = end;
    return value;
  }

  #endOf(pattern: RegExp, at: number): number {
    pattern.lastIndex = at;
    if (!pattern.test(this.#text)) throw new Stop('syntax', at);
    return pattern.lastIndex;
  }
}
