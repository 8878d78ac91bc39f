// PEM (RFC 7468, and RFC 1421 headers as OpenSSL writes them): blocks, with any text around them.
import { createPrivateKey } from 'node:crypto';
import { parseDer } from './der.ts';
import { collect, refusal } from './faults.ts';
import { type DerKind, readKeyDer, readSec1 } from './key-der.ts';
import { membersOf } from './key-object.ts';
import { readOpenSsh } from './openssh.ts';
import type { Piece } from './piece.ts';
import { doesNotOpen, type ReadContext } from './read-context.ts';

interface Block {
  readonly label: string;
  readonly headers: string;
  readonly bytes: Buffer;
  readonly where: string;
}

const kinds: Readonly<Record<string, DerKind>> = {
  'PRIVATE KEY': 'pkcs8',
  'ENCRYPTED PRIVATE KEY': 'encrypted',
  'RSA PRIVATE KEY': 'pkcs1',
  'EC PRIVATE KEY': 'sec1',
  'PUBLIC KEY': 'spki',
  'RSA PUBLIC KEY': 'rsa-public',
  CERTIFICATE: 'certificate',
  'X509 CERTIFICATE': 'certificate',
};

/** Of blocks that are no keys of ours, those that people have. Any other label is not repeated in a message. */
const foreign = [
  'DSA PRIVATE KEY',
  'CERTIFICATE REQUEST',
  'NEW CERTIFICATE REQUEST',
  'X509 CRL',
  'TRUSTED CERTIFICATE',
  'PKCS7',
  'CMS',
  'DH PARAMETERS',
  'DSA PARAMETERS',
  'PGP PRIVATE KEY BLOCK',
  'PGP PUBLIC KEY BLOCK',
  'SSH2 PUBLIC KEY',
];

/** Reading and proving a block takes about a millisecond. */
const mostBlocks = 1000;

export async function readPem(text: string, context: ReadContext): Promise<Piece[]> {
  const blocks = blocksOf(text, context.name);
  let parameters: Buffer | undefined;
  const pieces = await collect(blocks, async (block) => {
    if (block.label === 'EC PARAMETERS') {
      parameters = block.bytes;
      return [];
    }
    const piece = await readBlock(block, context, parameters);
    parameters = undefined;
    return [piece];
  });
  return pieces.flat();
}

async function readBlock(block: Block, context: ReadContext, parameters?: Buffer): Promise<Piece> {
  const { label, headers, bytes, where } = block;
  if (label === 'OPENSSH PRIVATE KEY') return readOpenSsh(bytes, where, context);
  const kind = Object.hasOwn(kinds, label) ? kinds[label] : undefined;
  if (kind === undefined) {
    const known = foreign.find((one) => one === label);
    throw refusal(
      where,
      known === undefined ? 'a block of its kind is not read' : `a block "${known}" is not read`,
    );
  }
  if (/^Proc-Type:\s*4,ENCRYPTED/im.test(headers)) return readEncryptedBlock(block, context);
  const der = kind === 'sec1' ? parseDer(bytes) : undefined;
  if (der !== undefined && parameters !== undefined) return readSec1(der, where, parameters);
  return readKeyDer(bytes, where, context, kind);
}

/** OpenSSL's own encryption of PKCS#1 and SEC1: one round of MD5, so there is nothing to bound. */
async function readEncryptedBlock(
  { label, headers, bytes, where }: Block,
  context: ReadContext,
): Promise<Piece> {
  const passphrase = await context.passphrase(where);
  const body = bytes
    .toString('base64')
    .match(/.{1,64}/g)
    ?.join('\n');
  const key = `-----BEGIN ${label}-----\n${headers.trim()}\n\n${body}\n-----END ${label}-----\n`;
  const members = ((): ReturnType<typeof membersOf> => {
    try {
      return membersOf(createPrivateKey({ key, format: 'pem', passphrase }));
    } catch {
      throw doesNotOpen(where, 'passphrase');
    }
  })();
  if (typeof members === 'string') throw refusal(where, members);
  return { kind: 'key', members, where };
}

function blocksOf(text: string, name: string): Block[] {
  const begins = [...text.matchAll(/-----BEGIN ([A-Z0-9 ]{1,64})-----/g)];
  if (begins.length > mostBlocks) throw refusal(name, `it has more than ${mostBlocks} blocks`);
  return begins.map((begin, index) => {
    const [line, label = ''] = begin;
    const where = begins.length === 1 ? name : `${name}, block ${index + 1}`;
    const rest = text.slice(begin.index + line.length, begins[index + 1]?.index);
    const end = rest.indexOf(`-----END ${label}-----`);
    if (end === -1) throw refusal(where, 'it has no end');
    const [, headers = '', body = ''] =
      /^((?:\s*[\w-]+:[^\n]*\n(?:[ \t][^\n]*\n)*)*)([\s\S]*)$/.exec(rest.slice(0, end)) ?? [];
    const letters = body.replace(/\s/g, '');
    const bytes = Buffer.from(letters, 'base64');
    const isExact =
      bytes.length > 0 && bytes.toString('base64').replace(/=/g, '') === letters.replace(/={0,2}$/, '');
    if (!isExact) throw refusal(where, 'what is between its lines is not base64');
    return { label, headers, bytes, where };
  });
}
