// Keys as SSH writes them (RFC 4251 section 5, RFC 4253 section 6.6, RFC 5656, RFC 8709), to members of a JWK.
import { encodeBase64url } from '../base64url.ts';
import { fromNumber, toNumber } from '../numbers.ts';
import { refusal } from './faults.ts';
import { mostRsaOctets } from './rsa-members.ts';

/** Reads one value after the other; what is too short is a refusal. */
export class SshReader {
  readonly #bytes: Buffer;
  readonly #where: string;
  #at = 0;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#where = where;
  }

  take(count: number): Buffer {
    const end = this.#at + count;
    if (end > this.#bytes.length) throw refusal(this.#where, 'it ends too early');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }

  number(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.number());
  }

  text(): string {
    return this.string().toString('latin1');
  }

  rest(): Buffer {
    return this.take(this.#bytes.length - this.#at);
  }
}

/** The NIST curves by the names of RFC 5656 section 6.1. */
const curveOf: Readonly<Record<string, string>> = {
  nistp256: 'P-256',
  nistp384: 'P-384',
  nistp521: 'P-521',
};
const prefix = 'ecdsa-sha2-';

/** Types that people have and that are no keys of ours. */
const foreignTypes: Readonly<Record<string, string>> = {
  'ssh-dss': 'a DSA key is not supported',
  'sk-ssh-ed25519@openssh.com': 'its private half is in a security key',
  'sk-ecdsa-sha2-nistp256@openssh.com': 'its private half is in a security key',
};

type Members = Record<string, string>;

export function readSshPublic(reader: SshReader, where: string): Members {
  const type = reader.text();
  if (type === 'ssh-rsa') {
    const [e, n] = [reader.string(), reader.string()];
    return { kty: 'RSA', n: integer(n), e: integer(e) };
  }
  if (type === 'ssh-ed25519') return { kty: 'OKP', crv: 'Ed25519', x: encodeBase64url(reader.string()) };
  return readPoint(type, reader, where);
}

/** As in the private part of `openssh-key-v1` (OpenSSH's PROTOCOL.key), whose public members stand in it again. */
export function readSshPrivate(reader: SshReader, where: string): Members {
  const type = reader.text();
  if (type === 'ssh-rsa') {
    return readRsa(Array.from({ length: 6 }, () => reader.string()));
  }
  if (type === 'ssh-ed25519') {
    const [x, seedAndX] = [reader.string(), reader.string()];
    // The second half is the public key once more.
    if (seedAndX.length !== 64 || !seedAndX.subarray(32).equals(x))
      throw refusal(where, 'its two halves do not fit');
    return {
      kty: 'OKP',
      crv: 'Ed25519',
      x: encodeBase64url(x),
      d: encodeBase64url(seedAndX.subarray(0, 32)),
    };
  }
  return { ...readPoint(type, reader, where), d: integer(reader.string()) };
}

/** SSH leaves out what follows from the others: `dp` and `dq`. */
function readRsa(numbers: readonly Buffer[]): Members {
  const [n, e, d, qi, p, q] = numbers.map(integer);
  const members = { kty: 'RSA', n, e, d, p, q, qi };
  const [D, P, Q] = [2, 4, 5].map((index) =>
    toNumber((numbers[index] ?? Buffer.alloc(0)).subarray(0, mostRsaOctets)),
  );
  if (!D || !P || !Q || P < 3n || Q < 3n) return members as Members;
  const [dp, dq] = [P, Q].map((prime) => encodeBase64url(fromNumber(D % (prime - 1n))));
  return { ...members, dp, dq } as Members;
}

function readPoint(type: string, reader: SshReader, where: string): Members {
  const name = type.startsWith(prefix) ? type.slice(prefix.length) : '';
  const crv = Object.hasOwn(curveOf, name) ? curveOf[name] : undefined;
  if (crv === undefined) {
    const reason = Object.hasOwn(foreignTypes, type) ? foreignTypes[type] : undefined;
    throw refusal(where, reason ?? 'it is of a type of SSH key that is not supported');
  }
  const [curve, point] = [reader.text(), reader.string()];
  const half = (point.length - 1) / 2;
  if (curve !== name || point[0] !== 4 || !Number.isInteger(half))
    throw refusal(where, 'its point is malformed');
  return {
    kty: 'EC',
    crv,
    x: encodeBase64url(point.subarray(1, 1 + half)),
    y: encodeBase64url(point.subarray(1 + half)),
  };
}

/** An mpint has a zero octet in front where its first bit is set; that is SSH's way, and no fault to tell of. */
function integer(bytes: Buffer): string {
  const start = bytes.findIndex((byte) => byte !== 0);
  return encodeBase64url(bytes.subarray(start === -1 ? Math.max(0, bytes.length - 1) : start));
}
