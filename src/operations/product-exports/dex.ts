// dex: its one resource of keys in Kubernetes, `signingkeies.dex.coreos.com`.
import { formatInstant, type Instant } from '../../lifecycle/time.ts';
import { onlySigner, type Product, refuseOthers } from './product.ts';

/** It makes keys of its own when this is reached: never, as far as RFC 3339 goes. */
const never = '9999-12-31T00:00:00Z';
const algs = ['RS256', 'ES256', 'ES384', 'ES512'];

/**
 * dex reads no key file: it keeps its keys in its storage, as `signingKey`, `signingKeyPub` and `verificationKeys`
 * with an end each, and rotates them at `nextRotation`.
 */
export const dex: Product = {
  halves: 'private',
  write(input) {
    const signer = onlySigner(input);
    const verifying = input.published.filter(({ key }) => key.use === 'sig');
    refuseOthers(verifying, 'dex', algs);
    const value = {
      apiVersion: 'dex.coreos.com/v1',
      kind: 'SigningKey',
      metadata: { name: 'openid-connect-keys' },
      signingKey: signer.privateJwk,
      signingKeyPub: signer.publicJwk,
      verificationKeys: verifying
        .filter(({ key }) => key.kid !== signer.key.kid)
        .map(({ key, publicJwk }) => ({ publicKey: publicJwk, expiry: dateOf(key.retires) })),
      nextRotation: never,
    };
    return { files: [{ isPrivate: true, content: { as: 'yaml', value } }] };
  },
  place: (file) => `kubectl replace -n NAMESPACE -f ${file}, then restart dex (storage type: kubernetes)`,
};

function dateOf(at: Instant | undefined): string {
  return at === undefined ? never : formatInstant(at);
}
