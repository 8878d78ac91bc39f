// Keys that are made before it is known whether they are needed: making one lasts, and a change may be decided again.
import type { KeyShape } from '../jose/algorithms.ts';
import { generateKey, type KidScheme } from '../jose/generate.ts';
import { isSymmetric, type PrivateJwk, toPublicJwk } from '../jose/jwk.ts';
import { kidSchemeOf, shapeOf } from '../jose/shape-of.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';
import type { OpenSet } from '../keystore/keystore.ts';
import type { ManifestKey } from '../keystore/manifest.ts';
import type { NewKey } from '../lifecycle/draft.ts';

interface Wanted {
  readonly shape: KeyShape;
  readonly scheme: KidScheme;
}

export class SpareKeys {
  readonly #made = new Map<string, PrivateJwk[]>();
  #missing: Wanted[] = [];

  /** A private key for each of the new ones; `undefined`: some are still to be made. */
  take(keys: readonly NewKey[], current: OpenSet): ReadonlyMap<string, PrivateJwk> | undefined {
    const used = new Map<string, number>();
    const taken = new Map<string, PrivateJwk>();
    this.#missing = [];
    for (const key of keys) {
      const wanted = likeKey(key, current);
      const name = nameOf(wanted);
      const place = used.get(name) ?? 0;
      used.set(name, place + 1);
      const jwk = this.#made.get(name)?.[place];
      if (jwk === undefined) this.#missing.push(wanted);
      else taken.set(key.kid, jwk);
    }
    return this.#missing.length === 0 ? taken : undefined;
  }

  /** Makes those that were missing. */
  async make(): Promise<void> {
    for (const wanted of this.#missing) {
      const jwk = await generateKey(wanted.shape, { scheme: wanted.scheme });
      const name = nameOf(wanted);
      this.#made.set(name, [...(this.#made.get(name) ?? []), jwk]);
    }
  }
}

/** The names and halves of a key as its manifest has them, without dates. */
export function toUndatedKey(
  jwk: PrivateJwk,
  { alg, use }: Pick<ManifestKey, 'alg' | 'use'>,
): Omit<ManifestKey, 'created'> {
  const symmetric = isSymmetric(jwk);
  return {
    kid: jwk.kid ?? '',
    alg,
    use,
    symmetric,
    held: true,
    thumbprint: symmetric ? undefined : thumbprintOf(jwk),
    jwk: symmetric ? undefined : toPublicJwk(jwk),
  };
}

function likeKey({ alg, like }: NewKey, { manifest, privateKeys }: OpenSet): Wanted {
  const model = manifest.keys.find(({ kid }) => kid === like);
  const jwk = model?.jwk ?? privateKeys.find(({ kid }) => kid === like);
  if (model === undefined || jwk === undefined)
    return { shape: shapeOf(undefined, alg), scheme: 'thumbprint' };
  return { shape: shapeOf(jwk, alg), scheme: kidSchemeOf(model.jwk, model.kid) };
}

function nameOf({ shape, scheme }: Wanted): string {
  return [shape.algorithm.alg, shape.bits, shape.crv, scheme].join(' ');
}
