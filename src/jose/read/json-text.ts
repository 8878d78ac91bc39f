// JSON from outside, read strictly: one value, no member twice, not nested deeply, and no word of it in a refusal.
import { refusal } from './faults.ts';

/** A set in Ory's shape with certificate chains is nested five deep. */
const mostDepth = 16;

const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{}]/g;

/** The value, whose objects have no member twice (RFC 7517 section 4 leaves those to the parser; parsers differ). */
export function parseJson(text: string, where: string): unknown {
  const value = parse(text, where);
  const open: (Set<string> | undefined)[] = [];
  for (const token of text.matchAll(tokens)) {
    const [word] = token;
    if (word === '{' || word === '[') {
      if (open.push(word === '{' ? new Set() : undefined) > mostDepth) {
        throw refusal(where, 'its JSON is nested too deeply');
      }
    } else if (word === '}' || word === ']') {
      open.pop();
    } else if (isMemberName(text, token.index + word.length)) {
      const names = open.at(-1);
      const name = String(JSON.parse(word));
      if (names?.has(name))
        throw refusal(where, `its JSON has a member twice, at character ${token.index + 1}`);
      names?.add(name);
    }
  }
  return value;
}

function parse(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says quotes its input, which may be a private key.
    throw refusal(where, 'it is not one value in JSON');
  }
}

function isMemberName(text: string, from: number): boolean {
  let index = from;
  while (' \t\r\n'.includes(text.charAt(index)) && index < text.length) index++;
  return text.charAt(index) === ':';
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A member of its own, never one of a prototype. */
export function memberOf(value: object, name: string): unknown {
  return Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;
}
