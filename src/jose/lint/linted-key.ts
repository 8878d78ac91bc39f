// One key of a set as its rules look at it: what it says of itself, and the bytes of its members.

import { decodeLeniently } from './encoding.ts';
import { type JsonRecord, textsOf } from './json-text.ts';

export class LintedKey {
  readonly record: JsonRecord;
  /** Such as `keys[2]`; empty where the key stands alone. */
  readonly place: string;
  readonly kid: string | undefined;
  readonly kty: string | undefined;
  readonly alg: string | undefined;
  readonly use: string | undefined;
  readonly crv: string | undefined;
  /** The names in `key_ops`; absent where there is no such list of texts. */
  readonly keyOps: readonly string[] | undefined;

  constructor(record: JsonRecord, place: string) {
    this.record = record;
    this.place = place;
    this.kid = this.text('kid');
    this.kty = this.text('kty');
    this.alg = this.text('alg');
    this.use = this.text('use');
    this.crv = this.text('crv');
    this.keyOps = textsOf(record.get('key_ops'));
  }

  text(name: string): string | undefined {
    const value = this.record.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** What a lenient client makes of a member: the other alphabet, padding and spare bits are forgiven. */
  bytes(name: string): Buffer | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : decodeLeniently(text);
  }

  /** A whole number of any size, most significant octet first. */
  integer(name: string): bigint | undefined {
    const bytes = this.bytes(name);
    return bytes === undefined ? undefined : BigInt(`0x${bytes.toString('hex')}`);
  }
}
