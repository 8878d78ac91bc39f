// Ory Hydra's PUT: a set becomes the keys of a body, or one key of a body comes into a set.
import { timingSafeEqual } from 'node:crypto';
import { JwksError } from '../errors.ts';
import { refusal } from '../jose/read/faults.ts';
import { isObject, memberOf } from '../jose/read/json-text.ts';
import type { Keystore, OpenSet } from '../keystore/keystore.ts';
import type { ManifestKey } from '../keystore/manifest.ts';
import type { SetId } from '../keystore/set-id.ts';
import { isTombstone } from '../lifecycle/key.ts';
import { planImport } from '../lifecycle/plan-import.ts';
import { planReplacement } from '../lifecycle/plan-replacement.ts';
import type { Policy } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type Changed, changeSet, lifeOf } from './change-set.ts';
import {
  describeSource,
  type Incoming,
  readIncoming,
  refuseKeys,
  refusePassive,
  toManifestKey,
  toPrivateEntry,
} from './import-keys.ts';
import { parseBody, where } from './ory-body.ts';

interface PutRequest {
  readonly set: SetId;
  readonly body: Uint8Array;
  /** Of a set that is made. */
  readonly policy?: Policy | undefined;
  /** Refuses a key that would come in. */
  readonly check?: ((key: ManifestKey) => void) | undefined;
}

export interface Put {
  /** Of the body's keys, in its order. */
  readonly kids: readonly string[];
  readonly outcome: Changed['outcome'];
}

/** What the body says of a symmetric key without its value, as it was shown: it can only be one that is there. */
interface Stub {
  readonly kid: string;
  readonly alg: unknown;
  readonly use: unknown;
}

type Given = Stub | Incoming;

const active = { kind: 'active' } as const;

/**
 * Keys that the set has stay; those that are not in the body go, without a successor. Of each role the last key
 * that the body has a private half of signs. The kids are in the body's order.
 */
export async function putSet(keystore: Keystore, request: PutRequest): Promise<Put> {
  const { set, body, policy } = request;
  const value = parseBody(body);
  const list = isObject(value) ? memberOf(value, 'keys') : undefined;
  if (!Array.isArray(list)) throw refusal(where, 'it has no list "keys"');
  const puts = await readPuts(keystore, set, list);
  const kids = puts.map(({ kid }) => kid);
  const { outcome } = await changeSet(keystore, set, { create: { policy } }, (current, now) => {
    const { incoming, keys, sources, privateKeys } = takeIn(current, puts, now, request.check);
    const privateKids = puts.flatMap((put) => ('proved' in put && put.proved.isPrivate ? [put.kid] : []));
    const replacement = { kids, incoming: keys, privateKids };
    const plan = planReplacement(lifeOf(current.manifest), now, replacement, sources);
    const signing = new Set(privateKids);
    refusePassive({ incoming: incoming.filter(({ kid }) => signing.has(kid)), placement: active });
    return { ...plan, privateKeys };
  });
  return { kids, outcome };
}

/** A key that the set has already stays as it is; another signs at once. The body's own kid counts, if it has one. */
export async function putKey(
  keystore: Keystore,
  request: PutRequest & { readonly kid: string },
): Promise<Put> {
  const { set, body, policy } = request;
  const value = parseBody(body);
  if (!isObject(value) || Array.isArray(memberOf(value, 'keys'))) throw refusal(where, 'it is not one key');
  const own = memberOf(value, 'kid');
  const kid = own === undefined || own === '' ? request.kid : own;
  const puts = await readPuts(keystore, set, [{ ...value, kid }]);
  const { outcome } = await changeSet(keystore, set, { create: { policy } }, (current, now) => {
    const { incoming, keys, sources, privateKeys } = takeIn(current, puts, now, request.check);
    if (keys.length === 0) return { steps: [], keys: current.manifest.keys };
    refusePassive({ incoming, placement: active });
    return { ...planImport(lifeOf(current.manifest), now, keys, active, sources), privateKeys };
  });
  return { kids: puts.map((put) => put.kid), outcome };
}

async function readPuts(keystore: Keystore, set: SetId, list: readonly unknown[]): Promise<Given[]> {
  const known = (await keystore.reader.readSet(set))?.manifest.keys ?? [];
  const cleaned = list.map((key) => complete(key, known));
  const stubs = cleaned.map(toStub);
  const others = cleaned.filter((_, index) => stubs[index] === undefined);
  const bytes = Buffer.from(JSON.stringify({ keys: others }));
  // Of stubs alone there is nothing to read; of nothing at all it says that there is no key.
  const isRead = others.length > 0 || list.length === 0;
  const proved = isRead ? await readIncoming([{ name: where, bytes }], {}, {}) : [];
  const rest = proved.values();
  const puts = stubs.flatMap((stub): Given[] => {
    const put = stub ?? rest.next().value;
    return put === undefined ? [] : [put];
  });
  const twice = puts.find(({ kid }, index) => puts.findIndex((one) => one.kid === kid) !== index);
  if (twice !== undefined) throw refusal(where, `two of its keys have the kid "${twice.kid}"`);
  return puts;
}

/** Ory's clients send empty texts for what is not set. A key that is there says itself what is left out. */
function complete(key: unknown, known: readonly ManifestKey[]): unknown {
  if (!isObject(key)) return key;
  const empty = ['kid', 'use', 'alg'].filter((name) => memberOf(key, name) === '');
  const said = Object.fromEntries(Object.entries(key).filter(([name]) => !empty.includes(name)));
  const existing = known.find(({ kid }) => kid === memberOf(said, 'kid'));
  return existing === undefined ? said : { alg: existing.alg, use: existing.use, ...said };
}

function toStub(key: unknown): Stub | undefined {
  if (!isObject(key) || memberOf(key, 'kty') !== 'oct' || memberOf(key, 'k') !== undefined) return undefined;
  const kid = memberOf(key, 'kid');
  if (typeof kid !== 'string') throw refusal(where, 'a symmetric key has neither "k" nor "kid"');
  return { kid, alg: memberOf(key, 'alg'), use: memberOf(key, 'use') };
}

/** Those of them that the set does not have; whatever contradicts what it has is refused. */
function takeIn(current: OpenSet, puts: readonly Given[], now: Instant, check: PutRequest['check']) {
  const { manifest } = current;
  const incoming = puts.flatMap((put): Incoming[] => {
    const key = manifest.keys.find((one) => one.kid === put.kid);
    if (key !== undefined && !isTombstone(key, now)) {
      refuseOther(current, key, put);
      return [];
    }
    if ('proved' in put) return [put];
    if (key !== undefined) throw new JwksError('conflict', `key "${put.kid}" is out of use already`);
    throw refusal(where, `key "${put.kid}" has no "k", and set "${manifest.set}" has no such key`);
  });
  const keys = incoming.map(toManifestKey);
  refuseKeys(manifest, keys, false);
  for (const key of keys) check?.(key);
  const described = new Map(incoming.map(({ kid, proved }) => [kid, describeSource(proved)]));
  return {
    incoming,
    keys,
    sources: ({ kid }: ManifestKey) => described.get(kid) ?? '',
    privateKeys: incoming.flatMap(toPrivateEntry).map(([, jwk]) => jwk),
  };
}

function refuseOther(current: OpenSet, key: ManifestKey, put: Given): void {
  const { alg, use } = 'proved' in put ? put.proved : put;
  if (!isSame(current, key, put)) {
    throw new JwksError('conflict', `set "${current.manifest.set}" has another key "${key.kid}"`, {
      hint: 'nothing was changed; give the key a kid of its own',
    });
  }
  if (alg !== key.alg || use !== key.use)
    throw refusal(where, `key "${key.kid}" is for ${key.alg} (${key.use}), which cannot be changed`);
  // Taken as unchanged it would seem to be stored.
  if ('proved' in put && put.proved.isPrivate && !key.held) {
    throw new JwksError(
      'conflict',
      `set "${current.manifest.set}" holds only the public half of key "${key.kid}"`,
    );
  }
}

function isSame({ privateKeys }: OpenSet, key: ManifestKey, put: Given): boolean {
  if (!('proved' in put)) return key.symmetric;
  const { symmetric, thumbprint } = toManifestKey(put);
  if (symmetric !== key.symmetric) return false;
  if (!symmetric) return thumbprint === key.thumbprint;
  const [held, given] = [privateKeys.find(({ kid }) => kid === key.kid), put.proved.jwk].map((jwk) =>
    Buffer.from(String(jwk?.k ?? ''), 'base64url'),
  );
  if (held === undefined || given === undefined || held.length !== given.length) return false;
  return held.length > 0 && timingSafeEqual(held, given);
}
