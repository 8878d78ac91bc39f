// What a key says it is for: alg, use and key_ops, with each other and with the key.
import { type Algorithm, algorithms, findAlgorithm } from '../algorithms.ts';
import { parsePublicKeys } from '../parse-public.ts';
import { type Fault, quote } from './finding.ts';
import type { LintedKey } from './linted-key.ts';

/** Registered with IANA (JSON Web Signature and Encryption Algorithms) for public keys, beside those of our table. */
const rareAlgorithms = ['ES256K', 'RSA1_5', 'RS1'];
/** RFC 7517 section 4.3, by the use that they are of. */
const operations = {
  sig: ['verify', 'sign'],
  enc: ['encrypt', 'wrapKey', 'deriveKey', 'deriveBits', 'decrypt', 'unwrapKey'],
} as const;
const privateOperations = ['sign', 'decrypt', 'unwrapKey'];
const allOperations: readonly string[] = [...operations.sig, ...operations.enc];

export function lintUsage(key: LintedKey): Fault[] {
  return [...lintAlgorithm(key), ...lintUse(key), ...lintOperations(key)];
}

function lintAlgorithm(key: LintedKey): Fault[] {
  const { alg } = key;
  if (alg === undefined) return key.record.has('alg') ? [] : [{ code: 'alg-missing', what: 'no alg' }];
  const algorithm = findAlgorithm(alg);
  if (algorithm === undefined) {
    const code = rareAlgorithms.includes(alg) ? 'alg-rare' : 'alg-unknown';
    const alike = algorithms.find((one) => one.alg.toLowerCase() === alg.toLowerCase())?.alg;
    const meant = alike === undefined ? '' : `, perhaps ${alike}`;
    return [{ code, member: 'alg', what: `alg ${quote(alg)}${meant}` }];
  }
  if (fits(algorithm, key)) return [];
  const { kty = '', crv } = key;
  const shown = crv === undefined ? quote(kty) : `${quote(kty)} with ${quote(crv)}`;
  return [{ code: 'alg-mismatch', member: 'alg', what: `alg ${alg} on a key of type ${shown}` }];
}

/** Whether an algorithm can use the key; what the key does not say speaks against nothing. */
export function fits(algorithm: Algorithm, key: LintedKey): boolean {
  const { kty, crv } = key;
  if (kty === undefined) return true;
  const isType = algorithm.kty === 'EC or OKP' ? kty === 'EC' || kty === 'OKP' : algorithm.kty === kty;
  if (!isType) return false;
  if (kty === 'AKP') return algorithm.alg === key.alg && hasMldsaLength(key);
  return crv === undefined || algorithm.curves.length === 0 || algorithm.curves.includes(crv);
}

function hasMldsaLength(key: LintedKey): boolean {
  const bytes = key.bytes('pub');
  if (bytes === undefined) return true;
  const canonical = { kty: 'AKP', alg: key.alg, pub: bytes.toString('base64url') };
  try {
    parsePublicKeys(JSON.stringify(canonical), 'it');
    return true;
  } catch {
    return false;
  }
}

/** The signature algorithms a verifier may use the key for. */
export function signatureAlgorithms(key: LintedKey): string[] {
  const known = algorithms.filter(({ use }) => use === 'sig').filter((algorithm) => fits(algorithm, key));
  if (key.alg !== undefined && key.kty !== 'AKP') return [key.alg];
  return known.map(({ alg }) => alg);
}

function lintUse({ use, alg, crv }: LintedKey): Fault[] {
  if (use === undefined) return [];
  if (use !== 'sig' && use !== 'enc') {
    return [{ code: 'use-unknown', member: 'use', what: `use ${quote(use)}` }];
  }
  const meant = findAlgorithm(alg ?? '')?.use ?? useOfCurve.get(crv);
  if (meant === undefined || meant === use) return [];
  return [{ code: 'use-mismatch', member: 'use', what: `use ${use} with ${alg ?? crv}` }];
}

/** RFC 8037 section 2: these curves are for one thing only. */
const useOfCurve: ReadonlyMap<string | undefined, Algorithm['use']> = new Map([
  ['Ed25519', 'sig'],
  ['Ed448', 'sig'],
  ['X25519', 'enc'],
  ['X448', 'enc'],
]);

function lintOperations(key: LintedKey): Fault[] {
  const member = 'key_ops';
  const ops = key.keyOps;
  if (ops === undefined) return [];
  const faults: Fault[] = [];
  if (new Set(ops).size < ops.length) {
    faults.push({ code: 'key-ops-duplicate', member, what: 'key_ops has a value twice' });
  }
  const unknown = ops.find((op) => !allOperations.includes(op));
  if (unknown !== undefined) {
    faults.push({ code: 'key-ops-unknown', member, what: `key_ops has ${quote(unknown)}` });
  }
  const use = key.use === 'sig' || key.use === 'enc' ? key.use : undefined;
  const meant = use ?? findAlgorithm(key.alg ?? '')?.use;
  if (meant !== undefined) {
    const allowed: readonly string[] = operations[meant];
    const odd = ops.find((op) => allOperations.includes(op) && !allowed.includes(op));
    if (odd !== undefined) {
      const source = use === undefined ? `alg ${key.alg}` : `use ${use}`;
      faults.push({ code: 'use-key-ops', member, what: `key_ops has "${odd}" with ${source}` });
    }
  }
  const secret = isPrivate(key) ? undefined : ops.find((op) => privateOperations.includes(op));
  if (secret !== undefined) {
    faults.push({ code: 'key-ops-public', member, what: `key_ops of a public key has "${secret}"` });
  }
  return faults;
}

/** Whether the key holds its private half, which may do what its `key_ops` say. */
export function isPrivate({ record, kty }: LintedKey): boolean {
  return kty === 'oct' || record.has('d') || record.has('priv');
}
