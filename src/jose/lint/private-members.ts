// Finds private and symmetric keys as JWKs, wherever they are in JSON or in another text.

import type { Fault, Place } from './finding.ts';
import { JsonList, JsonRecord, type JsonValue, readJson } from './json-text.ts';

/** RFC 7518 sections 6.2.2, 6.3.2 and 6.4, RFC 8037 section 2, RFC 9964 section 3. */
const privateMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'priv', 'k'];

export type PlacedFault = Fault & Place;

/**
 * At most one finding an object; members that stand twice are both looked at, and so is JSON in a text, as Kubernetes
 * and Terraform keep it. `at` is where the value stands.
 */
export function findPrivate(value: JsonValue, place = '', at = 0): PlacedFault[] {
  if (typeof value === 'string') {
    return mayHoldJwk(value) ? findEmbedded(value, 0).map((fault) => ({ ...fault, place, at })) : [];
  }
  if (value instanceof JsonList) {
    return value.items.flatMap((item, index) =>
      findPrivate(item, `${place}[${index}]`, value.starts[index] ?? at),
    );
  }
  if (!(value instanceof JsonRecord)) return [];
  const inside = value.members.flatMap((member) =>
    findPrivate(member.value, join(place, member.name), member.at),
  );
  const found = judge(value, place);
  return found === undefined ? inside : [found, ...inside];
}

/** What every key has, or the beginning of how its name could be written otherwise. */
const signs = /"(?:kty|crv|n)\\?"|\\u00/g;
/** The longest key that is looked for inside another text: RSA 16384 with all its members, or a chain of certificates. */
const longestKey = 16_384;
/** How often a text may be read over where braces do not end; nobody's own files come near it. */
const mostRounds = 8;

export function mayHoldJwk(text: string): boolean {
  signs.lastIndex = 0;
  return signs.test(text);
}

/** Private keys among other things: one JSON value after the other, lines of a log, a script, a `.env`. */
export function findEmbedded(original: string, from: number): PlacedFault[] {
  const { text, cuts } = withoutEscapes(original, from);
  const found: PlacedFault[] = [];
  let work = text.length * mostRounds + longestKey;
  for (let at = nextBrace(text, 0); at !== -1 && work > 0; ) {
    const start = at;
    const read = readJson(text.slice(start, start + longestKey));
    if ('fault' in read) {
      work -= read.at;
      at = nextBrace(text, start + 1);
      continue;
    }
    for (const fault of findPrivate(read.value)) {
      const offset = start + (fault.at ?? 0);
      found.push({ ...fault, place: '', at: from + offset + cutsBefore(cuts, offset) });
    }
    at = nextBrace(text, start + (read.rest ?? longestKey));
  }
  return found;
}

/** The text from an offset on, with quotes as they were before they were escaped for a shell or another language. */
function withoutEscapes(original: string, from: number): { text: string; cuts: readonly number[] } {
  const pieces = original.slice(from).split('\\"');
  const cuts: number[] = [];
  let length = 0;
  for (const piece of pieces.slice(0, -1)) {
    length += piece.length;
    cuts.push(length);
    length++;
  }
  return { text: pieces.join('"'), cuts };
}

function cutsBefore(cuts: readonly number[], offset: number): number {
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cuts[middle] ?? 0) < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Where the next object begins that is near enough to what looks like a key. */
function nextBrace(text: string, from: number): number {
  signs.lastIndex = from;
  const sign = signs.exec(text);
  return sign === null ? -1 : text.indexOf('{', Math.max(from, sign.index - longestKey));
}

function judge(record: JsonRecord, place: string): PlacedFault | undefined {
  const kid = record.get('kid');
  const where = { kid: typeof kid === 'string' ? kid : undefined, place, at: record.at };
  const kinds = record.members.filter(({ name }) => name === 'kty').map(({ value }) => value);
  const held = [...new Set(record.members.map(({ name }) => name))].filter((name) =>
    privateMembers.includes(name),
  );
  if (kinds.includes('oct')) {
    const member = record.has('k') ? 'k' : undefined;
    return { code: 'symmetric-key', ...whereMember(record, where, member), what: 'a symmetric key' };
  }
  const [first] = held;
  if (first === undefined || !(kinds.length > 0 || isLikeKey(record))) return undefined;
  const what = `private ${held.length === 1 ? 'member' : 'members'} ${held.join(', ')}`;
  return { code: 'private-member', ...whereMember(record, where, first), what };
}

/** A key whose `kty` was lost. */
function isLikeKey(record: JsonRecord): boolean {
  return record.has('crv') || (record.has('n') && record.has('e'));
}

function whereMember(
  record: JsonRecord,
  where: Place,
  member: string | undefined,
): Place & { member?: string } {
  if (member === undefined) return where;
  const at = record.find(member)?.at ?? where.at;
  return { ...where, place: join(where.place, member), at, member };
}

const longestName = 40;

/** `keys[0]` and `x#y` as `keys[0]["x#y"]`, in the manner of JSONPath. */
export function join(place: string, name: string): string {
  if (/^[A-Za-z_]\w*$/.test(name) && name.length <= longestName)
    return place === '' ? name : `${place}.${name}`;
  const shown = name.length <= longestName ? name : `${name.slice(0, longestName)}…`;
  return `${place}[${JSON.stringify(shown)}]`;
}
