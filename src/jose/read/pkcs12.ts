// PKCS#12 (RFC 7292): private keys and certificates under a password, as Java, Windows and OpenSSL write them.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { type Der, octetsOf, oidOf, parseDer, smallInteger, tags } from './der.ts';
import { collect, refusal } from './faults.ts';
import { readCertificate, readKeyDer } from './key-der.ts';
import { decryptByPassword, derivePkcs12, digests, pbkdf2Of, purposes } from './pbe.ts';
import type { Piece } from './piece.ts';
import { doesNotOpen, type ReadContext } from './read-context.ts';

const data = '1.2.840.113549.1.7.1';
const encryptedData = '1.2.840.113549.1.7.6';
const pbmac1 = '1.2.840.113549.1.5.14';
const bags = {
  key: '1.2.840.113549.1.12.10.1.1',
  shrouded: '1.2.840.113549.1.12.10.1.2',
  certificate: '1.2.840.113549.1.12.10.1.3',
  nested: '1.2.840.113549.1.12.10.1.6',
};
const x509 = '1.2.840.113549.1.9.22.1';
const mostBags = 1000;

export async function readPkcs12(der: Der, context: ReadContext): Promise<Piece[]> {
  const { name } = context;
  const [, safe, mac] = der.children;
  const content = contentOf(safe, name);
  const password = context.hasPassphrase ? await context.passphrase(name) : '';
  if (mac !== undefined && !isAuthentic(mac, content, password, context)) {
    // Asked for only now: many of these files have an empty password.
    if (!context.hasPassphrase) await context.passphrase(name);
    throw doesNotOpen(name, 'passphrase');
  }
  const contents = parts(content, name).flatMap((part) => openContent(part, password, context));
  const found = contents.flatMap((bytes) => bagsOf(parts(bytes, name), name, 0));
  if (found.length > mostBags) throw refusal(name, `it has more than ${mostBags} entries`);
  const counts: Record<string, number> = {};
  const numbered = found.map((bag) => {
    const kind = bag.id === bags.certificate ? 'certificate' : 'key';
    counts[kind] = (counts[kind] ?? 0) + 1;
    return { ...bag, where: `${name}, ${kind} ${counts[kind]}` };
  });
  return collect(numbered, ({ id, value, where }) => readBag(id, value, where, password, context));
}

interface Bag {
  readonly id: string;
  readonly value: Der | undefined;
}

async function readBag(
  id: string,
  value: Der | undefined,
  where: string,
  password: string,
  context: ReadContext,
): Promise<Piece> {
  if (id === bags.certificate) {
    const [type, certificate] = value?.children ?? [];
    const bytes = octetsOf(certificate?.children[0]);
    if (oidOf(type) !== x509 || bytes === undefined) throw refusal(where, 'it is no X.509 certificate');
    return { kind: 'certificate', certificate: readCertificate(bytes, where), where };
  }
  if (value === undefined) throw refusal(where, 'it is damaged');
  if (id === bags.key) return readKeyDer(value.bytes, where, context, 'pkcs8');
  if (id !== bags.shrouded)
    throw refusal(where, 'it is an entry that is neither a private key nor a certificate');
  const [algorithm, encrypted] = value.children;
  const opened = decryptByPassword(algorithm, octetsOf(encrypted), password, where, context);
  if (opened === undefined) throw doesNotOpen(where, 'passphrase');
  return readKeyDer(opened, where, context, 'pkcs8');
}

/** The octets of a ContentInfo of type data. */
function contentOf(info: Der | undefined, name: string): Buffer {
  const [type, value] = info?.children ?? [];
  const content = octetsOf(value?.children[0]);
  if (oidOf(type) !== data || content === undefined) {
    throw refusal(name, 'it is PKCS#12 under a public key, or damaged');
  }
  return content;
}

function parts(bytes: Buffer, name: string): readonly Der[] {
  const der = parseDer(bytes);
  if (der?.tag !== tags.sequence) throw refusal(name, 'it is damaged');
  return der.children;
}

function openContent(info: Der, password: string, context: ReadContext): Buffer {
  const { name } = context;
  if (oidOf(info.children[0]) !== encryptedData) return contentOf(info, name);
  const [, algorithm, encrypted] = info.children[1]?.children[0]?.children[1]?.children ?? [];
  const opened = decryptByPassword(algorithm, octetsOf(encrypted), password, name, context);
  if (opened === undefined) throw doesNotOpen(name, 'passphrase');
  return opened;
}

function bagsOf(values: readonly Der[], name: string, depth: number): Bag[] {
  if (depth > 4) throw refusal(name, 'it is nested too deeply');
  return values.flatMap(({ children: [type, wrapped] }) => {
    const id = oidOf(type) ?? '';
    const value = wrapped?.children[0];
    return id === bags.nested ? bagsOf(value?.children ?? [], name, depth + 1) : [{ id, value }];
  });
}

/** RFC 7292 section 4, and RFC 9579 for PBMAC1. */
function isAuthentic(mac: Der, content: Buffer, password: string, context: ReadContext): boolean {
  const { name } = context;
  const [info, salt, count] = mac.children;
  const [algorithm, expected] = info?.children ?? [];
  const [type, parameters] = algorithm?.children ?? [];
  if (salt === undefined || expected === undefined) throw refusal(name, 'it is damaged');
  const check = (key: Buffer, hash: string) => {
    const found = createHmac(hash, key).update(content).digest();
    return found.length === expected.content.length && timingSafeEqual(found, expected.content);
  };
  const oid = oidOf(type) ?? '';
  if (oid === pbmac1) {
    const derive = pbkdf2Of(parameters?.children[0], name, context);
    const length = smallInteger(parameters?.children[0]?.children[1]?.children[2]) ?? 0;
    const scheme = oidOf(parameters?.children[1]?.children[0]);
    const hash = scheme === '1.2.840.113549.2.11' ? 'sha512' : 'sha256';
    if (derive === undefined || length < 1 || length > 64) throw refusal(name, 'its MAC is not read');
    return check(derive(Buffer.from(password), length), hash);
  }
  const hash = Object.hasOwn(digests, oid) ? digests[oid] : undefined;
  if (hash === undefined) throw refusal(name, 'its MAC is not read');
  const iterations = count === undefined ? 1 : (smallInteger(count) ?? 0);
  const size = createHmac(hash, '').digest().length;
  return check(
    derivePkcs12(hash, password, salt.content, iterations, purposes.mac, size, name, context),
    hash,
  );
}
