// What a reader that stays has read and checked, and which of it must be read again.
//
// A storage's stamps are a hint: they may let a change be seen later, never not at all. What they call unchanged is
// read again in turn, so that all of it has been after half a minute: a file that was edited in place, or a file
// system whose times cannot be relied on.
import type { Manifest } from './manifest.ts';
import type { DocumentName } from './set-id.ts';
import type { Storage } from './storage.ts';

export interface CheckedManifest {
  readonly manifest: Manifest;
  /** Fingerprint of the identity whose signature is good. */
  readonly signer: string;
  /** Of the whole document. */
  readonly sha256: string;
}

interface Sight {
  /** Taken before the document was read. */
  readonly stamp: string | undefined;
  /** When this stamp was first there. */
  readonly since: number;
  /**
   * The document was read after its stamp had stood for a while. Until then a change in the same tick of the file
   * system's clock can have left the stamp as it was.
   */
  readonly isSettled: boolean;
}

interface Plan {
  /** To be read, with what `note` is to be told afterwards. */
  readonly due: Map<DocumentName, Sight>;
  /** To be left as they are. */
  readonly kept: Map<DocumentName, Manifest>;
}

/** In milliseconds: longer than a tick of any file system's clock (2 s on FAT). */
const settlesIn = 2_000;
const rereadWithin = 30_000;
/** At least so many a look: a keystore of few sets is read as a whole each time. */
const fewestReread = 32;
/** The same of those that are not settled yet: all of them, but after the start or a change of thousands. */
const fewestUnsettled = 256;

export class KnownManifests {
  /** The one that was not read for the longest time first. */
  readonly #known = new Map<DocumentName, { readonly checked: CheckedManifest; readonly sight: Sight }>();
  readonly #now: () => number;
  #planned: number;

  /** `now` counts milliseconds and never goes back; what it counts from does not matter. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#planned = now();
  }

  get(name: DocumentName): CheckedManifest | undefined {
    return this.#known.get(name)?.checked;
  }

  /** What to do about these documents now. Others are forgotten. */
  async plan(
    storage: Storage,
    names: readonly DocumentName[],
    isAccepted: (checked: CheckedManifest) => boolean,
  ): Promise<Plan> {
    const before = this.#now();
    const stamps = await storage.stamps?.(names);
    // Only now it is sure that every one of them is there.
    const since = this.#now();
    const plan: Plan = { due: new Map(), kept: new Map() };
    let met = 0;
    for (const name of names) {
      const stamp = stamps?.get(name);
      const known = this.#known.get(name);
      if (known !== undefined) met += 1;
      const isSame = stamp !== undefined && stamp === known?.sight.stamp && isAccepted(known.checked);
      if (isSame) plan.kept.set(name, known.checked.manifest);
      else plan.due.set(name, { stamp, since, isSettled: false });
    }
    if (met < this.#known.size) this.#forgetOthers(plan);
    this.#takeTurns(plan, before);
    return plan;
  }

  /** What was found; nothing where there is none or it is faulty: then it is read again at the next look. */
  note(name: DocumentName, checked: CheckedManifest | undefined, sight?: Sight): void {
    this.#known.delete(name);
    if (checked !== undefined && sight !== undefined) this.#known.set(name, { checked, sight });
  }

  #takeTurns({ due, kept }: Plan, now: number): void {
    const share = Math.ceil((this.#known.size * (now - this.#planned)) / rereadWithin);
    this.#planned = now;
    let settled = Math.max(fewestReread, share);
    let unsettled = Math.max(fewestUnsettled, share);
    for (const [name, { sight }] of this.#known) {
      if ((sight.isSettled ? settled : unsettled) === 0 || !kept.delete(name)) continue;
      due.set(name, { ...sight, isSettled: now - sight.since >= settlesIn });
      if (sight.isSettled) settled -= 1;
      else unsettled -= 1;
    }
  }

  #forgetOthers({ due, kept }: Plan): void {
    for (const name of this.#known.keys()) if (!due.has(name) && !kept.has(name)) this.#known.delete(name);
  }
}
