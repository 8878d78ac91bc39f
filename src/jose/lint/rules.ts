// The one table of what is looked for in a published JWK Set: how grave it is, why, and what to do.

export type Severity = 'error' | 'warning';

export interface LintRule {
  readonly severity: Severity;
  /** Why it matters. */
  readonly why: string;
  /** What to do, for the reader of a finding. */
  readonly advice: string;
}

const error = (why: string, advice: string): LintRule => ({ severity: 'error', why, advice });
const warning = (why: string, advice: string): LintRule => ({ severity: 'warning', why, advice });

const revoke = 'take it out and revoke the key: whoever saw the file can sign';

/** In the order of the documentation: what was leaked, the text, names, use, encoding, keys, certificates, clients. */
export const lintRules = {
  'private-member': error('the private half of a key lies open', revoke),
  'symmetric-key': error('it has no public half: who can verify can sign', revoke),
  'private-text': error('a private key or secret as text lies open', revoke),

  'not-utf8': error('JSON is UTF-8', 'write the file as UTF-8'),
  bom: error('RFC 8259 8.1 allows no byte order mark, and parsers refuse it', 'save it without'),
  'not-json': error('verifiers cannot read it', 'publish what jwks export prints'),
  'trailing-data': error('parsers refuse the whole text', 'publish one JSON object and nothing after it'),
  'duplicate-member': error('parsers differ in which of the two they take', 'keep one of them'),
  'too-large': error(
    'clients bound what they fetch, this one at 1 MiB; of more only private keys are looked for',
    'take keys out',
  ),
  'not-a-set': error('RFC 7517 5: a JWK Set is an object with a list "keys"', 'publish {"keys":[...]}'),
  'bare-keys': warning('verifiers expect a JWK Set, not its keys alone', 'publish {"keys":[...]}'),
  'empty-set': error('no token verifies: an outage', 'publish the keys (jwks export)'),
  'not-a-key': error('an entry of "keys" is no object, and clients fail on the whole set', 'take it out'),

  'kid-missing': warning('verifiers cannot choose the key by the kid of a token', 'give it a kid'),
  'kids-missing': error('verifiers cannot tell several such keys apart', 'give each key a kid of its own'),
  'kid-duplicate': error('verifiers fail or take the wrong key', 'give each key a kid of its own'),
  'kid-type': error('RFC 7517 4.5: a kid is a string', 'write it between quotes'),
  'same-key': warning('one key under two kids: revoking one leaves the other', 'publish a key once'),

  'kty-missing': error('RFC 7517 4.1: every key has a kty', 'add it'),
  'kty-unknown': warning(
    'PyJWT, jwcrypto, Authlib and go-jose have refused the whole set for one',
    'mind the case (RSA, EC, OKP), or publish it in a set of its own',
  ),
  'member-missing': error('the key cannot be used', 'publish all members of its type'),
  'member-type': error('the key cannot be used', 'write the member as RFC 7517 and 7518 say'),

  'alg-missing': warning('clients guess the algorithm, or take it from the token', 'add alg'),
  'alg-unknown': error('clients skip or refuse the key', 'use a registered name; names are case-sensitive'),
  'alg-rare': warning('few clients know the algorithm', 'use RS256, PS256 or ES256 where you can choose'),
  'alg-mismatch': error(
    'alg and key do not fit, and clients refuse the key',
    'correct alg, or replace the key',
  ),
  'use-unknown': warning('clients that filter by use skip the key', 'use sig or enc'),
  'use-mismatch': error(
    'use says another thing than alg',
    'correct use: sig for signatures, enc for encryption',
  ),
  'use-key-ops': error('RFC 7517 4.3: use and key_ops must agree', 'keep one of them'),
  'key-ops-duplicate': error('RFC 7517 4.3: values must not be doubled', 'keep each once'),
  'key-ops-unknown': warning('clients skip the key or fail on it', 'use the names of RFC 7517 4.3'),
  'key-ops-public': error(
    'a public key only verifies, encrypts, wraps or derives; WebCrypto clients refuse it',
    'publish ["verify"], or no key_ops',
  ),

  'encoding-padding': error('base64url has no padding (RFC 7515 2); strict clients refuse it', 'drop the ='),
  'encoding-alphabet': error(
    'this is standard base64; strict clients refuse it',
    'write - for + and _ for /',
  ),
  'encoding-bits': error(
    'bits at the end count for nothing; strict clients refuse them',
    'encode the bytes anew',
  ),
  'encoding-characters': error('it is no base64url', 'encode the bytes as base64url'),
  'leading-zero': warning(
    'RFC 7518 6.3.1.1: as few octets as possible; thumbprints differ',
    'drop the zero octets',
  ),

  'rsa-small': error('RFC 7518 3.3 wants 2048 bits or more, and clients refuse less', 'replace the key'),
  'rsa-large': error(
    'OpenSSL verifies with no more than 16384 bits',
    'replace the key by one of 2048 to 4096',
  ),
  'rsa-exponent': error(
    'the exponent is even, below 3 or above 64 bits: unsafe or refused',
    'replace the key',
  ),
  'rsa-exponent-unusual': warning(
    'FIPS 186-5 wants more than 65536, Envoy takes only 3 and 65537, Go nothing above 31 bits',
    'make keys with 65537',
  ),
  'rsa-modulus': error('the modulus has a small factor: it is broken or damaged', 'revoke the key'),
  'rsa-roca': error('the private key can be computed from it (ROCA, CVE-2017-15361)', 'revoke the key'),
  'crv-unknown': error('no client knows the curve', 'mind the case (P-256, Ed25519), or replace the key'),
  'coordinate-length': error(
    'RFC 7518 6.2.1.2: as long as the curve; go-jose refuses the whole set',
    'pad with zero octets in front, or drop them',
  ),
  'point-off-curve': error('the point is not on its curve: damaged, or an attack', 'publish the key anew'),

  'x5c-invalid': error(
    'RFC 7517 4.7: a list of DER certificates in standard base64',
    'encode them so, or drop x5c',
  ),
  'x5c-mismatch': error(
    'the first certificate is for another key; go-jose refuses the whole set',
    'correct x5c',
  ),
  'x5c-expired': warning(
    'clients that look at certificates refuse the key',
    'renew the certificate, or drop x5c',
  ),
  'x5c-not-yet': warning('clients that look at certificates refuse the key', 'publish it later, or drop x5c'),
  'x5c-chain': warning('RFC 7517 4.7: each certificate certifies the one before', 'put the chain in order'),
  'x5t-invalid': error(
    'it is no base64url of a SHA-1 (x5t) or SHA-256 (x5t#S256)',
    'encode the bytes, not hex',
  ),
  'x5t-mismatch': error('it is of another certificate; go-jose refuses the whole set', 'correct or drop it'),

  'client-okp': warning(
    'node-jose refuses the whole set for one OKP key, and a dozen clients have no EdDSA',
    'keep ES256 or RS256 beside it, or publish it in a set of its own',
  ),
  'client-okp-curve': warning(
    'go-jose (2 to 4) knows only Ed25519 and refuses the whole set for another OKP curve',
    'publish it in a set of its own',
  ),
  'client-ec-curve': warning(
    'go-jose knows only P-256, P-384 and P-521 and refuses the whole set for another curve',
    'publish it in a set of its own',
  ),
  'client-eddsa-name': warning(
    'EdDSA (RFC 8037) and Ed25519 (RFC 9864) do not verify each other: PyJWT and jose go by the name',
    'sign with the very name that stands in the key; EdDSA is the better known',
  ),
  'client-akp': warning(
    'nearly no client knows ML-DSA; PyJWT, jwcrypto, Authlib, go-jose and others refuse the whole set',
    'publish it in a set of its own',
  ),

  'content-type': error('clients that look at it refuse the answer', 'serve application/jwk-set+json'),
  'json-content-type': warning('RFC 7517 8.5.2 has a type of its own', 'serve application/jwk-set+json'),
  'no-cache-header': warning('each verifier caches as it likes', 'serve Cache-Control: public, max-age=3600'),
  'not-cached': warning(
    'every verifier may ask for every token',
    'serve Cache-Control: public, max-age=3600',
  ),
  'cached-long': warning(
    'a key that is revoked stays trusted for more than a day, one that is new unknown',
    'serve a max-age of an hour or less',
  ),

  'consumer-key': warning('the consumer cannot use this key', 'sign for it with another one'),
  'consumer-no-key': error('the consumer can use none of the keys', 'publish one that it takes'),
  'consumer-untested': warning('the consumer does not promise to take it', 'sign with what it documents'),
  'consumer-limit': error('the consumer refuses it', 'keep to its limits'),
  'consumer-set': error('the consumer refuses the whole set', 'publish that key elsewhere'),
} as const satisfies Readonly<Record<string, LintRule>>;

export type LintCode = keyof typeof lintRules;
