// Looks a published JWK Set over: the text, its keys one by one, and all of them together.
import { lintCertificates } from './certificates.ts';
import { lintClients } from './clients.ts';
import { type Consumer, lintFor } from './consumers.ts';
import { lintEncoding } from './encoding.ts';
import { type Fault, inOrder, type LintFinding, type Place, positionsIn, toFinding } from './finding.ts';
import {
  type JsonFault,
  JsonList,
  JsonRecord,
  type JsonText,
  type JsonValue,
  readJson,
} from './json-text.ts';
import { LintedKey } from './linted-key.ts';
import { lintMembers } from './members.ts';
import { lintPoint } from './points.ts';
import { findEmbedded, findPrivate, join, mayHoldJwk, type PlacedFault } from './private-members.ts';
import { findPrivateText } from './private-text.ts';
import { lintRsa } from './rsa.ts';
import type { LintCode } from './rules.ts';
import { lintNames, type SetFault } from './set.ts';
import { lintUsage } from './usage.ts';

export interface LintRequest {
  readonly text: string;
  /** Fetched from a URL: what verifiers get. */
  readonly isServed: boolean;
  /** In seconds, for certificates. */
  readonly now: number;
  readonly consumer?: Consumer | undefined;
}

export interface LintedText {
  /** The most serious first. */
  readonly findings: readonly LintFinding[];
  /** How many findings were left out: a set of a mebibyte has room for half a million. */
  readonly hidden: number;
  readonly keys: number;
}

export function lintText(request: LintRequest): LintedText {
  const text = withoutMark(request.text);
  const read = readJson(text);
  const { faults, keys } = 'fault' in read ? describeFault(read) : lintValue(read, request);
  const leaks = findKeys(text, read);
  const marks: PlacedFault[] =
    text === request.text ? [] : [{ ...top, code: 'bom', what: 'a byte order mark' }];
  return { ...toFindings([...marks, ...faults, ...leaks, ...findPrivateText(text)], text), keys };
}

interface Looked {
  readonly faults: readonly PlacedFault[];
  readonly keys: number;
}

function describeFault({ fault, at }: JsonFault): Looked {
  const what = fault === 'syntax' ? 'no JSON' : 'JSON that is nested too deeply';
  return { faults: [{ ...top, code: 'not-json', at, what }], keys: 0 };
}

function lintValue({ value, rest }: JsonText, request: LintRequest): Looked {
  const trailing: PlacedFault[] =
    rest === undefined
      ? []
      : [{ ...top, code: 'trailing-data', at: rest, what: 'something follows the JSON value' }];
  const { keys, faults, count } = entriesOf(value, request.isServed);
  const tooMany: PlacedFault[] =
    count <= mostKeys
      ? []
      : [{ ...top, code: 'too-large', what: `${count} keys, of which ${mostKeys} are looked at` }];
  return {
    faults: [...tooMany, ...trailing, ...faults, ...findDoubled(value, ''), ...lintKeys(keys, request)],
    keys: count,
  };
}

/** Only what must never be in a file, whatever the file is. Fast: most files are not even read as JSON. */
export function lintPrivate(text: string): LintedText {
  const bare = withoutMark(text);
  // A symmetric key whose value is left out, as tools list them, is no leak.
  const members = (mayHoldJwk(bare) ? findKeys(bare, readJson(bare)) : []).filter(
    ({ member }) => member !== undefined,
  );
  return { ...toFindings([...members, ...findPrivateText(bare)], bare), keys: 0 };
}

/** In the JSON value that a text begins with, and in what is no such value. */
function findKeys(text: string, read: JsonText | JsonFault): PlacedFault[] {
  if ('fault' in read) return findEmbedded(text, 0);
  const rest = read.rest === undefined ? [] : findEmbedded(text, read.rest);
  return [...findPrivate(read.value), ...rest];
}

/** A finding that is not in the text: about the whole of it, or about how it is served. */
export function lintWhole(code: LintCode, what: string, place = ''): LintFinding {
  return toFinding({ code, what }, { place }, positionsIn(''));
}

const top: Place = { place: '', at: 0 };
const mostKeys = 10_000;
const mostFindings = 1_000;

function withoutMark(text: string): string {
  return text.startsWith('\ufeff') ? text.slice(1) : text;
}

function toFindings(faults: readonly PlacedFault[], text: string): Pick<LintedText, 'findings' | 'hidden'> {
  const positionOf = positionsIn(text);
  const findings = inOrder(faults.map((fault) => toFinding(fault, fault, positionOf)));
  const hidden = Math.max(0, findings.length - mostFindings);
  return { findings: findings.slice(0, mostFindings), hidden };
}

interface Entries {
  readonly keys: LintedKey[];
  readonly faults: PlacedFault[];
  /** How many there are, where not all are looked at. */
  readonly count: number;
}

function entriesOf(value: JsonValue, isServed: boolean): Entries {
  const list = value instanceof JsonRecord ? value.get('keys') : value;
  if (list instanceof JsonList) return listEntries(list, list === value, isServed);
  const isKey = value instanceof JsonRecord && !value.has('keys') && value.has('kty');
  if (isKey) return { keys: [new LintedKey(value, '')], faults: bare('a key alone', isServed), count: 1 };
  return { keys: [], faults: [{ ...top, code: 'not-a-set', what: 'no JWK Set' }], count: 0 };
}

function listEntries(list: JsonList, isBare: boolean, isServed: boolean): Entries {
  const prefix = isBare ? '' : 'keys';
  const keys: LintedKey[] = [];
  const faults: PlacedFault[] = isBare ? bare('a list of keys', isServed) : [];
  for (const [index, item] of list.items.slice(0, mostKeys).entries()) {
    const place = `${prefix}[${index}]`;
    if (item instanceof JsonRecord) keys.push(new LintedKey(item, place));
    else faults.push({ place, at: list.starts[index], code: 'not-a-key', what: 'no object' });
  }
  const count = list.items.length;
  if (count === 0) faults.push({ ...top, place: prefix, code: 'empty-set', what: 'no keys' });
  return { keys, faults, count };
}

function bare(what: string, isServed: boolean): PlacedFault[] {
  return [{ ...top, code: isServed ? 'not-a-set' : 'bare-keys', what }];
}

function lintKeys(keys: readonly LintedKey[], { now, consumer, isServed }: LintRequest): PlacedFault[] {
  const alone = keys.flatMap((key) =>
    [
      ...lintMembers(key),
      ...lintUsage(key),
      ...lintEncoding(key),
      ...lintRsa(key),
      ...lintPoint(key),
      ...lintCertificates(key, now),
    ].map((fault) => placed(fault, key)),
  );
  const together: SetFault[] = [
    ...lintNames(keys),
    ...lintClients(keys),
    ...(consumer === undefined || keys.length === 0 ? [] : lintFor(consumer, keys, isServed)),
  ];
  return [...alone, ...together.map(({ key, ...fault }) => placed(fault, key))];
}

function placed(fault: Fault, key: LintedKey | undefined): PlacedFault {
  if (key === undefined) return { ...top, ...fault };
  const { member } = fault;
  const at = (member === undefined ? undefined : key.record.find(member)?.at) ?? key.record.at;
  return { ...fault, kid: key.kid, place: member === undefined ? key.place : join(key.place, member), at };
}

/** Members of one name in one object. */
function findDoubled(value: JsonValue, place: string): PlacedFault[] {
  if (value instanceof JsonList)
    return value.items.flatMap((item, index) => findDoubled(item, `${place}[${index}]`));
  if (!(value instanceof JsonRecord)) return [];
  const seen = new Set<string>();
  return value.members.flatMap(({ name, at, value: inner }): PlacedFault[] => {
    const inside = findDoubled(inner, join(place, name));
    const isDoubled = seen.has(name);
    seen.add(name);
    if (!isDoubled) return inside;
    return [
      { place: join(place, name), at, code: 'duplicate-member', what: 'a member is there twice' },
      ...inside,
    ];
  });
}
