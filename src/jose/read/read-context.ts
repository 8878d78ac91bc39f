// What the readers of one file share: its name, how to get at the passphrase, and how much derivation it may ask for.
import { JwksError } from '../../errors.ts';
import type { PrivateJwk } from '../jwk.ts';
import { refusal } from './faults.ts';

export interface ReadOptions {
  /** Asked once at most, and only where something is encrypted; told what that is, such as `keys.pem, block 2`. */
  readonly passphrase?: ((where: string) => Promise<string>) | undefined;
  /** Keys that may open an encrypted JWK (RFC 7517 section 7) which has no passphrase. */
  readonly decryptWith?: readonly PrivateJwk[] | undefined;
  /** Takes what is wrong with one key of a set, so that the others are looked at too; absent: it ends the reading. */
  readonly onRefused?: ((fault: unknown) => void) | undefined;
}

/** PBKDF2 and its like: at most so many iterations for one key, and for all of a file. */
export const mostIterations = 2_000_000;
const mostIterationsOfFile = 5_000_000;

export class ReadContext {
  readonly name: string;
  readonly decryptWith: readonly PrivateJwk[];
  readonly onRefused: ReadOptions['onRefused'];
  readonly #ask: ReadOptions['passphrase'];
  #passphrase: Promise<string> | undefined;
  #spent = 0;

  constructor(name: string, options: ReadOptions) {
    this.name = name;
    this.decryptWith = options.decryptWith ?? [];
    this.onRefused = options.onRefused;
    this.#ask = options.passphrase;
  }

  get hasPassphrase(): boolean {
    return this.#ask !== undefined;
  }

  async passphrase(where: string): Promise<string> {
    if (this.#ask === undefined) {
      throw new JwksError('secret', `${where}: it is encrypted, and no passphrase was given`, {
        hint: '--passphrase-file FILE gives it',
      });
    }
    this.#passphrase ??= this.#ask(where);
    return this.#passphrase;
  }

  /** Before anything is derived. `factor` weighs derivations that are slower than PBKDF2. */
  spend(iterations: number, where: string, factor = 1): void {
    if (!Number.isInteger(iterations) || iterations < 1 || iterations * factor > mostIterations) {
      throw refusal(where, `it asks for more than ${mostIterations / factor} iterations of its derivation`);
    }
    this.#spent += iterations * factor;
    if (this.#spent > mostIterationsOfFile) {
      throw refusal(where, 'the file asks for too many iterations of its derivations altogether');
    }
  }
}

/** Exit 4: the passphrase or key that was given opens nothing. */
export function doesNotOpen(where: string, what: 'passphrase' | 'key'): JwksError {
  return new JwksError('secret', `${where}: the ${what} does not open it, or it is damaged`);
}
