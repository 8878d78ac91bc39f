// Is a token good, and if not, why: in the words of the history of the key that it says it was signed by.
import { JwksError } from '../errors.ts';
import { holdsPrivateMember } from '../jose/jwk.ts';
import { isBad, parseToken, type Token } from '../jose/token.ts';
import type { JsonObject } from '../jose/token-json.ts';
import { isSignature } from '../jose/token-signature.ts';
import type { SetId } from '../keystore/set-id.ts';
import type { KeyState } from '../lifecycle/key.ts';
import { defaultFacts } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { quote } from './quote.ts';
import type { TokenKey } from './token-keys.ts';
import { checkClaims, type Expected, type Reason } from './token-reasons.ts';

/** Where keys are looked for. */
export interface KeyPlace {
  /** For messages: `in set "auth"`. */
  readonly name: string;
  /** Keys of anybody's are in it: a token that does not say by which it was signed is not tried against all. */
  readonly wantsKid: boolean;
  readonly keys: (kid: string | undefined) => Promise<readonly TokenKey[]>;
}

export interface VerifyRequest extends Expected {
  readonly token: string;
  /** Any of them, if the key has it too. */
  readonly alg?: readonly string[] | undefined;
}

export interface Verified {
  readonly ok: boolean;
  /** None where it is good. */
  readonly reasons: readonly Reason[];
  /** The key it was signed by, or says it was signed by; of a token that is none nothing is known. */
  readonly key: SigningKey | undefined;
  /** Proved, and so only there where the token is good. */
  readonly claims: JsonObject | undefined;
  /** The same as they were written. */
  readonly claimsText: string | undefined;
  readonly at: Instant;
}

export interface SigningKey {
  readonly name: string | undefined;
  readonly set: SetId | undefined;
  readonly kid: string | undefined;
  readonly alg: string;
  readonly state: KeyState | undefined;
}

/** So many keys are tried for a token that fits several. */
const mostTries = 100;

export async function verifyToken(
  clock: Instant,
  place: KeyPlace,
  request: VerifyRequest,
): Promise<Verified> {
  const token = parseToken(request.token.trim());
  const unknown = { claims: undefined, claimsText: undefined, at: clock };
  if (isBad(token)) {
    const reason: Reason = { code: token.fault, message: `it ${token.message}` };
    return { ...unknown, ok: false, reasons: [reason], key: undefined };
  }
  const { key, reasons } = await judge(token, place, request);
  const time = key?.time ?? { now: clock, skew: defaultFacts.skew };
  const all = [...reasons, ...checkClaims(token.claims, token.typ, request, time)];
  const { kid, alg, claims, claimsText } = token;
  const signer = { name: key?.name, set: key?.set, kid: key?.kid ?? kid, alg, state: key?.state };
  if (all.length > 0) return { ...unknown, ok: false, reasons: all, key: signer, at: time.now };
  if (holdsPrivateMember(claims))
    throw new JwksError('bad-key', 'its claims hold a private key, which is not shown');
  return { ok: true, reasons: [], key: signer, claims, claimsText, at: time.now };
}

interface Judgement {
  readonly key: TokenKey | undefined;
  readonly reasons: readonly Reason[];
}

async function judge(token: Token, place: KeyPlace, { alg }: VerifyRequest): Promise<Judgement> {
  const { kid } = token;
  if (kid === undefined && place.wantsKid)
    return none(
      'no-kid',
      'it does not say by which key it was signed (it has no "kid"), and no set was named',
    );
  const keys = (await place.keys(kid)).filter((key) => kid === undefined || key.kid === kid);
  const [first] = keys;
  if (first === undefined) {
    return kid === undefined
      ? none('unknown-kid', `there is no key ${place.name}`)
      : none('unknown-kid', `there is no key ${quote(kid)} ${place.name}`);
  }
  if (alg !== undefined && !alg.includes(token.alg)) {
    const message = `it says that it is signed by ${quote(token.alg)}, and ${alg.join(' or ')} was asked for`;
    return { key: kid === undefined ? undefined : first, reasons: [{ code: 'wrong-alg', message }] };
  }
  // Without a kid only keys that fit are tried, and what stands against the others says nothing of the token.
  const fitting = kid === undefined ? keys.filter(({ algs }) => algs.includes(token.alg)) : keys;
  if (fitting.length === 0)
    return none(
      'wrong-alg',
      `no key ${place.name} is for ${quote(token.alg)}, by which it says it is signed`,
    );
  const judged: (Judgement & { readonly isSigned: boolean })[] = [];
  for (const key of fitting.slice(0, mostTries)) {
    const one = await judgeBy(key, token);
    if (one.reasons.length === 0) return one;
    judged.push(one);
  }
  // The key that did sign it tells more than one that only has its name.
  const best = judged.find(({ isSigned }) => isSigned) ?? (kid === undefined ? undefined : judged[0]);
  return best ?? none('bad-signature', `its signature is by no key ${place.name} that fits`);
}

async function judgeBy(key: TokenKey, token: Token): Promise<Judgement & { readonly isSigned: boolean }> {
  const reasons: Reason[] = key.obstacle === undefined ? [] : [key.obstacle];
  if (!key.algs.includes(token.alg)) {
    const fit = key.algs.length === 0 ? 'does not verify tokens' : `is for ${key.algs.join(', ')}`;
    const message = `${key.name} ${fit}, and it says that it is signed by ${quote(token.alg)}`;
    if (key.obstacle?.code !== 'wrong-use') reasons.push({ code: 'wrong-alg', message });
    return { key, reasons, isSigned: false };
  }
  const half = await key.half();
  // Of a key that is destroyed its end is all there is to say.
  if (half === undefined) return { key, reasons: ended(key, reasons), isSigned: false };
  const isSigned = isSignature(half, token.alg, token.input, token.signature);
  if (!isSigned) reasons.push({ code: 'bad-signature', message: `its signature does not match ${key.name}` });
  return { key, reasons, isSigned };
}

function ended({ name }: TokenKey, reasons: readonly Reason[]): readonly Reason[] {
  return reasons.length > 0 ? reasons : [{ code: 'unknown-kid', message: `${name} is not kept here` }];
}

function none(code: Reason['code'], message: string): Judgement {
  return { key: undefined, reasons: [{ code, message }] };
}
