// Proves foreign keys: strong enough, one key and not two halves of different ones, fit for what they are to do.
import { JwksError } from '../../errors.ts';
import type { Use } from '../../lifecycle/key.ts';
import { findAlgorithm, missingSupport, mldsaNode } from '../algorithms.ts';
import { type PrivateJwk, type PublicJwk, toPrivateJwk, toPublicJwk } from '../jwk.ts';
import { Faults, refusal } from '../read/faults.ts';
import type { FoundKey } from '../read/found-key.ts';
import { chooseAlgorithm, type Wanted } from './choose-algorithm.ts';
import { describeCurveFault } from './prove-curve.ts';
import { describeRsaFault } from './prove-rsa.ts';
import { isUsable } from './round-trip.ts';

/** RFC 7517 section 4.3: what a private half is for. */
const working = ['sign', 'decrypt', 'unwrapKey', 'deriveKey', 'deriveBits'];

interface ProvedHead {
  /** The key's own, if it has one. */
  readonly kid: string | undefined;
  readonly alg: string;
  readonly use: Use;
  readonly where: string;
  readonly repairs: readonly string[];
  /** Its own `key_ops` allow no more than to verify, or to encrypt. */
  readonly isPassive?: true;
}

/** A key with `alg` and `use`, and with its `kid` if it has one. */
export type ProvedKey = ProvedHead &
  (
    | { readonly isPrivate: true; readonly jwk: PrivateJwk }
    | { readonly isPrivate: false; readonly jwk: PublicJwk }
  );

/**
 * The key with its algorithm and use, canonical. `bad-key` where it is weak, contradicts itself or does not fit;
 * `unsupported` where this Node cannot tell (ML-DSA).
 */
export async function proveKey(found: FoundKey, wanted: Wanted = {}): Promise<ProvedKey> {
  const algorithm = chooseAlgorithm(found, wanted);
  const { where, kid, repairs, keyOps } = found;
  if (found.jwk.kty === 'AKP') refuseWithoutMldsa(found);
  const fault = describeFault(found);
  if (fault !== undefined) throw refusal(where, fault);
  if (!(await isUsable(found, algorithm))) {
    throw refusal(where, `it does not work as a key for algorithm ${algorithm.alg}`);
  }
  const { alg, use } = algorithm;
  const names = { alg, use, ...(kid === undefined ? {} : { kid }) };
  const isPassive = keyOps !== undefined && !keyOps.some((one) => working.includes(one));
  const head = { kid, alg, use, where, repairs, ...(isPassive ? ({ isPassive } as const) : {}) };
  return found.isPrivate
    ? { ...head, isPrivate: true, jwk: toPrivateJwk({ ...found.jwk, ...names }) }
    : { ...head, isPrivate: false, jwk: toPublicJwk({ ...found.jwk, ...names }) };
}

/** So many are proved at a time, which keeps the other threads busy. */
const together = 16;

/** The same for all keys of an import, in their order; their faults are told together. */
export async function proveKeys(found: readonly FoundKey[], wanted: Wanted = {}): Promise<ProvedKey[]> {
  const faults = new Faults();
  const proved: ProvedKey[] = [];
  for (let start = 0; start < found.length && !faults.isFull; start += together) {
    const some = found.slice(start, start + together);
    const outcomes = await Promise.allSettled(some.map((one) => proveKey(one, wanted)));
    for (const outcome of outcomes) {
      if (outcome.status === 'fulfilled') proved.push(outcome.value);
      else faults.hold(outcome.reason);
    }
  }
  faults.throwIfAny();
  return proved;
}

function describeFault(found: FoundKey): string | undefined {
  switch (found.jwk.kty) {
    case 'RSA':
      return describeRsaFault(found);
    case 'EC':
    case 'OKP':
      return describeCurveFault(found);
    case 'AKP':
    case 'oct':
      return undefined;
  }
}

function refuseWithoutMldsa({ jwk, where }: FoundKey): void {
  const algorithm = findAlgorithm(jwk.alg ?? '');
  if (algorithm === undefined || !missingSupport(algorithm).all) return;
  throw new JwksError(
    'unsupported',
    `${where}: Node ${process.versions.node} cannot prove a key for ${jwk.alg}`,
    {
      hint: `ML-DSA takes Node ${mldsaNode} or newer`,
    },
  );
}
