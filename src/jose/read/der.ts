// ASN.1 in DER or BER (X.690), as deep as keys need it: to tell what a file is, and to bound what it asks for.

/** PKCS#12 and chains are nested about twenty deep. */
const mostDepth = 40;

export interface Der {
  readonly tag: number;
  readonly content: Buffer;
  /** Of a constructed value. */
  readonly children: readonly Der[];
  /** With its tag and length. */
  readonly bytes: Buffer;
}

export const tags = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** The one value that the bytes hold, or `undefined` where they hold anything else, or more. */
export function parseDer(bytes: Uint8Array): Der | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const value = parseAt(buffer, 0, buffer.length, 0);
  return value?.bytes.length === buffer.length ? value : undefined;
}

function parseAt(buffer: Buffer, start: number, end: number, depth: number): Der | undefined {
  const head = readHead(buffer, start, end);
  if (head === undefined || depth > mostDepth) return undefined;
  const { tag, from, length } = head;
  const isConstructed = (tag & 0x20) !== 0;
  if (length === undefined && !isConstructed) return undefined;
  const to = length === undefined ? end : from + length;
  if (!isConstructed) {
    const content = buffer.subarray(from, to);
    return { tag, content, children: [], bytes: buffer.subarray(start, to) };
  }
  const children: Der[] = [];
  let next = from;
  while (next < to) {
    if (length === undefined && buffer[next] === 0 && buffer[next + 1] === 0) {
      return { tag, content: buffer.subarray(from, next), children, bytes: buffer.subarray(start, next + 2) };
    }
    const child = parseAt(buffer, next, to, depth + 1);
    if (child === undefined) return undefined;
    children.push(child);
    next += child.bytes.length;
  }
  if (length === undefined) return undefined;
  return { tag, content: buffer.subarray(from, to), children, bytes: buffer.subarray(start, to) };
}

/** `length` is absent where the value ends with two zero octets (BER, as some make PKCS#12). */
function readHead(buffer: Buffer, start: number, end: number) {
  const [tag, first] = [buffer[start], buffer[start + 1]];
  if (tag === undefined || first === undefined || start + 2 > end || (tag & 0x1f) === 0x1f) return undefined;
  if (first === 0x80) return { tag, from: start + 2, length: undefined };
  const octets = first < 0x80 ? 0 : first & 0x7f;
  const from = start + 2 + octets;
  if (octets > 4 || from > end) return undefined;
  const length = octets === 0 ? first : buffer.readUIntBE(start + 2, octets);
  return from + length > end ? undefined : { tag, from, length };
}

/** The octets of an OCTET STRING, also of one in pieces. */
export function octetsOf(value: Der | undefined): Buffer | undefined {
  if (value === undefined) return undefined;
  return value.children.length === 0
    ? value.content
    : Buffer.concat(value.children.map((one) => one.content));
}

/** The number of a small INTEGER; what does not fit or is negative is `Infinity`, so that every bound refuses it. */
export function smallInteger(value: Der | undefined): number | undefined {
  if (value?.tag !== tags.integer || value.content.length === 0) return undefined;
  const isSmall = value.content.length <= 6 && (value.content[0] ?? 0) < 0x80;
  return isSmall ? value.content.readUIntBE(0, value.content.length) : Number.POSITIVE_INFINITY;
}

/** An OBJECT IDENTIFIER in dotted form. */
export function oidOf(value: Der | undefined): string | undefined {
  if (value?.tag !== tags.oid || value.content.length > 32) return undefined;
  const arcs: number[] = [];
  let arc = 0;
  for (const byte of value.content) {
    arc = arc * 128 + (byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const [first = 0, ...others] = arcs;
  const top = Math.min(2, Math.floor(first / 40));
  return [top, first - top * 40, ...others].join('.');
}

/** The largest INTEGER in a value, however deep; 0 where there is none. */
export function largestInteger(value: Der): number {
  const own = smallInteger(value) ?? 0;
  return value.children.reduce((largest, child) => Math.max(largest, largestInteger(child)), own);
}

export function encodeDer(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  if (content.length < 0x80) return Buffer.concat([Buffer.from([tag, content.length]), content]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(content.length);
  const short = length.subarray(length.findIndex((byte) => byte !== 0));
  return Buffer.concat([Buffer.from([tag, 0x80 | short.length]), short, content]);
}
