// Products that read a public JWK Set: as a file, or as text within their own configuration.
import type { PublicJwk } from '../../jose/jwk.ts';
import { type Product, verifyingKeys } from './product.ts';

const textOf = (keys: readonly PublicJwk[]): string => JSON.stringify({ keys });

/** `auth_jwt_key_file` of ngx_http_auth_jwt_module. */
export const nginx: Product = {
  halves: 'public',
  write: (input) => ({
    files: [{ isPrivate: false, content: { as: 'json', value: { keys: verifyingKeys(input) } } }],
  }),
  place: (file) => `auth_jwt_key_file ${file};`,
};

/** `local_jwks` of a provider of the filter `envoy.filters.http.jwt_authn`. */
export const envoy: Product = {
  halves: 'public',
  write: (input) => ({
    files: [
      {
        isPrivate: false,
        content: { as: 'yaml', value: { local_jwks: { inline_string: textOf(verifyingKeys(input)) } } },
      },
    ],
  }),
  place: () => 'envoy.filters.http.jwt_authn: providers.NAME.local_jwks',
};

/** A RequestAuthentication of `security.istio.io/v1`; istiod hands the set on, and fetches nothing. */
export const istio: Product = {
  halves: 'public',
  needsIssuer: true,
  write: (input) => ({
    files: [
      {
        isPrivate: false,
        content: {
          as: 'yaml',
          value: {
            apiVersion: 'security.istio.io/v1',
            kind: 'RequestAuthentication',
            metadata: { name: nameFrom(input.sets) },
            spec: { jwtRules: [{ issuer: input.issuer, jwks: textOf(verifyingKeys(input)) }] },
          },
        },
      },
    ],
  }),
  place: (file) => `kubectl apply -n NAMESPACE -f ${file}`,
};

/** RFC 1123, as Kubernetes wants it. */
function nameFrom([set = '']: readonly string[]): string {
  const name = set
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-+|-+$/g, '');
  return name === '' ? 'jwks' : name;
}
