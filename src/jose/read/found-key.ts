// What is found in a file of keys, before it is proved.
import type { Use } from '../../lifecycle/key.ts';
import type { PrivateJwk, PublicJwk } from '../jwk.ts';

interface FoundHead {
  /** What the file itself says of the key (RFC 7517 section 4); none of it is checked against the key yet. */
  readonly kid?: string | undefined;
  readonly alg?: string | undefined;
  readonly use?: Use | undefined;
  readonly keyOps?: readonly string[] | undefined;
  /** `keys.pem, block 2`, for messages. */
  readonly where: string;
  /** What was mended in how it was written, as words: `"x" was shorter than its curve`. */
  readonly repairs: readonly string[];
}

/**
 * A key whose members are all there and canonical, without `kid`, `alg` and `use`; with `x5c` and `x5t#S256` where
 * there is a certificate for it. A symmetric key counts as private. Whether the members fit each other is not known.
 */
export type FoundKey = FoundHead &
  (
    | { readonly isPrivate: true; readonly jwk: PrivateJwk }
    | { readonly isPrivate: false; readonly jwk: PublicJwk }
  );
