// The forms in which a result can be printed: one value, many spellings.
import { JwksError } from '../errors.ts';
import { unsafeCharacters } from './terminal-text.ts';

export type Format =
  | { readonly kind: 'table' | 'json' | 'json-pretty' | 'yaml' | 'jwks' }
  | { readonly kind: 'jsonpath' | 'jsonpointer'; readonly expression: string };

export const plainFormats = ['table', 'json', 'json-pretty', 'yaml', 'jwks'] as const;
const withExpression = ['jsonpath', 'jsonpointer'] as const;

/** Reads `--format`; an unknown one is a usage error. */
export function parseFormat(text: string): Format {
  const simple = plainFormats.find((kind) => kind === text);
  if (simple !== undefined) return { kind: simple };
  const [name, ...rest] = text.split('=');
  const kind = withExpression.find((known) => known === name);
  if (kind !== undefined && rest.length > 0) return { kind, expression: rest.join('=') };
  throw new JwksError('usage', `unknown format "${text}"`, {
    hint: `${plainFormats.join(', ')}, jsonpath=EXPRESSION or jsonpointer=POINTER`,
  });
}

/** Refuses an expression that cannot be read: before anything is done, not when the result is to be printed. */
export async function refuseUnreadable(format: Format): Promise<void> {
  if (format.kind === 'jsonpointer' && format.expression !== '' && !format.expression.startsWith('/')) {
    throw new JwksError('usage', `"${format.expression}" is no JSON Pointer (RFC 6901): it begins with "/"`);
  }
  if (format.kind === 'jsonpath' && format.expression.startsWith('$')) await queryPath({}, format.expression);
}

/** A value in one of the spellings of JSON. */
export async function formatValue(value: unknown, format: Format): Promise<string> {
  switch (format.kind) {
    case 'json':
    case 'table':
      return `${toJson(value)}\n`;
    case 'json-pretty':
    case 'jwks':
      return `${toJson(value, 2)}\n`;
    case 'yaml': {
      const { stringify } = await import('yaml');
      const plain = toPlain(value);
      // Only between double quotes can a character be written as its number.
      const quoted = escapeJson(JSON.stringify(plain)) === JSON.stringify(plain) ? 'PLAIN' : 'QUOTE_DOUBLE';
      const options = { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: quoted } as const;
      return escapeJson(stringify(plain, options));
    }
    case 'jsonpath':
      return `${toJson(await queryPath(toPlain(value), format.expression))}\n`;
    case 'jsonpointer':
      return `${toJson(queryPointer(toPlain(value), format.expression))}\n`;
  }
}

/** JSON without raw control characters: what JSON itself leaves of them stands as its number. */
export function toJson(value: unknown, indent?: number): string {
  return escapeJson(JSON.stringify(value, undefined, indent));
}

function escapeJson(text: string): string {
  return text.replace(unsafeCharacters, (character) =>
    character === '\n' ? character : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function toPlain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** `$...` is RFC 9535 and gives a list of what it selects; anything else is Ory's dotted path to one value. */
async function queryPath(value: unknown, expression: string): Promise<unknown> {
  if (!expression.startsWith('$')) return walk(value, expression);
  const { query } = await import('jsonpath-rfc9535');
  try {
    return query(value as Parameters<typeof query>[0], expression);
  } catch (error) {
    throw new JwksError('usage', `"${expression}" is no JSONPath (RFC 9535)`, { cause: error });
  }
}

/** `keys.0.kid`; `#` is the length of a list, `#.kid` a member of each of its entries. */
function walk(value: unknown, path: string): unknown {
  let current = value;
  const names = path.split('.');
  for (const [index, name] of names.entries()) {
    if (Array.isArray(current) && name === '#') {
      const rest = names.slice(index + 1).join('.');
      return rest === '' ? current.length : current.map((entry) => walk(entry, rest));
    }
    const isIndex = !Array.isArray(current) || /^(?:0|[1-9]\d*)$/.test(name);
    if (typeof current !== 'object' || current === null || !isIndex || !Object.hasOwn(current, name)) {
      throw new JwksError('not-found', `there is nothing at "${path}"`);
    }
    current = Reflect.get(current, name);
  }
  return current;
}

/** RFC 6901: own members and whole indexes only. */
function queryPointer(value: unknown, pointer: string): unknown {
  let current = value;
  for (const token of pointer.split('/').slice(1)) {
    const name = token.replaceAll('~1', '/').replaceAll('~0', '~');
    const isThere =
      typeof current === 'object' &&
      current !== null &&
      (Array.isArray(current) ? /^(?:0|[1-9]\d*)$/.test(name) : true) &&
      Object.hasOwn(current, name);
    if (!isThere) throw new JwksError('not-found', `there is nothing at "${pointer}"`);
    current = Reflect.get(current as object, name);
  }
  return current;
}
