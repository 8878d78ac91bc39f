// An unlocked keystore: opens the private halves of sets, and changes sets one atomic step at a time.
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError } from '../errors.ts';
import type { PrivateJwk } from '../jose/jwk.ts';
import { nowFor } from '../lifecycle/clock.ts';
import type { Policy } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { changeMaster, type DecideMaster } from './change-master.ts';
import { mostBytes } from './file-system.ts';
import { type HistoryEvent, type Manifest, type ManifestKey, mostEvents } from './manifest.ts';
import type { Master } from './master-document.ts';
import { OpenSlot } from './open-slot.ts';
import { type Author, Reader, type ReaderOptions } from './reader.ts';
import { sealedElsewhere } from './reader-faults.ts';
import { refuseTime } from './refuse-time.ts';
import type { Secret } from './secret.ts';
import { openSet, serializeSet } from './set-document.ts';
import { type DocumentName, documentOf, isStandIn, type SetId, toActor } from './set-id.ts';

/** A set with its private halves, in the order of the manifest's keys that are held. */
export interface OpenSet {
  readonly manifest: Manifest;
  readonly privateKeys: readonly PrivateJwk[];
}

/** What a set should be next. */
export interface Change {
  readonly keys: readonly ManifestKey[];
  /** At least those of `keys` that are held; others are dropped. */
  readonly privateKeys: readonly PrivateJwk[];
  readonly policy: Policy | undefined;
  /** The set is deleted by this: what is left are names. */
  readonly deleted?: boolean | undefined;
  readonly events: readonly {
    readonly event: string;
    readonly kid?: string;
    readonly note?: string | undefined;
  }[];
}

/** Decides on a set as it stands. `undefined`: nothing is to be written. May be asked again after a conflict. */
export type Decide = (current: OpenSet | undefined, now: Instant) => Change | undefined;

export interface ChangeOptions {
  /** Make the set where there is none. */
  readonly create?: boolean | undefined;
  /** Also after a pause so long that the clock is in doubt. */
  readonly force?: boolean | undefined;
  /** Decide and refuse as ever, and write nothing. */
  readonly dryRun?: boolean | undefined;
}

const patience = 60_000;
/** In seconds. */
const longestWrite = 30;

export class Keystore {
  readonly reader: Reader;
  readonly #author: Author;
  readonly #slot: OpenSlot;

  /**
   * Opens with a secret. One that opens no slot is exit 4, as is a keystore whose identity is not the one that
   * was expected.
   */
  static async open(
    options: ReaderOptions,
    secret: Secret,
    author: Author,
    expected: string | undefined,
  ): Promise<Keystore> {
    const { storage, seenFiles } = options;
    const trusted =
      expected ?? (secret.kind === 'recipient' ? seenFiles.fingerprintAt(storage.place) : undefined);
    // Whoever can write here can seal a slot to a public key: only a fingerprint tells that this one is yours.
    if (secret.kind === 'recipient' && trusted === undefined) {
      throw new JwksError(
        'identity',
        "a recipient's key opens a keystore only together with its fingerprint",
        { hint: 'name it with --identity or JWKS_IDENTITY' },
      );
    }
    const reader = await Reader.open(options, trusted);
    const slot = await OpenSlot.open(reader, secret);
    reader.trust();
    return new Keystore(reader, author, slot);
  }

  private constructor(reader: Reader, author: Author, slot: OpenSlot) {
    this.reader = reader;
    this.#author = author;
    this.#slot = slot;
  }

  /** What the secret opens. */
  get slot(): OpenSlot {
    return this.#slot;
  }

  /** As `change`, of the master document. */
  changeMaster(decide: DecideMaster): Promise<Master> {
    return changeMaster(this.reader, this.#slot, this.#author, decide);
  }

  async openSet(id: SetId): Promise<OpenSet | undefined> {
    return this.openDocument(documentOf(id));
  }

  async openDocument(name: DocumentName): Promise<OpenSet | undefined> {
    return (await this.#openNewest(name))?.set;
  }

  /**
   * Reads, asks what should be next, and writes that as the next revision; starts again when somebody else was
   * first, for up to a minute. Returns the manifest as it stands afterwards and whether it was written.
   *
   * The order of reading is part of the protocol: the place of the set first, then the master document, then the
   * set. Otherwise a `rekey` at the same time could strand a set under a key that is about to go.
   */
  async change(
    id: SetId,
    decide: Decide,
    options: ChangeOptions = {},
  ): Promise<{ readonly manifest: Manifest | undefined; readonly written: boolean }> {
    const name = documentOf(id);
    const giveUp = performance.now() + patience;
    for (let attempt = 1; ; attempt++) {
      if (options.create === true && options.dryRun !== true) await this.reader.storage.reserve(name);
      await this.#slot.refresh();
      const base = await this.#openNewest(name);
      const current = base && named(base.set, id);
      const next = this.#plan(id, current, base?.sha256, decide, options.force === true);
      if (next === undefined || options.dryRun === true)
        return { manifest: current?.manifest, written: false };
      const bytes = await this.#seal(next);
      // A key is published when it is written: a host that slept meanwhile has decided for another time.
      if (this.#author.now() - next.manifest.updated > longestWrite) continue;
      const from = current?.manifest.revision ?? 0;
      const outcome = await this.reader.storage.replace(name, from, bytes);
      switch (outcome) {
        case 'committed':
          this.reader.noteWritten(name, from + 1, bytes);
          return { manifest: next.manifest, written: true };
        case 'unknown':
          throw new JwksError(
            'unconfirmed',
            `revision ${from + 1} of set "${id}" is written but the disk did not confirm it`,
            { hint: 'look at it with jwks list before anything is done again' },
          );
        case 'conflict':
          if (performance.now() > giveUp) {
            throw new JwksError(
              'conflict',
              `set "${id}" was changed by others for a minute without a pause`,
              {
                hint: 'nothing was changed; run it again',
              },
            );
          }
          await pause(Math.random() * Math.min(10 * attempt, 200));
      }
    }
  }

  #plan(
    id: SetId,
    current: OpenSet | undefined,
    previous: string | undefined,
    decide: Decide,
    force: boolean,
  ): OpenSet | undefined {
    const before = current?.manifest;
    const clock = this.#author.now();
    const now = nowFor(clock, before?.updated);
    const change = decide(current, now);
    if (change === undefined) return undefined;
    refuseTime(id, before, clock, force);
    const revision = (before?.revision ?? 0) + 1;
    const events = change.events.map(
      (event, index): HistoryEvent => ({
        id: `${revision}.${index + 1}`,
        at: now,
        event: event.event,
        kid: event.kid,
        by: toActor(this.#author.by),
        note: event.note,
      }),
    );
    const manifest: Manifest = {
      set: before?.set ?? id,
      revision,
      previous,
      master: this.reader.master.revision,
      updated: now,
      deleted: change.deleted === true ? (before?.deleted ?? now) : undefined,
      policy: change.policy,
      keys: change.keys,
      events: [...(before?.events ?? []), ...events].slice(-mostEvents),
    };
    return { manifest, privateKeys: inOrder(change) };
  }

  /** Seals, and opens what was sealed before anybody relies on it. */
  async #seal({ manifest, privateKeys }: OpenSet): Promise<Buffer> {
    const { identity, masterKeys } = this.#slot.unlocked;
    const bytes = await serializeSet(manifest, privateKeys, masterKeys[0], identity);
    if (bytes.length > mostBytes) {
      throw new JwksError('failed', `set "${manifest.set}" is too large: ${bytes.length} bytes`, {
        hint: 'use several sets; nothing was changed',
      });
    }
    const name = documentOf(manifest.set);
    const sealed = await this.reader.parse(name, { revision: manifest.revision, bytes });
    await openSet(sealed, masterKeys);
    return bytes;
  }

  /** What does not open is damaged only if it is still there, and sealed under no key that a rekey has made since. */
  async #openNewest(name: DocumentName): Promise<{ set: OpenSet; sha256: string } | undefined> {
    for (let failed: number | undefined; ; ) {
      const read = await this.reader.readWhole(name);
      if (read === undefined) return undefined;
      const { manifest } = read.document;
      const privateKeys = await openSet(read.document, this.#slot.unlocked.masterKeys);
      if (privateKeys !== undefined) return { set: { manifest, privateKeys }, sha256: read.sha256 };
      if (manifest.revision === failed) throw sealedElsewhere(manifest.set);
      failed = manifest.revision;
      await this.#slot.refresh();
    }
  }
}

/** Of the two ids of a set, that of the document and that it was asked for by, one may be a stand-in. */
function named({ manifest, privateKeys }: OpenSet, id: SetId): OpenSet {
  return { manifest: { ...manifest, set: isStandIn(id) ? manifest.set : id }, privateKeys };
}

function inOrder({ keys, privateKeys }: Change): PrivateJwk[] {
  return keys
    .filter(({ held }) => held)
    .map((key) => {
      const jwk = privateKeys.find(({ kid }) => kid === key.kid);
      if (jwk === undefined) throw new JwksError('internal', `the private half of key ${key.kid} is missing`);
      return jwk;
    });
}
