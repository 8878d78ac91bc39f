// Who may unlock a keystore: a signed list of slots, each of which holds the identity and the master keys.
import { createHash, randomUUID } from 'node:crypto';
import * as v from 'valibot';
import { JwksError } from '../errors.ts';
import { decodeBase64url, encodeBase64url } from '../jose/base64url.ts';
import {
  bareKey,
  type Identity,
  type PrivateIdentity,
  type SignatureChecker,
  sign,
  toPrivateIdentity,
} from '../jose/identity.ts';
import { type PrivateJwk, type PublicJwk, toPrivateJwk } from '../jose/jwk.ts';
import { compactOf, headerOf, open, type Sealed, type SealingKey, seal } from '../jose/sealing.ts';
import { thumbprintOf } from '../jose/thumbprint.ts';
import { formatInstant, type Instant } from '../lifecycle/time.ts';
import {
  eventSchema,
  formatName,
  formatVersion,
  type HistoryEvent,
  parseDocument,
  readPayload,
  refuseNewer,
} from './manifest.ts';
import type { Recipient } from './recipient.ts';
import { instantText, parseAs, parseCanonicalJson, revisionNumber, toCanonicalJson } from './schema.ts';
import type { Secret } from './secret.ts';

export type SlotKind = 'generated' | 'passphrase' | 'recipient';

export interface Slot {
  readonly kid: string;
  readonly label: string;
  readonly kind: SlotKind;
  readonly created: Instant;
  /** The key that a recipient's slot is sealed to. */
  readonly public?: PublicJwk | undefined;
  /** The kid of the slot whose place it takes. While that is there too, a change of a secret is not ended. */
  readonly replaces?: string | undefined;
  readonly sealed: Sealed;
}

export interface Master {
  readonly revision: number;
  readonly previous?: string | undefined;
  readonly updated: Instant;
  /** A UUID that tells this keystore from others. */
  readonly keystore: string;
  /** Newest first. */
  readonly identities: readonly PublicJwk[];
  readonly slots: readonly Slot[];
  readonly events: readonly HistoryEvent[];
}

/** A key that seals sets. */
export interface MasterKey {
  readonly kid: string;
  readonly key: Uint8Array;
}

/** What a slot holds. */
export interface Unlocked {
  /** Signs sets. */
  readonly identity: PrivateIdentity;
  /** While a rekey gives the keystore a new identity: the one from before, which signs the master document until then. */
  readonly before?: PrivateIdentity | undefined;
  /** Newest first: the first seals, all open. */
  readonly masterKeys: readonly [MasterKey, ...MasterKey[]];
}

export const mostSlots = 16;
const base64url = v.pipe(
  v.string(),
  v.check((text) => decodeBase64url(text) !== undefined),
);
export const sealedMembers = {
  protected: base64url,
  encrypted_key: base64url,
  iv: base64url,
  ciphertext: base64url,
  tag: base64url,
};

const documentSchema = v.strictObject({
  payload: base64url,
  protected: base64url,
  signature: base64url,
  slots: v.pipe(v.array(v.strictObject(sealedMembers)), v.minLength(1), v.maxLength(mostSlots)),
});

const payloadSchema = v.strictObject({
  format: v.literal(formatName),
  version: v.literal(formatVersion),
  revision: revisionNumber,
  previous: v.optional(v.string()),
  updated: instantText,
  keystore: v.pipe(v.string(), v.uuid()),
  identities: v.pipe(v.array(v.record(v.string(), v.unknown())), v.minLength(1)),
  slots: v.array(
    v.strictObject({
      kid: v.string(),
      label: v.string(),
      kind: v.picklist(['generated', 'passphrase', 'recipient']),
      created: instantText,
      public: v.optional(v.record(v.string(), v.unknown())),
      replaces: v.optional(v.string()),
      sha256: v.string(),
    }),
  ),
  events: v.array(eventSchema),
});

const what = 'the master document';

/** Reads a master document whose signature is good. Whether the signer is to be trusted is the caller's question. */
export async function parseMaster(
  bytes: Uint8Array,
  revision: number,
  checker: SignatureChecker,
): Promise<{ readonly master: Master; readonly signer: Identity }> {
  const document = parseCanonicalJson(bytes, what);
  const { slots: sealed, ...signed } = parseDocument(documentSchema, document, 'payload', what);
  const value = readPayload(signed.payload);
  if (value === undefined) throw new JwksError('damaged', `${what} is damaged: its payload is not JSON`);
  refuseNewer(value, what);
  const signer = await checker.signerOf(signed, 'jwks-master+jws');
  if (signer === undefined) throw new JwksError('damaged', `${what} is damaged: its signature is not good`);
  const { format: _, version: __, slots, identities, ...rest } = parseAs(payloadSchema, value, what);
  if (rest.revision !== revision)
    throw new JwksError('damaged', `${what} is damaged: it is not revision ${revision}`);
  if (slots.length !== sealed.length)
    throw new JwksError('damaged', `${what} is damaged: a slot is missing or was added`);
  const master: Master = {
    ...rest,
    identities: identities.map(bareKey),
    slots: slots.map(({ sha256, public: key, ...slot }, index): Slot => {
      const own = sealed[index];
      if (own === undefined || sha256 !== hashOf(own) || headerOf(own)?.kid !== slot.kid) {
        throw new JwksError('damaged', `${what} is damaged: slot "${slot.label}" was changed`);
      }
      return { ...slot, public: key && bareKey(key), sealed: own };
    }),
  };
  return { master, signer };
}

/** The document as it is written, signed by the identity. */
export async function serializeMaster(master: Master, identity: PrivateIdentity): Promise<Buffer> {
  const { revision, previous, updated, keystore, identities, slots, events } = master;
  const payload = {
    format: formatName,
    version: formatVersion,
    revision,
    previous,
    updated: formatInstant(updated),
    keystore,
    identities,
    slots: slots.map(({ sealed, created, ...slot }) => ({
      ...slot,
      created: formatInstant(created),
      sha256: hashOf(sealed),
    })),
    events: events.map((event) => ({ ...event, at: formatInstant(event.at) })),
  };
  const signed = await sign(Buffer.from(JSON.stringify(payload)), 'jwks-master+jws', identity);
  return Buffer.from(toCanonicalJson({ ...signed, slots: slots.map(({ sealed }) => sealed) }));
}

function hashOf(sealed: Sealed): string {
  return encodeBase64url(createHash('sha256').update(compactOf(sealed)).digest());
}

/** What a slot can be sealed to. */
export type SlotKey = Secret | (Recipient & { readonly kind: 'recipient' });

/** A new slot that a secret opens, or the private half of a recipient's key. */
export async function sealSlot(
  secret: SlotKey,
  label: string,
  created: Instant,
  unlocked: Unlocked,
): Promise<Slot> {
  const keys = [
    { ...unlocked.identity.privateJwk },
    ...(unlocked.before === undefined ? [] : [{ ...unlocked.before.privateJwk }]),
    ...unlocked.masterKeys.map(({ kid, key }) => ({
      kty: 'oct',
      kid,
      alg: 'A256GCMKW',
      use: 'enc',
      k: encodeBase64url(key),
    })),
  ];
  const sealingKey = sealingKeyOf(secret, secret.kind === 'passphrase' ? randomUUID() : secret.kid);
  const sealed = await seal(Buffer.from(JSON.stringify({ keys })), sealingKey);
  const own = 'jwk' in secret ? { public: secret.jwk } : {};
  return { kid: sealingKey.kid, label, kind: secret.kind, created, ...own, sealed };
}

/** A slot that was opened, and what is in it. */
export interface Opened {
  readonly slot: Slot;
  readonly unlocked: Unlocked;
}

/** What the secret opens, or `undefined` where it opens no slot. */
export async function openSlots(slots: readonly Slot[], secret: Secret): Promise<Opened | undefined> {
  const newestFirst = slots.filter(({ kind }) => kind === secret.kind).sort((a, b) => b.created - a.created);
  for (const slot of newestFirst) {
    if (secret.kind !== 'passphrase' && slot.kid !== secret.kid) continue;
    const plaintext = await open(slot.sealed, sealingKeyOf(secret, slot.kid));
    if (plaintext !== undefined) return { slot, unlocked: parseSlot(plaintext, slot.label) };
  }
  return undefined;
}

function sealingKeyOf(secret: SlotKey, kid: string): SealingKey {
  if (secret.kind === 'generated') return { alg: 'A256GCMKW', kid, key: secret.key };
  if (secret.kind === 'passphrase') return { alg: 'PBES2-HS512+A256KW', kid, key: secret.text };
  return { alg: secret.alg, kid, key: secret.key };
}

function parseSlot(plaintext: Uint8Array, label: string): Unlocked {
  const broken = new JwksError('damaged', `${what} is damaged: slot "${label}" does not hold what it should`);
  try {
    const { keys } = JSON.parse(Buffer.from(plaintext).toString()) as { keys: PrivateJwk[] };
    const all = keys.map(toPrivateJwk);
    const [identity, before, ...more] = all.filter(({ kty }) => kty !== 'oct').map(toPrivateIdentity);
    const [first, ...others] = all.filter(({ kty }) => kty === 'oct').map((jwk) => toMasterKey(jwk, broken));
    if (identity === undefined || first === undefined || more.length > 0) throw broken;
    return { identity, before, masterKeys: [first, ...others] };
  } catch {
    throw broken;
  }
}

function toMasterKey(jwk: PrivateJwk, broken: JwksError): MasterKey {
  const key = decodeBase64url(String(jwk['k']));
  if (jwk.kid === undefined || key?.length !== 32) throw broken;
  return { kid: jwk.kid, key };
}

/** The fingerprints of all identities that a master document names. */
export function fingerprintsOf(master: Master): string[] {
  return master.identities.map(thumbprintOf);
}
