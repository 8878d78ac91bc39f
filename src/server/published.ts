// What is published now of the sets that are followed, worked out as seldom as can be.
import type { Instant } from '../lifecycle/time.ts';
import type { Follower } from '../operations/follow-sets.ts';
import { type Publication, publish } from '../operations/publish-sets.ts';

/** Each the same object until the keystore has changed or a date is reached. */
export class Published {
  readonly #follower: Follower;
  readonly #clock: () => Instant;
  readonly #known = new Map<string, { readonly at: Instant; readonly publication: Publication }>();
  #manifests: Follower['manifests'];

  constructor(follower: Follower, clock: () => Instant) {
    this.#follower = follower;
    this.#clock = clock;
    this.#manifests = follower.manifests;
  }

  /** Of all sets that are followed, as one. */
  merged(): Publication {
    return this.#find('', this.#follower.manifests);
  }

  /** Of one of them; `undefined`: it is not followed. */
  ofSet(set: string): Publication | undefined {
    const manifest = this.#follower.manifests.find((one) => one.set === set);
    return manifest && this.#find(set, [manifest]);
  }

  #find(name: string, chosen: Follower['manifests']): Publication {
    if (this.#follower.manifests !== this.#manifests) this.#known.clear();
    this.#manifests = this.#follower.manifests;
    const now = this.#clock();
    const before = this.#known.get(name);
    // A clock that went back makes what was worked out later doubtful.
    if (before !== undefined && now >= before.at && now < (before.publication.until ?? Infinity)) {
      return before.publication;
    }
    const publication = publish(chosen, now);
    this.#known.set(name, { at: now, publication });
    return publication;
  }
}
