// OpenSSH's private keys (its PROTOCOL.key) and lines of public keys (sshd(8), authorized_keys).
import { createDecipheriv } from 'node:crypto';
import { collect, refusal } from './faults.ts';
import { identityOf } from './key-object.ts';
import type { Piece } from './piece.ts';
import { doesNotOpen, type ReadContext } from './read-context.ts';
import { readSshPrivate, readSshPublic, SshReader } from './ssh-wire.ts';

const magic = 'openssh-key-v1\0';

interface Cipher {
  readonly name: string;
  readonly keyLength: number;
  readonly ivLength: number;
  readonly tagLength: number;
}

const block = (name: string, keyLength: number, ivLength = 16): Cipher => ({
  name,
  keyLength,
  ivLength,
  tagLength: 0,
});
const ciphers: Readonly<Record<string, Cipher>> = {
  'aes128-ctr': block('aes-128-ctr', 16),
  'aes192-ctr': block('aes-192-ctr', 24),
  'aes256-ctr': block('aes-256-ctr', 32),
  'aes128-cbc': block('aes-128-cbc', 16),
  'aes192-cbc': block('aes-192-cbc', 24),
  'aes256-cbc': block('aes-256-cbc', 32),
  '3des-cbc': block('des-ede3-cbc', 24, 8),
  'aes128-gcm@openssh.com': { name: 'aes-128-gcm', keyLength: 16, ivLength: 12, tagLength: 16 },
  'aes256-gcm@openssh.com': { name: 'aes-256-gcm', keyLength: 32, ivLength: 12, tagLength: 16 },
};

/** A round of bcrypt takes 20 to 40 ms: 128 are allowed, and OpenSSH makes 16 or 24 unless told. */
const iterationsOfRound = 15_625;

export async function readOpenSsh(bytes: Buffer, where: string, context: ReadContext): Promise<Piece> {
  const reader = new SshReader(bytes, where);
  if (bytes.toString('latin1', 0, magic.length) !== magic) throw refusal(where, 'it is no OpenSSH key');
  reader.take(magic.length);
  const [cipher, kdf, options] = [reader.text(), reader.text(), reader.string()];
  if (reader.number() !== 1) throw refusal(where, 'it does not hold one key');
  const outside = readSshPublic(new SshReader(reader.string(), where), where);
  const sealed = reader.string();
  const isPlain = cipher === 'none' && kdf === 'none';
  const opened = isPlain ? sealed : await decrypt({ cipher, kdf, options, sealed, reader }, where, context);
  const inside = new SshReader(opened, where);
  const [check, again] = [inside.number(), inside.number()];
  if (check !== again) {
    throw isPlain ? refusal(where, 'it is damaged') : doesNotOpen(where, 'passphrase');
  }
  const members = readSshPrivate(inside, where);
  if (identityOf(outside) !== identityOf(members))
    throw refusal(where, 'its public half belongs to another key');
  return { kind: 'key', members, where };
}

interface Locked {
  readonly cipher: string;
  readonly kdf: string;
  readonly options: Buffer;
  readonly sealed: Buffer;
  /** Behind what is sealed: the tag, where the cipher has one. */
  readonly reader: SshReader;
}

async function decrypt(locked: Locked, where: string, context: ReadContext): Promise<Buffer> {
  const cipher = Object.hasOwn(ciphers, locked.cipher) ? ciphers[locked.cipher] : undefined;
  if (cipher === undefined || locked.kdf !== 'bcrypt') {
    throw refusal(where, 'its encryption is not read', 'ssh-keygen -p -Z aes256-ctr -f FILE changes it');
  }
  const options = new SshReader(locked.options, where);
  const [salt, rounds] = [options.string(), options.number()];
  if (salt.length === 0 || salt.length > 1024) throw refusal(where, 'it is damaged');
  context.spend(rounds, where, iterationsOfRound);
  const { keyLength, ivLength, tagLength } = cipher;
  const derived = await bcrypt(await context.passphrase(where), salt, rounds, keyLength + ivLength);
  try {
    const [key, iv] = [derived.subarray(0, keyLength), derived.subarray(keyLength)];
    const decipher = createDecipheriv(cipher.name as 'aes-256-gcm', key, iv);
    decipher.setAutoPadding(false);
    if (tagLength > 0) decipher.setAuthTag(locked.reader.take(tagLength));
    return Buffer.concat([decipher.update(locked.sealed), decipher.final()]);
  } catch {
    throw doesNotOpen(where, 'passphrase');
  }
}

type Bcrypt = (
  ...of: [Buffer, number, Buffer, number, out: Buffer, length: number, rounds: number]
) => number;

async function bcrypt(passphrase: string, salt: Buffer, rounds: number, length: number): Promise<Buffer> {
  // @ts-expect-error The package has no types.
  const { default: module } = (await import('bcrypt-pbkdf')) as { default: { pbkdf: Bcrypt } };
  const [secret, derived] = [Buffer.from(passphrase), Buffer.alloc(length)];
  // It refuses an empty passphrase: then the zeros open nothing, which is told as such.
  module.pbkdf(secret, secret.length, salt, salt.length, derived, length, rounds);
  return derived;
}

/** One key a line, with options before it or without; `#` begins a comment. */
export async function readSshLines(text: string, context: ReadContext): Promise<Piece[]> {
  const lines = text.split(/\r\n|\n|\r/).map((line, index) => ({ line: line.trim(), number: index + 1 }));
  const keys = lines.filter(({ line }) => line !== '' && !line.startsWith('#'));
  return collect(keys, ({ line, number }) => {
    const where = keys.length === 1 ? context.name : `${context.name}, line ${number}`;
    const [type, encoded] = findKey(line) ?? [];
    const bytes = encoded === undefined ? undefined : Buffer.from(encoded, 'base64');
    if (type === undefined || bytes?.toString('base64') !== encoded || bytes === undefined)
      throw refusal(where, 'it is no SSH public key');
    const members = readSshPublic(new SshReader(bytes, where), where);
    return { kind: 'key', members, where };
  });
}

/** Looks like lines of public keys: the first one that is no comment is one. */
export function isSshText(text: string): boolean {
  const first = /^(?:[ \t]*(?:#[^\n]*)?\r?\n)*([^\n]*)/.exec(text)?.[1] ?? '';
  return findKey(first.trim()) !== undefined;
}

function findKey(line: string): [type: string, encoded: string] | undefined {
  const found = /(?:^|[ \t])((?:ssh|ecdsa|sk)-[\w@.-]+)[ \t]+(AAAA[A-Za-z0-9+/]+={0,2})(?:[ \t]|$)/.exec(
    line,
  );
  return found?.[1] === undefined || found[2] === undefined ? undefined : [found[1], found[2]];
}
