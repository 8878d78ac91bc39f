// Products that verify with public and with symmetric keys: PostgREST, and Supabase Auth, which signs as well.
import type { PrivateJwk, PublicJwk } from '../../jose/jwk.ts';
import { onlySigner, type Product, type ProductInput, refuseOthers, verifyingKeys } from './product.ts';

/** `jwt-secret`: PostgREST only verifies, so of a pair it is given the public half. */
export const postgrest: Product = {
  halves: 'shared',
  takesSymmetric: true,
  write(input) {
    const secrets = symmetricKeys(input);
    const keys = [...verifyingKeys(input), ...secrets];
    return { files: [{ isPrivate: secrets.length > 0, content: { as: 'json', value: { keys } } }] };
  },
  place: (file) => `jwt-secret = "@${file}"`,
};

const supabaseAlgs = ['RS256', 'RS512', 'ES256', 'ES512', 'EdDSA', 'HS256'];

/**
 * `GOTRUE_JWT_KEYS`: a list, of which exactly one key may sign. The other pairs are given as public halves: Supabase
 * would derive these from the private ones, and do no more with them.
 */
export const supabase: Product = {
  halves: 'private',
  takesSymmetric: true,
  write(input) {
    const whole = onlySigner(input, { symmetric: true });
    // With an algorithm that it does not know it takes HS256, and fails at the first token.
    refuseOthers([whole], 'Supabase Auth', supabaseAlgs);
    const signer = whole.privateJwk;
    const others = [...verifyingKeys(input), ...symmetricKeys(input)].filter(({ kid }) => kid !== signer.kid);
    const value = [
      { ...signer, key_ops: ['sign', 'verify'] },
      ...others.map((jwk) => ({ ...jwk, key_ops: ['verify'] })),
    ];
    return { files: [{ isPrivate: true, content: { as: 'json-line', value } }] };
  },
  place: (file) => `GOTRUE_JWT_KEYS="$(cat ${file})", or signing_keys_path of [auth] in supabase/config.toml`,
};

function symmetricKeys({ held }: ProductInput): (PrivateJwk | PublicJwk)[] {
  return held.flatMap(({ key, privateJwk }) =>
    key.symmetric && key.use === 'sig' ? (privateJwk ?? []) : [],
  );
}
