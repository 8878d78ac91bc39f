// Products that read private keys as PEM: Keycloak, Pomerium, Authelia.
import { spkiSha256Of, thumbprintOf } from '../../jose/thumbprint.ts';
import { toPkcs8 } from '../../jose/write/key-der.ts';
import { chainToPem, toPem } from '../../jose/write/pem.ts';
import {
  onlySigner,
  type Product,
  type ProductInput,
  refuseOthers,
  type WholeKey,
  wholeSigningKeys,
} from './product.ts';

/**
 * One key, for one key provider of a realm: the signer, or the one that is named. The provider `rsa` takes the private
 * key as PEM and makes the certificate itself; for other keys `java-keystore` reads what openssl makes of this file.
 */
export const keycloak: Product = {
  halves: 'private',
  write(input) {
    const { key, publicJwk, privateJwk: jwk } = oneKey(input);
    const own = publicJwk === undefined ? key.kid : spkiSha256Of(publicJwk);
    const provider = key.use === 'enc' ? 'rsa-enc' : 'rsa';
    return {
      files: [
        { isPrivate: true, content: { as: 'text', text: toPem(toPkcs8(jwk)) + chainToPem(jwk['x5c']) } },
      ],
      notes: [
        jwk.kty === 'RSA'
          ? `add it as a provider ${provider} with the algorithm ${key.alg}`
          : `it is no RSA key: turn it into PKCS#12 with its certificate, for a provider java-keystore`,
        ...(own === key.kid ? [] : [`Keycloak names ${key.kid} by its own rule: ${own}`]),
      ],
    };
  },
  place: (file) => `realm settings, keys, add provider: private key from ${file}`,
};

/** The one that was named, which need not sign yet; else the signer. */
function oneKey(input: ProductInput): WholeKey {
  const [only, ...others] = input.held;
  const { privateJwk } = only ?? {};
  return input.isNamed && only !== undefined && privateJwk !== undefined && others.length === 0
    ? { ...only, privateJwk }
    : onlySigner(input);
}

/** `signing_key`: base64 of PEM blocks. The first signs, all are published; any EC key signs ES256, any RSA key RS256. */
export const pomerium: Product = {
  halves: 'private',
  write(input) {
    onlySigner(input);
    const keys = wholeSigningKeys(input, 'Pomerium');
    refuseOthers(keys, 'Pomerium', ['ES256', 'RS256']);
    const pem = keys.map(({ privateJwk }) => toPem(toPkcs8(privateJwk))).join('');
    return {
      files: [{ isPrivate: true, content: { as: 'text', text: `${Buffer.from(pem).toString('base64')}\n` } }],
      notes: keys.flatMap(({ key, privateJwk }) => {
        const own = Buffer.from(thumbprintOf(privateJwk), 'base64url').toString('hex');
        return own === key.kid ? [] : [`Pomerium names ${key.kid} by its own rule: ${own}`];
      }),
    };
  },
  place: (file) => `signing_key_file: ${file}   (or its text as signing_key or SIGNING_KEY)`,
};

const autheliaAlgs = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512'];
const autheliaKid = /^[a-zA-Z0-9](?:[a-zA-Z0-9._~-]{0,98}[a-zA-Z0-9])?$/;

/** `identity_providers.oidc.jwks`: the first key of each algorithm signs. */
export const authelia: Product = {
  halves: 'private',
  write(input) {
    const keys = wholeSigningKeys(input, 'Authelia');
    refuseOthers(keys, 'Authelia', autheliaAlgs);
    const jwks = keys.map(({ key, privateJwk: jwk }) => ({
      ...(autheliaKid.test(key.kid) ? { key_id: key.kid } : {}),
      algorithm: key.alg,
      use: 'sig',
      key: toPem(toPkcs8(jwk)),
      ...(jwk['x5c'] === undefined ? {} : { certificate_chain: chainToPem(jwk['x5c']) }),
    }));
    const odd = keys.filter(({ key }) => !autheliaKid.test(key.kid));
    return {
      files: [
        { isPrivate: true, content: { as: 'yaml', value: { identity_providers: { oidc: { jwks } } } } },
      ],
      notes: [
        ...odd.map(({ key }) => `Authelia does not take ${key.kid} as a key_id, and makes one of its own`),
        ...(keys.some(({ key }) => key.alg === 'RS256') ? [] : ['Authelia wants one RS256 key as well']),
      ],
    };
  },
  place: (file) => `authelia --config configuration.yml,${file}`,
};
