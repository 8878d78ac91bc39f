// Encrypted JWKs and JWK Sets (RFC 7517 section 7), as `step crypto jwk create` and other JOSE tools write them.
import { JwksError } from '../../errors.ts';
import { algorithms } from '../algorithms.ts';
import { decodeBase64url } from '../base64url.ts';
import type { PrivateJwk } from '../jwk.ts';
import { toKeyObject } from '../private-key.ts';
import { refusal } from './faults.ts';
import { isObject, memberOf, parseJson } from './json-text.ts';
import { doesNotOpen, mostIterations, type ReadContext } from './read-context.ts';

/** A flattened JWE (RFC 7516 section 7.2.2), of texts and header objects that jose looks at again. */
type Flattened = Readonly<Record<string, unknown>>;

const mostRecipients = 16;
const pbes2 = ['PBES2-HS256+A128KW', 'PBES2-HS384+A192KW', 'PBES2-HS512+A256KW'];

export function isCompactJwe(text: string): boolean {
  return /^[\w-]+(?:\.[\w-]*){4}$/.test(text);
}

export function isJweObject(value: unknown): value is Flattened {
  return (
    isObject(value) && memberOf(value, 'ciphertext') !== undefined && memberOf(value, 'kty') === undefined
  );
}

/** The text within. */
export async function openJwe(jwe: string | Flattened, context: ReadContext): Promise<string> {
  const { name } = context;
  let wanted: string | undefined;
  for (const one of flatten(jwe, name)) {
    const header = headerOf(one, name);
    const alg = memberOf(header, 'alg');
    const known = [...pbes2, ...algorithms.map((entry) => entry.alg)].find((entry) => entry === alg);
    if (known === undefined) continue;
    wanted ??= known;
    const opened = pbes2.includes(known)
      ? await openWithPassphrase(one, known, memberOf(header, 'p2c'), context)
      : await openWithKeys(one, known, context);
    if (opened !== undefined) return decode(opened, name);
  }
  if (wanted === undefined) throw refusal(name, 'it is encrypted by an algorithm that is not supported');
  if (pbes2.includes(wanted)) throw doesNotOpen(name, 'passphrase');
  if (context.decryptWith.length > 0) throw doesNotOpen(name, 'key');
  throw new JwksError('secret', `${name}: it is encrypted to a key (${wanted}), and none was given`);
}

/** One for each recipient. Without a key of its own a member is left out, which the serializations do each their way. */
function flatten(jwe: string | Flattened, name: string): Flattened[] {
  if (typeof jwe === 'string') {
    const [header, encrypted_key, iv, ciphertext, tag] = jwe.split('.');
    return [withoutEmpty({ protected: header, encrypted_key, iv, ciphertext, tag })];
  }
  const recipients = memberOf(jwe, 'recipients');
  if (recipients === undefined) return [withoutEmpty(jwe)];
  if (!Array.isArray(recipients) || recipients.length > mostRecipients) {
    throw refusal(name, `it is no JWE of at most ${mostRecipients} recipients`);
  }
  const { recipients: _, ...shared } = jwe;
  return recipients
    .filter(isObject)
    .map(({ header, encrypted_key }) => withoutEmpty({ ...shared, header, encrypted_key }));
}

function withoutEmpty({ encrypted_key, header, ...others }: Flattened): Flattened {
  const hasKey = encrypted_key !== undefined && encrypted_key !== '';
  return { ...others, ...(header === undefined ? {} : { header }), ...(hasKey ? { encrypted_key } : {}) };
}

/** RFC 7516 section 7.2.1: the three headers have no member in common, which jose checks again. */
function headerOf(jwe: Flattened, name: string): object {
  const encoded = memberOf(jwe, 'protected');
  const bytes = typeof encoded === 'string' ? decodeBase64url(encoded) : undefined;
  const within = bytes === undefined ? {} : parseJson(bytes.toString(), `${name}, its protected header`);
  const parts = [within, memberOf(jwe, 'unprotected'), memberOf(jwe, 'header')].filter(isObject);
  return Object.assign({}, ...parts);
}

async function openWithPassphrase(jwe: Flattened, alg: string, count: unknown, context: ReadContext) {
  context.spend(typeof count === 'number' ? count : 0, context.name);
  const key = Buffer.from(await context.passphrase(context.name));
  return decrypt(jwe, key, alg);
}

async function openWithKeys(jwe: Flattened, alg: string, context: ReadContext) {
  for (const key of context.decryptWith) {
    const opened = await openWithKey(jwe, alg, key);
    if (opened !== undefined) return opened;
  }
  return undefined;
}

async function openWithKey(jwe: Flattened, alg: string, key: PrivateJwk) {
  const entry = algorithms.find((one) => one.alg === alg);
  const isFitting = entry?.kty === key.kty || (entry?.kty === 'EC or OKP' && ['EC', 'OKP'].includes(key.kty));
  return isFitting ? decrypt(jwe, toKeyObject(key), alg) : undefined;
}

type Key = Buffer | ReturnType<typeof toKeyObject>;

/** `undefined` where it does not open. What jose says of it is not passed on. */
async function decrypt(jwe: Flattened, key: Key, alg: string): Promise<Uint8Array | undefined> {
  const { flattenedDecrypt } = await import('jose');
  try {
    const { plaintext } = await flattenedDecrypt(
      jwe as unknown as Parameters<typeof flattenedDecrypt>[0],
      key,
      {
        keyManagementAlgorithms: [alg],
        maxPBES2Count: mostIterations,
      },
    );
    return plaintext;
  } catch {
    return undefined;
  }
}

function decode(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refusal(name, 'what is in it is not UTF-8 text');
  }
}
