// kube-apiserver as the issuer of service account tokens: three files of its command line.
import type { PublicJwk } from '../../jose/jwk.ts';
import { spkiSha256Of } from '../../jose/thumbprint.ts';
import { toPkcs8, toSpki } from '../../jose/write/key-der.ts';
import { toPem } from '../../jose/write/pem.ts';
import { onlySigner, type Product, refuseOthers, verifyingKeys } from './product.ts';

/** What it takes from the type of a key: an RSA key signs RS256 whatever `alg` says. */
const algs = ['RS256', 'ES256', 'ES384', 'ES512'];

export const kubernetes: Product = {
  halves: 'private',
  directory: [
    { name: 'keys.pem', isPrivate: false },
    { name: 'jwks.json', isPrivate: false },
    { name: 'signing-key.pem', isPrivate: true },
  ],
  write(input) {
    const signer = onlySigner(input);
    refuseOthers(
      input.published.filter(({ key }) => key.use === 'sig'),
      'kube-apiserver',
      algs,
    );
    const jwks = verifyingKeys(input);
    const named = jwks.map((jwk) => ({ ...jwk, kid: spkiSha256Of(jwk) }));
    return {
      files: [
        { name: 'keys.pem', isPrivate: false, content: { as: 'text', text: jwks.map(pemOf).join('') } },
        { name: 'jwks.json', isPrivate: false, content: { as: 'json', value: { keys: named } } },
        {
          name: 'signing-key.pem',
          isPrivate: true,
          content: { as: 'text', text: toPem(toPkcs8(signer.privateJwk)) },
        },
      ],
      notes: jwks.flatMap(({ kid }, index) =>
        kid === named[index]?.kid
          ? []
          : [`kube-apiserver names ${kid} by its own rule, and so does jwks.json: ${named[index]?.kid}`],
      ),
    };
  },
  place: (directory) =>
    `kube-apiserver --service-account-signing-key-file=${directory}/signing-key.pem --service-account-key-file=${directory}/keys.pem; jwks.json at its --service-account-jwks-uri`,
};

const pemOf = (jwk: PublicJwk): string => toPem(toSpki(jwk));
