// Why a token is not good: a closed set of codes, with words for people.
import type { TokenFault } from '../jose/token.ts';
import type { JsonObject } from '../jose/token-json.ts';
import { describeDuration, formatInstant, type Instant, type Seconds, toInstant } from '../lifecycle/time.ts';
import { quote } from './quote.ts';

export type ReasonCode =
  | TokenFault
  | 'no-kid'
  | 'unknown-kid'
  | 'retired'
  | 'revoked'
  | 'not-active'
  | 'wrong-use'
  | 'weak-key'
  | 'wrong-alg'
  | 'bad-signature'
  | 'bad-claim'
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-audience'
  | 'wrong-issuer'
  | 'wrong-type';

export interface Reason {
  readonly code: ReasonCode;
  /** A whole sentence without a full stop. What it quotes of a token is not escaped yet, and not long. */
  readonly message: string;
}

export interface Expected {
  /** Any of them. */
  readonly aud?: readonly string[] | undefined;
  readonly iss?: string | undefined;
  readonly typ?: string | undefined;
}

/** What is wrong with the claims and the type (RFC 7519 section 4.1, RFC 8725 sections 3.8, 3.9 and 3.11). */
export function checkClaims(
  claims: JsonObject,
  typ: string | undefined,
  expected: Expected,
  { now, skew }: { readonly now: Instant; readonly skew: Seconds },
): Reason[] {
  return [
    ...checkTimes(claims, now, skew),
    ...checkAudience(claims['aud'], expected.aud),
    ...checkIssuer(claims['iss'], expected.iss),
    ...checkType(typ, expected.typ),
  ];
}

function checkTimes(claims: JsonObject, now: Instant, skew: Seconds): Reason[] {
  const bad = ['exp', 'nbf', 'iat'].filter((name) => claims[name] !== undefined && !isDate(claims[name]));
  const reasons = bad.map((name): Reason => ({ code: 'bad-claim', message: `its "${name}" is no time` }));
  const { exp, nbf } = claims;
  if (isDate(exp) && exp <= now - skew)
    reasons.push({ code: 'expired', message: `it expired ${describeDuration(now - exp)} ago${dateOf(exp)}` });
  if (isDate(nbf) && nbf > now + skew) {
    const message = `it is good only in ${describeDuration(nbf - now)}${dateOf(nbf)}`;
    reasons.push({ code: 'not-yet-valid', message });
  }
  return reasons;
}

function checkAudience(aud: unknown, expected: readonly string[] | undefined): Reason[] {
  const audience = typeof aud === 'string' ? [aud] : (aud ?? []);
  if (!Array.isArray(audience) || audience.some((one) => typeof one !== 'string'))
    return [{ code: 'bad-claim', message: 'its "aud" is neither text nor a list of texts' }];
  if (expected === undefined || expected.some((one) => audience.includes(one))) return [];
  const actual = audience.length === 0 ? 'nobody in particular' : audience.map(quote).join(', ');
  const message = `it is for ${actual.slice(0, 500)}, not for ${expected.map(quote).join(' or ')}`;
  return [{ code: 'wrong-audience', message }];
}

function checkIssuer(iss: unknown, expected: string | undefined): Reason[] {
  if (iss !== undefined && typeof iss !== 'string')
    return [{ code: 'bad-claim', message: 'its "iss" is no text' }];
  if (expected === undefined || iss === expected) return [];
  const actual = iss === undefined ? 'it names no issuer' : `it was issued by ${quote(iss)}`;
  return [{ code: 'wrong-issuer', message: `${actual}, not by ${quote(expected)}` }];
}

function checkType(typ: string | undefined, expected: string | undefined): Reason[] {
  if (expected === undefined || (typ !== undefined && mediaType(typ) === mediaType(expected))) return [];
  const actual = typ === undefined ? 'it has no type' : `its type is ${quote(typ)}`;
  return [{ code: 'wrong-type', message: `${actual}, not ${quote(expected)}` }];
}

/** RFC 7515 section 4.1.9: "application/" may be left out where no other slash is there; case does not count. */
function mediaType(text: string): string {
  return (text.includes('/') ? text : `application/${text}`).toLowerCase();
}

function isDate(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0;
}

const lastInstant = 253_402_300_799;

/** The date in brackets, where a calendar has it. */
function dateOf(date: number): string {
  return date <= lastInstant ? ` (${formatInstant(toInstant(date))})` : '';
}
