// Spring: the public set of a resource server, or the signing set of Spring Authorization Server.
import { noSigner, type Product, verifyingKeys } from './product.ts';

/** Nimbus' `JWKSet.load(file)` reads both; its own endpoint publishes the public halves only. */
export const spring: Product = {
  halves: 'either',
  write(input) {
    const signers = input.held.filter(({ key, isSigner }) => isSigner && key.use === 'sig' && !key.symmetric);
    const secrets = new Map(
      signers.flatMap(({ key, privateJwk }) => (privateJwk ? [[key.kid, privateJwk] as const] : [])),
    );
    const { isPrivate } = input;
    if (isPrivate && secrets.size === 0) throw noSigner(input);
    const keys = verifyingKeys(input).map((jwk) => secrets.get(jwk.kid ?? '') ?? jwk);
    const algs = keys.map(({ alg }) => alg);
    const isAmbiguous = isPrivate && new Set(algs).size < algs.length;
    return {
      files: [{ isPrivate, content: { as: 'json', value: { keys } } }],
      notes: isAmbiguous
        ? [
            'several keys have one algorithm: call setJwkSelector(List::getFirst) on NimbusJwtEncoder (Spring Security 6.5)',
          ]
        : [],
    };
  },
  place: (file) => `new ImmutableJWKSet<>(JWKSet.load(new File("${file}")))`,
};
