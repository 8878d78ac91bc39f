// oidc-provider (npm): its `jwks` configuration.
import { JwksError } from '../../errors.ts';
import type { PrivateJwk } from '../../jose/jwk.ts';
import type { Use } from '../../lifecycle/key.ts';
import { noSigner, type Product, type ProductInput, refuseMissing } from './product.ts';

/** It publishes what it has, and does not start with a key that it cannot use, or has only the public half of. */
export const oidcProvider: Product = {
  halves: 'private',
  write(input) {
    refuseMissing(input, 'oidc-provider');
    const [signing, encrypting] = [pairsFor(input, 'sig'), pairsFor(input, 'enc')];
    // It would sign with the first of those that no longer do.
    if (signing.length > 0 && !input.held.some(({ key, isSigner }) => isSigner && key.use === 'sig'))
      throw noSigner(input);
    const keys = [...signing, ...encrypting];
    const odd = keys.find(({ crv }) => crv === 'Ed448' || crv === 'X448');
    if (odd !== undefined)
      throw new JwksError(
        'bad-key',
        `oidc-provider does not start with a key on ${odd['crv']}, as ${odd.kid} is`,
      );
    return {
      files: [{ isPrivate: true, content: { as: 'json', value: { keys } } }],
      notes: encrypting.length > 0 ? ['for its keys of use enc it wants features.encryption.enabled'] : [],
    };
  },
  place: (file) => `new Provider(issuer, { jwks: JSON.parse(readFileSync('${file}', 'utf8')) })`,
};

/** Symmetric keys are none of its: it takes the secrets of clients for these. */
function pairsFor({ held }: ProductInput, use: Use): PrivateJwk[] {
  return held.flatMap(({ key, privateJwk }) => (key.use === use && !key.symmetric ? (privateJwk ?? []) : []));
}
