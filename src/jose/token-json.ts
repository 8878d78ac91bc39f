// JSON of tokens, read more strictly than JSON.parse reads it: an object, each member once, not too deep.

export type JsonObject = Readonly<Record<string, unknown>>;

const mostLevels = 32;
const token = /"(?:[^"\\]|\\.)*"|[{}[\],]/g;
const stringOrSpace = /("(?:[^"\\]|\\.)*")|[ \t\r\n]+/g;

/**
 * The object, or why it is none in words that follow "it". RFC 7515 section 4 and RFC 7519 section 4 leave it to the
 * reader what a member that is there twice means; two readers that differ are how a check is passed by.
 */
export function readObject(text: string): JsonObject | string {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no JSON object';
  return faultOf(text) ?? (value as JsonObject);
}

/**
 * As `readObject`, with the text on one line; half as long where the text is what `JSON.stringify` writes, as it most
 * often is.
 */
export function readClaims(text: string): { readonly value: JsonObject; readonly text: string } | string {
  const value = parse(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is no JSON object';
  // What is written again as it was has each member once.
  const isPlain = countOf(text, '{') + countOf(text, '[') <= mostLevels && JSON.stringify(value) === text;
  if (isPlain) return { value: value as JsonObject, text };
  return faultOf(text) ?? { value: value as JsonObject, text: compactJson(text) };
}

/** The same JSON without white space, every number and text as it was written. */
export function compactJson(text: string): string {
  return text.replace(stringOrSpace, '$1');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // What JSON.parse says quotes its input.
    return undefined;
  }
}

/** What JSON.parse lets pass. The text is JSON. */
function faultOf(text: string): string | undefined {
  const levels: (Set<string> | undefined)[] = [];
  let names: Set<string> | undefined;
  let isName = false;
  for (const [part] of text.matchAll(token)) {
    switch (part) {
      case '{':
      case '[':
        if (levels.push(names) > mostLevels) return `is nested more than ${mostLevels} levels deep`;
        names = part === '{' ? new Set() : undefined;
        isName = part === '{';
        break;
      case '}':
      case ']':
        names = levels.pop();
        break;
      case ',':
        isName = names !== undefined;
        break;
      default: {
        if (!isName) break;
        isName = false;
        const name = part.includes('\\') ? JSON.stringify(JSON.parse(part)) : part;
        if (names?.has(name) === true) return 'has a member twice';
        names?.add(name);
      }
    }
  }
  return undefined;
}

function countOf(text: string, character: string): number {
  let count = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) count++;
  return count;
}
