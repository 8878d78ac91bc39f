// Lets several actors work on one storage in turns that follow from a seed: one call at a time, and which is next is
// chosen when each has come to its next call or to its end. An actor may be killed before a call or after it.
import type { DocumentName } from '../../src/keystore/set-id.ts';
import type { Outcome, Storage, StoredDocument } from '../../src/keystore/storage.ts';
import type { Chance } from './fleet-random.ts';

/** Thrown in an actor that was killed, by every call. */
export class Killed extends Error {}

export interface Kill {
  /** The number of the call, from 1. */
  readonly at: number;
  /** The call is still done. */
  readonly isDone: boolean;
}

interface Waiting {
  readonly actor: string;
  readonly call: string;
  readonly go: () => void;
}

export class Scheduler {
  /** `rekey-1: replace master from 2`, ... in order. */
  readonly calls: string[] = [];
  /** So many were killed. */
  kills = 0;
  readonly #beneath: Storage;
  readonly #chance: Chance;
  readonly #waiting: Waiting[] = [];
  /** How likely the one that had the last turn has the next: others then sleep for long. */
  readonly #stay: number;
  #last = '';
  #working = 0;
  #isQuiet = () => {};

  constructor(beneath: Storage, chance: Chance) {
    this.#beneath = beneath;
    this.#chance = chance;
    this.#stay = chance.oneOf(0, 0.5, 0.9, 0.97);
  }

  /** Adds one. What `work` throws ends `run`, unless the actor was killed. */
  #start(actor: string, kill: Kill | undefined, work: (storage: Storage) => Promise<void>): Promise<void> {
    this.#working += 1;
    let count = 0;
    const turn = async <T>(call: string, action: () => Promise<T>): Promise<T> => {
      if (kill !== undefined && count >= kill.at) throw new Killed(actor);
      count += 1;
      await this.#turn(actor, call);
      const isLast = count === kill?.at;
      if (isLast && !kill.isDone) throw new Killed(actor);
      const result = await action();
      if (isLast) throw new Killed(actor);
      return result;
    };
    const isKilled = () => kill !== undefined && count >= kill.at;
    const done = work(new TurnStorage(this.#beneath, turn)).catch((error: unknown) => {
      if (!isKilled()) throw error;
      this.kills += 1;
    });
    return done.finally(() => this.#rest());
  }

  /** Until all have ended. */
  async run(
    actors: ReadonlyMap<string, { readonly kill?: Kill | undefined; work(storage: Storage): Promise<void> }>,
  ): Promise<void> {
    let isOver = false;
    const works = [...actors].map(([name, { kill, work }]) => this.#start(name, kill, work));
    const all = Promise.all(works).finally(() => {
      isOver = true;
      this.#isQuiet();
    });
    all.catch(() => {});
    while (!isOver) {
      if (this.#working > 0) {
        await new Promise<void>((resolve) => {
          this.#isQuiet = resolve;
        });
        continue;
      }
      const next = this.#choose();
      if (next === undefined) break;
      this.#last = next.actor;
      this.calls.push(`${next.actor}: ${next.call}`);
      this.#working += 1;
      next.go();
    }
    await all;
  }

  #choose(): Waiting | undefined {
    // By name: who has come first may depend on the clock.
    this.#waiting.sort((a, b) => (a.actor < b.actor ? -1 : 1));
    const last = this.#waiting.findIndex(({ actor }) => actor === this.#last);
    const stays = this.#chance.is(this.#stay) && last !== -1;
    return this.#waiting.splice(stays ? last : this.#chance.from(0, this.#waiting.length - 1), 1)[0];
  }

  #turn(actor: string, call: string): Promise<void> {
    return new Promise((go) => {
      this.#waiting.push({ actor, call, go });
      this.#rest();
    });
  }

  #rest(): void {
    this.#working -= 1;
    if (this.#working === 0) this.#isQuiet();
  }
}

class TurnStorage implements Storage {
  readonly place: string;
  readonly label: string;
  readonly #beneath: Storage;
  readonly #turn: <T>(call: string, action: () => Promise<T>) => Promise<T>;

  constructor(beneath: Storage, turn: <T>(call: string, action: () => Promise<T>) => Promise<T>) {
    this.place = beneath.place;
    this.label = beneath.label;
    this.#beneath = beneath;
    this.#turn = turn;
  }

  list(): Promise<DocumentName[]> {
    return this.#turn('list', async () => (await this.#beneath.list()).sort());
  }

  read(name: DocumentName): Promise<StoredDocument | undefined> {
    return this.#turn(`read ${name}`, () => this.#beneath.read(name));
  }

  reserve(name: DocumentName): Promise<void> {
    return this.#turn(`reserve ${name}`, () => this.#beneath.reserve(name));
  }

  replace(name: DocumentName, from: number, bytes: Uint8Array): Promise<Outcome> {
    return this.#turn(`replace ${name} from ${from}`, () => this.#beneath.replace(name, from, bytes));
  }

  seed(name: DocumentName, from: number, revision: number, bytes: Uint8Array): Promise<Outcome> {
    const call = `seed ${name} from ${from} to ${revision}`;
    return this.#turn(call, () => this.#beneath.seed(name, from, revision, bytes));
  }
}
