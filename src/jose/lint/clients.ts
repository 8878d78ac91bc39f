// Keys that known clients cannot bear: one of them, and the whole set is refused (against RFC 7517 section 5).
import { isKty } from '../jwk.ts';
import type { LintedKey } from './linted-key.ts';
import type { LintCode } from './rules.ts';
import type { SetFault } from './set.ts';

interface ClientRule {
  readonly code: LintCode;
  readonly member: string;
  readonly concerns: (key: LintedKey) => boolean;
  readonly what: (key: LintedKey) => string;
}

/** The curves that all versions of go-jose read. */
const wellKnown = ['P-256', 'P-384', 'P-521'];

const rules: readonly ClientRule[] = [
  {
    // cisco/node-jose#310.
    code: 'client-okp',
    member: 'kty',
    concerns: ({ kty }) => kty === 'OKP',
    what: () => 'an OKP key',
  },
  {
    // go-jose/go-jose#25, coreos/go-oidc#498.
    code: 'client-okp-curve',
    member: 'crv',
    concerns: ({ kty, crv }) => kty === 'OKP' && ['X25519', 'X448', 'Ed448'].includes(crv ?? ''),
    what: ({ crv }) => `curve ${crv}`,
  },
  {
    // go-jose/go-jose#273.
    code: 'client-ec-curve',
    member: 'crv',
    concerns: ({ kty, crv }) => kty === 'EC' && crv === 'secp256k1',
    what: ({ crv }) => `curve ${crv}`,
  },
  {
    // jpadilla/pyjwt#1190, supabase/realtime#2060.
    code: 'client-eddsa-name',
    member: 'alg',
    concerns: ({ kty, alg }) => kty === 'OKP' && ['EdDSA', 'Ed25519', 'Ed448'].includes(alg ?? ''),
    what: ({ alg }) => `alg ${alg}`,
  },
  {
    // latchset/jwcrypto#385, authlib/authlib#913, go-jose/go-jose#276, jwt/ruby-jwt#743, vapor/jwt-kit#246.
    code: 'client-akp',
    member: 'kty',
    concerns: ({ kty }) => kty === 'AKP',
    what: () => 'an AKP key',
  },
];

/** Each once a set, at the first such key: what happens to a client does not depend on how many there are. */
export function lintClients(keys: readonly LintedKey[]): SetFault[] {
  return rules.flatMap(({ code, member, concerns, what }): SetFault[] => {
    const concerned = keys.filter(concerns);
    const [key] = concerned;
    if (key === undefined) return [];
    const more = concerned.length === 1 ? '' : ` (and ${concerned.length - 1} more)`;
    return [{ code, key, member, what: `${what(key)}${more}` }];
  });
}

/** Why go-jose would refuse the whole set for a key; `undefined` where it would not. */
export function goJoseRefuses({ kty = '', crv = '' }: LintedKey): string | undefined {
  if (!isKty(kty) || kty === 'AKP') return 'its kty is unknown there';
  if (kty === 'OKP' && crv !== 'Ed25519') return 'its curve is unknown there';
  return kty === 'EC' && !wellKnown.includes(crv) ? 'its curve is unknown there' : undefined;
}
