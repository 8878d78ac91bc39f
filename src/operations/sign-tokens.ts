// Signs tokens by a set's signer, one after the other or thousands, in order.
import { JwksError } from '../errors.ts';
import { headerText, mostClaimsBytes, signingText } from '../jose/token.ts';
import { type JsonObject, readClaims } from '../jose/token-json.ts';
import { makeSign, type Signing } from '../jose/token-signature.ts';
import type { Keystore } from '../keystore/keystore.ts';
import { nowFor } from '../lifecycle/clock.ts';
import type { Instant, Seconds } from '../lifecycle/time.ts';
import { planTokenLife } from '../lifecycle/token-life.ts';
import { type OpenSigner, type OpenSignerRequest, openSigner } from './open-signer.ts';

export interface SignRequest extends OpenSignerRequest {
  readonly typ: string;
  /** Absent: the claims' own `exp`, else as long as is usual. */
  readonly lifetime?: Seconds | undefined;
  /** Stand in place of what the claims say: iss, sub, aud. */
  readonly claims: JsonObject;
}

/** The claims of one token as JSON, and where they come from, for messages. */
export interface ClaimsText {
  readonly text: string;
  readonly from: string;
  /** Absent: they are all that comes from there. */
  readonly line?: number;
}

/** So many signatures are under way at most. */
const batch = 2_048;

/**
 * Signs blocks of claims; yields their tokens, each with a line break, in order. The first that cannot be signed ends
 * it, with those before it signed.
 */
export async function* signTokens(
  keystore: Keystore,
  clock: () => Instant,
  request: SignRequest,
  blocks: AsyncIterable<readonly ClaimsText[]>,
): AsyncGenerator<string> {
  let signer = await startSigner(keystore, clock(), request);
  for await (const block of blocks) {
    for (let next = 0; next < block.length; next += batch) {
      const now = clock();
      // Each second anew: a stream of tokens can go on for days, and its key be revoked meanwhile.
      if (now !== signer.since) signer = await startSigner(keystore, now, request);
      yield* signBlock(signer, now, block.slice(next, next + batch), request);
    }
  }
}

interface Signer extends OpenSigner {
  readonly head: string;
  readonly begin: () => Signing;
  readonly since: Instant;
}

async function startSigner(keystore: Keystore, now: Instant, request: SignRequest): Promise<Signer> {
  const opened = await openSigner(keystore, now, { ...request, use: 'sig' });
  const { kid, alg } = opened.key;
  const head = headerText({ alg, typ: request.typ, kid });
  return { ...opened, head, begin: makeSign(opened.privateJwk, alg), since: now };
}

async function* signBlock(
  signer: Signer,
  clock: Instant,
  block: readonly ClaimsText[],
  request: SignRequest,
): AsyncGenerator<string> {
  const toPayload = bounded(payloads(signer, nowFor(clock, signer.updated), request));
  const signing = signer.begin();
  const texts: string[] = [];
  let fault: unknown;
  for (const claims of block) {
    try {
      const text = signingText(signer.head, toPayload(claims));
      signing.add(text);
      texts.push(text);
    } catch (error) {
      fault = error;
      break;
    }
  }
  const signatures = await signing.end();
  if (texts.length > 0) yield texts.map((text, index) => `${text}.${signatures[index]}\n`).join('');
  if (fault !== undefined) throw fault;
}

/** What is added counts too: nobody takes a token that is longer. */
function bounded(toPayload: (claims: ClaimsText) => string): (claims: ClaimsText) => string {
  return (source) => {
    const payload = toPayload(source);
    if (payload.length * 3 > mostClaimsBytes && Buffer.byteLength(payload) > mostClaimsBytes)
      throw new JwksError(
        'usage',
        `${nameOf(source)} makes claims of more than ${mostClaimsBytes / 1024} KiB`,
      );
    return payload;
  };
}

/** What tokens say that are signed now: what was given, as it was written, and what is set here. */
function payloads(signer: Signer, now: Instant, request: SignRequest): (claims: ClaimsText) => string {
  const { lifetime, claims: set } = request;
  const usual = endOf({ lifetime, exp: undefined }, signer, now, undefined);
  const members = { ...set, iat: now, exp: usual };
  const names = Object.keys(members);
  const added = JSON.stringify(members).slice(1);
  return (source) => {
    const { value, text } = parse(source);
    const isFree = !names.some((name) => Object.hasOwn(value, name));
    // Most tokens say nothing of what is set: then it is the same for all of them.
    if (isFree && value['nbf'] === undefined)
      return `${text.slice(0, -1)}${text === '{}' ? '' : ','}${added}`;
    refuseDates(value, source);
    const exp = endOf({ lifetime, exp: value['exp'] as number | undefined }, signer, now, source);
    if (typeof value['nbf'] === 'number' && value['nbf'] >= exp)
      throw new JwksError('usage', `${nameOf(source)} has an "nbf" that is not before the token ends`);
    const isKept = lifetime === undefined && value['exp'] !== undefined;
    return write(value, text, source, {
      ...set,
      ...(value['iat'] === undefined ? { iat: now } : {}),
      ...(isKept ? {} : { exp }),
    });
  };
}

function parse(source: ClaimsText) {
  const { text } = source;
  if (text.length > mostClaimsBytes || Buffer.byteLength(text) > mostClaimsBytes)
    throw new JwksError('usage', `${nameOf(source)} is larger than ${mostClaimsBytes / 1024} KiB`);
  const read = readClaims(text.trim());
  if (typeof read === 'string') throw new JwksError('usage', `${nameOf(source)} ${read}`);
  return read;
}

function nameOf({ from, line }: ClaimsText): string {
  return line === undefined ? from : `line ${line} of ${from}`;
}

function endOf(
  asked: { readonly lifetime: Seconds | undefined; readonly exp: number | undefined },
  { key, facts }: Signer,
  now: Instant,
  source: ClaimsText | undefined,
): number {
  const life = planTokenLife(asked, key, facts, now);
  if ('exp' in life) return life.exp;
  const token = source?.line === undefined ? 'the token' : `${nameOf(source)}: its token`;
  throw new JwksError('unsafe', `${token} ${life.refusal}`, { hint: life.hint });
}

/** RFC 7519 section 2, NumericDate. */
function refuseDates(claims: JsonObject, source: ClaimsText): void {
  for (const member of ['exp', 'nbf', 'iat']) {
    const value = claims[member];
    if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) continue;
    throw new JwksError(
      'usage',
      `${nameOf(source)} has an "${member}" that is no time in seconds since 1970`,
    );
  }
}

/** Adds members without touching the others: a number that JavaScript would round stays what it is. */
function write(value: JsonObject, text: string, source: ClaimsText, more: JsonObject): string {
  const added = JSON.stringify(more);
  if (!Object.keys(more).some((member) => Object.hasOwn(value, member))) {
    return added === '{}' ? text : `${text.slice(0, -1)},${added.slice(1)}`;
  }
  if (!hasLongNumber(text)) return JSON.stringify({ ...value, ...more });
  throw new JwksError('usage', `${nameOf(source)} has a number that is too long to be kept exactly`, {
    hint: 'write it as text, or leave out the claims that options set',
  });
}

function hasLongNumber(text: string): boolean {
  return /\d{16}|\d[eE]/.test(text.replace(/"(?:[^"\\]|\\.)*"/g, ''));
}
