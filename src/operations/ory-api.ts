// Ory Hydra's key API on a local keystore: names and bodies as they arrive, keys in Ory's shape. Knows no HTTP.
import { JwksError } from '../errors.ts';
import { findAlgorithm } from '../jose/algorithms.ts';
import { refusal } from '../jose/read/faults.ts';
import { isObject, memberOf } from '../jose/read/json-text.ts';
import type { Keystore } from '../keystore/keystore.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import type { Reader } from '../keystore/reader.ts';
import { parseKeyId, parseSetId } from '../keystore/set-id.ts';
import { isTombstone } from '../lifecycle/key.ts';
import type { Policy } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { createKey } from './create-key.ts';
import { parseBody, where } from './ory-body.ts';
import { type OryKey, type OryRequest, openOryKeys, readOryKeys } from './ory-keys.ts';
import { putKey, putSet } from './put-keys.ts';
import { deleteKey, deleteSet } from './remove-keys.ts';

export interface OryApiOptions {
  readonly reader: Reader;
  /** Absent: there is no secret, and whatever needs it is refused with `secret`. */
  readonly keystore: Keystore | undefined;
  readonly clock: () => Instant;
  /** Of sets that are made. */
  readonly policy: Policy | undefined;
  /** Whether what is shown has its private members. */
  readonly isPrivate: boolean;
  /** What is served besides, at the same place. */
  readonly served: () => readonly Manifest[];
  /** Told before private keys are shown; what it throws keeps them back. */
  readonly onPrivate: (asked: readonly string[]) => void;
  /** Told after each change, before it is answered. */
  readonly onChange: () => Promise<void>;
}

export interface OrySet {
  readonly keys: readonly OryKey[];
}

/**
 * Every operation throws `usage` or `bad-key` for a name or body that is not acceptable, `conflict` or `unsafe` for
 * what the keystore does not allow, `not-found`, and `secret` where the keystore cannot be unlocked.
 */
export class OryApi {
  readonly #options: OryApiOptions;

  constructor(options: OryApiOptions) {
    this.#options = options;
  }

  /** Newest first. Without a key of it that is in use the set is `not-found`. */
  async get(set: string, kid?: string): Promise<OrySet> {
    const request = { set: parseSetId(set), kid };
    const { reader, clock, isPrivate } = this.#options;
    // Another identity may have been accepted since, and a keystore that is gone is no set that is missing.
    await this.#lookForKeystore();
    const keys = isPrivate
      ? await openOryKeys(this.#keystore(), clock(), request)
      : await readOryKeys(reader, clock(), request);
    this.#tell(request);
    if (keys !== undefined) return { keys };
    const what = kid === undefined ? `set "${set}"` : `key "${kid}" in set "${set}"`;
    throw new JwksError('not-found', `there is no ${what}`);
  }

  /** The new key, which signs at once. */
  async create(set: string, body: Uint8Array): Promise<OrySet> {
    const { clock, policy, onChange } = this.#options;
    const request = { set: parseSetId(set), ...toAlgorithm(body), policy };
    const keystore = this.#keystore();
    await this.#lookForKeystore();
    const symmetric = findAlgorithm(request.alg)?.kty === 'oct';
    if (request.kid !== undefined) this.#refuseTwin(request.set, { kid: request.kid, symmetric });
    const { key } = await createKey(keystore, clock, request);
    await onChange();
    return this.#readBack({ set: request.set, kid: key?.kid });
  }

  async put(set: string, body: Uint8Array): Promise<OrySet> {
    const request = { set: parseSetId(set), ...this.#toPut(set, body) };
    const keystore = this.#keystore();
    await this.#lookForKeystore();
    const { outcome } = await putSet(keystore, request);
    if (outcome === 'changed') await this.#options.onChange();
    return this.#readBack({ set: request.set });
  }

  /** The key of the body, whose own kid counts. */
  async putKey(set: string, kid: string, body: Uint8Array): Promise<OryKey> {
    const request = { set: parseSetId(set), kid: parseKeyId(kid), ...this.#toPut(set, body) };
    const keystore = this.#keystore();
    await this.#lookForKeystore();
    const { kids, outcome } = await putKey(keystore, request);
    if (outcome === 'changed') await this.#options.onChange();
    const [key] = (await this.#readBack({ set: request.set, kid: kids[0] })).keys;
    if (key === undefined) throw new JwksError('conflict', 'the key was taken away again meanwhile');
    return key;
  }

  /** What is not there is deleted already. Whoever deletes by hand wants no successor made. */
  async delete(set: string, kid?: string): Promise<void> {
    const request = { set: parseSetId(set), noSuccessor: true };
    const keystore = this.#keystore();
    try {
      if (kid === undefined) await deleteSet(keystore, request);
      else await deleteKey(keystore, { ...request, kid });
    } catch (error) {
      if (!(error instanceof JwksError) || error.code !== 'not-found') throw error;
      await this.#lookForKeystore();
      return;
    }
    await this.#options.onChange();
  }

  #toPut(set: string, body: Uint8Array) {
    const check = (key: ManifestKey) => this.#refuseTwin(set, key);
    return { body, policy: this.#options.policy, check };
  }

  /** One that is gone, such as a disk that is not mounted, must not look like one without the set. */
  async #lookForKeystore(): Promise<void> {
    try {
      await this.#options.reader.reloadMaster();
    } catch (error) {
      if (!(error instanceof JwksError) || error.code !== 'not-found') throw error;
      throw new JwksError('failed', error.message, { hint: error.hint, cause: error });
    }
  }

  /** Merged, only one of two keys with one kid could be served. */
  #refuseTwin(
    set: string,
    key: Pick<ManifestKey, 'kid' | 'symmetric'> & { readonly thumbprint?: string | undefined },
  ): void {
    if (key.symmetric) return;
    const now = this.#options.clock();
    const isTwin = (one: ManifestKey) =>
      one.kid === key.kid && !one.symmetric && one.thumbprint !== key.thumbprint && !isTombstone(one, now);
    const other = this.#options
      .served()
      .find((manifest) => manifest.set !== set && manifest.keys.some(isTwin));
    if (other === undefined) return;
    throw new JwksError('conflict', `set "${other.set}", which is served too, has another key "${key.kid}"`);
  }

  /** What is answered is what is there. */
  async #readBack(request: OryRequest): Promise<OrySet> {
    const { clock, isPrivate } = this.#options;
    const keystore = this.#keystore();
    const keys = isPrivate
      ? await openOryKeys(keystore, clock(), request)
      : await readOryKeys(keystore.reader, clock(), request);
    this.#tell(request);
    return { keys: keys ?? [] };
  }

  #tell({ set, kid }: OryRequest): void {
    if (this.#options.isPrivate) this.#options.onPrivate(['admin', set, ...(kid === undefined ? [] : [kid])]);
  }

  #keystore(): Keystore {
    const { keystore } = this.#options;
    if (keystore === undefined) throw new JwksError('secret', 'this server was started without the secret');
    return keystore;
  }
}

/** Ory's clients send all three members; empty texts stand for what is not set. */
function toAlgorithm(body: Uint8Array) {
  const value = parseBody(body);
  if (!isObject(value)) throw refusal(where, 'it is no JSON object');
  const [alg, named = 'sig', kid] = ['alg', 'use', 'kid'].map((name) => {
    const text = memberOf(value, name) ?? '';
    if (typeof text !== 'string') throw refusal(where, `its "${name}" is no text`);
    return text === '' ? undefined : text;
  });
  if (alg === undefined) throw refusal(where, 'it has no "alg"');
  const use = (['sig', 'enc'] as const).find((one) => one === named);
  if (use === undefined) throw refusal(where, 'its "use" is neither "sig" nor "enc"');
  return { alg, use, kid: kid === undefined ? undefined : parseKeyId(kid) };
}
