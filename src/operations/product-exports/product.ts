// What a product is given, and what an export for it is made of.
import { JwksError } from '../../errors.ts';
import type { PrivateJwk, PublicJwk } from '../../jose/jwk.ts';
import type { ManifestKey } from '../../keystore/manifest.ts';
import type { KeyState } from '../../lifecycle/key.ts';

export interface ProductKey {
  readonly key: ManifestKey;
  readonly state: KeyState;
  /** It signs for its set and algorithm. */
  readonly isSigner: boolean;
  /** Absent for a symmetric key. */
  readonly publicJwk: PublicJwk | undefined;
  /** Absent where it is not kept, and where private keys were not asked for. */
  readonly privateJwk: PrivateJwk | undefined;
}

/** Both lists have the signer first, then active, retiring and next keys. */
export interface ProductInput {
  /** Those that verifiers and senders may see. */
  readonly published: readonly ProductKey[];
  /** Those whose private half is kept and still has a use: `enc` and symmetric ones too. */
  readonly held: readonly ProductKey[];
  /** Private halves were asked for, and are there where they are kept. */
  readonly isPrivate: boolean;
  readonly sets: readonly string[];
  readonly issuer: string | undefined;
  /** One key was named, whatever its state. */
  readonly isNamed: boolean;
}

/** One file of an export, and how it is written. `text` is written as it is. */
export interface ProductFile {
  /** Its name in a directory; absent where the product takes one file. */
  readonly name?: string | undefined;
  readonly isPrivate: boolean;
  readonly content:
    | { readonly as: 'json' | 'json-line' | 'yaml'; readonly value: unknown }
    | { readonly as: 'text'; readonly text: string };
}

export interface ProductExport {
  /** Public ones first: what verifies is in place before what signs. */
  readonly files: readonly ProductFile[];
  /** What a person should know of these keys in that product. */
  readonly notes?: readonly string[] | undefined;
}

export interface Product {
  /**
   * What it reads: `public` keys only; `private` ones, without which there is nothing to write; `either`, which two
   * parts of it read; `shared`: public ones, and symmetric ones where there are any.
   */
  readonly halves: 'public' | 'private' | 'either' | 'shared';
  /** The files it takes, where they are several. */
  readonly directory?: readonly { readonly name: string; readonly isPrivate: boolean }[] | undefined;
  readonly needsIssuer?: boolean | undefined;
  /** Symmetric keys are of use to it: elsewhere a set of nothing else is an empty one. */
  readonly takesSymmetric?: boolean | undefined;
  readonly write: (input: ProductInput) => ProductExport;
  /** Where it goes, as one line. `file` is what `--output` names. */
  readonly place: (file: string, sets: readonly string[]) => string;
}

export type WholeKey = ProductKey & { readonly privateJwk: PrivateJwk };

/** The one key that signs. Products that look for one find it in its place, and would take another for it. */
export function onlySigner(input: ProductInput, kinds: { readonly symmetric?: boolean } = {}): WholeKey {
  const signers = input.held.filter(
    ({ key, isSigner }) => isSigner && key.use === 'sig' && (!key.symmetric || kinds.symmetric === true),
  );
  const [signer, ...others] = signers;
  if (signer?.privateJwk === undefined) throw noSigner(input);
  if (others.length > 0) {
    const algs = signers.map(({ key }) => key.alg).join(', ');
    throw new JwksError(
      'conflict',
      `${input.sets.join(', ')}: several keys sign (${algs}), and the product takes one`,
      { hint: 'give each algorithm a set of its own' },
    );
  }
  return { ...signer, privateJwk: signer.privateJwk };
}

/** All signing pairs, the signers first, for a product that publishes what it has whole. */
export function wholeSigningKeys(input: ProductInput, product: string): WholeKey[] {
  const isSigning = ({ key }: ProductKey) => key.use === 'sig' && !key.symmetric;
  refuseMissing({ ...input, published: input.published.filter(isSigning) }, product);
  const keys = input.held
    .filter(isSigning)
    .flatMap((one) => (one.privateJwk === undefined ? [] : [{ ...one, privateJwk: one.privateJwk }]));
  if (!keys.some(({ isSigner }) => isSigner)) throw noSigner(input);
  return keys;
}

export function noSigner({ sets }: ProductInput): JwksError {
  return new JwksError('not-found', `${sets.join(', ')}: there is no key that signs`, {
    hint: 'jwks list shows the keys: one that signs is active, for sig, and has its private half here',
  });
}

/** The keys with which signatures are verified, and their public halves. */
export function verifyingKeys({ published }: ProductInput): PublicJwk[] {
  return published.flatMap(({ key, publicJwk }) =>
    key.use === 'sig' && publicJwk !== undefined ? [publicJwk] : [],
  );
}

/** Exit 6 where the private half of a published key is not here: such a product publishes no other key. */
export function refuseMissing(input: ProductInput, product: string): void {
  const missing = input.published
    .filter(({ privateJwk }) => privateJwk === undefined)
    .map(({ key }) => key.kid);
  if (missing.length > 0) {
    throw new JwksError('bad-key', `the private half of ${missing.join(', ')} is not here`, {
      hint: `${product} publishes only keys that it has whole: retire the other, or name one with --kid`,
    });
  }
}

/** Exit 6 where a key is of a kind that the product does not sign with as its `alg` says. */
export function refuseOthers(
  keys: readonly Pick<ProductKey, 'key'>[],
  product: string,
  algs: readonly string[],
): void {
  const odd = keys.find(({ key }) => !algs.includes(key.alg));
  if (odd !== undefined) {
    throw new JwksError(
      'bad-key',
      `${product} does not sign with ${odd.key.alg}, as key ${odd.key.kid} does`,
      {
        hint: `it signs with ${algs.join(', ')}`,
      },
    );
  }
}
