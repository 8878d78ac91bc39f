// JSON that somebody else wrote, read without a word of it in an error: it may be a private key.

/** `undefined`: it is no JSON. What JSON.parse says would quote it. */
export function parseForeign(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A list is one too. */
export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Whether the `key_ops` of a JWK, where it has them, say that it verifies (RFC 7517 section 4.3). */
export function mayVerify(jwk: unknown): boolean {
  const operations: unknown = isObject(jwk) ? Reflect.get(jwk, 'key_ops') : undefined;
  return !Array.isArray(operations) || operations.includes('verify');
}
