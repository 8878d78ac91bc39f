// The certificate and key of a TLS listener, read anew when their files change.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';

export interface TlsContext {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export class TlsFiles {
  readonly #certPath: string;
  readonly #keyPath: string;
  #context: TlsContext;

  private constructor(certPath: string, keyPath: string) {
    this.#certPath = certPath;
    this.#keyPath = keyPath;
    this.#context = this.#read();
    this.#check(this.#context);
  }

  /** Throws `not-found` or `failed` for a file that cannot be read, `bad-key` for what is no pair. */
  static load(certPath: string, keyPath: string): TlsFiles {
    return new TlsFiles(certPath, keyPath);
  }

  get context(): TlsContext {
    return this.#context;
  }

  /** The DNS names and IP addresses that the certificate stands for. */
  names(): readonly string[] {
    const { subjectAltName = '' } = new X509Certificate(this.#context.cert);
    return [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,\s"]+)/g)].map(([, name = '']) => name);
  }

  /** True if the files changed and are good. Throws where they are bad now: the pair from before goes on. */
  reload(): boolean {
    const now = this.#read();
    if (now.cert.equals(this.#context.cert) && now.key.equals(this.#context.key)) return false;
    this.#check(now);
    this.#context = now;
    return true;
  }

  #read(): TlsContext {
    return { cert: readPem(this.#certPath), key: readPem(this.#keyPath) };
  }

  #check(context: TlsContext): void {
    const certificate = attempt(
      `${this.#certPath} holds no certificate`,
      () => new X509Certificate(context.cert),
    );
    const key = attempt(`${this.#keyPath} holds no private key without a passphrase`, () =>
      createPrivateKey(context.key),
    );
    if (!certificate.checkPrivateKey(key)) {
      throw new JwksError(
        'bad-key',
        `${this.#keyPath} is not the key of the certificate in ${this.#certPath}`,
      );
    }
    // Such as a chain that does not read, or a key that OpenSSL finds too short.
    attempt(`${this.#certPath} cannot be used for TLS`, () => createSecureContext(context));
  }
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const code = systemCode(error) === 'ENOENT' ? 'not-found' : 'failed';
    throw new JwksError(code, `cannot read ${path}: ${describeSystemError(error)}`, { cause: error });
  }
}

function attempt<T>(message: string, work: () => T): T {
  try {
    return work();
  } catch {
    // Without the cause: it may quote what it read.
    throw new JwksError('bad-key', message);
  }
}
