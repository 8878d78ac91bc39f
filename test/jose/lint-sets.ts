// Sets for the tests of lint: sound keys that a test spoils, and short ways to look at what is found.
import type { Consumer } from '../../src/jose/lint/consumers.ts';
import type { LintFinding } from '../../src/jose/lint/finding.ts';
import { lintText } from '../../src/jose/lint/lint-text.ts';
import { readVector } from '../support/vectors.ts';
import { chain, chainDigests, chainKey } from './lint-chain.ts';

export type Members = Readonly<Record<string, unknown>>;

/** While the certificates of lint-chain.ts are valid. */
export const now = Date.parse('2030-01-01T00:00:00Z') / 1000;

/** RFC 7638 section 3.1. */
const { n, e } = JSON.parse(readVector('rfc7638-3.1.json')).key;
export const rsa: Members = { kty: 'RSA', n, e, kid: 'r', alg: 'RS256', use: 'sig' };
/** RFC 7515 appendix A.3. */
const { x, y, d } = JSON.parse(readVector('rfc7515-a.3.json')).key;
export const ec: Members = { kty: 'EC', crv: 'P-256', x, y, kid: 'e', alg: 'ES256', use: 'sig' };
export const privateEc: Members = { ...ec, d };
/** RFC 8037 appendix A.2. */
const okpX = JSON.parse(readVector('rfc8037-a.json')).key.x;
export const okp: Members = { kty: 'OKP', crv: 'Ed25519', x: okpX, kid: 'o', alg: 'EdDSA', use: 'sig' };
export const certified: Members = { ...chainKey, ...chainDigests, x5c: chain };

export const setOf = (...keys: readonly unknown[]): string => JSON.stringify({ keys });

interface Options {
  readonly isServed?: boolean;
  readonly now?: number;
  readonly consumer?: Consumer;
}

export function lint(text: string, options: Options = {}): readonly LintFinding[] {
  return lintText({ text, isServed: false, now, ...options }).findings;
}

/** What is found as `code place`, in its order. */
export function found(text: string, options: Options = {}): string[] {
  return lint(text, options).map(({ code, place }) => `${code} ${place}`.trim());
}

export const toBytes = (text: unknown): Buffer => Buffer.from(String(text), 'base64url');
export const toText = (...parts: readonly Uint8Array[]): string => Buffer.concat(parts).toString('base64url');

/** 2048 bits: the product of two primes of 1024 in the form of the library with the fault (a fresh key, thrown away). */
export const rocaModulus =
  'g7ZAn8sb7h7B13mNGk7cL1yf3Bqzmw9sYH09zAGCeIEoUsssIE4-OT09SyMKGhxfZ1ju4d-FPIgRLAgSWOrZap9j1iY9WDGHWnBTONbKUmktLMxixLERAKm6cpR-d84Nz450KwCCLwSsWLoGUsfaqyosTFRaVyKFSz5SA2bUdBhevmw5nnhnnLEAvi-NaHRCUmCs-4IJgiNr7bUYNYD3JlJoZ5Uajr4TjDpvFAPhZJFMz8UEm9POqcBCs1ebKJvyigm4Nkmj_4i99HgOimcXBAIEnAWQiagXdHuOX-LI3FM1zXeoac0V5j8oxpn-dIKN5H7uwfcUtiqXXNis-5z8fQ';
