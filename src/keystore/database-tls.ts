// The TLS of a connection to a database.
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';

/** What it is made with, or `undefined` without TLS. The files are read now. */
export function readTls({ tls, host }: DatabaseAddress): ConnectionOptions | undefined {
  if (tls === undefined) return undefined;
  const files = Object.fromEntries(Object.entries(tls.files).map(([name, path]) => [name, readFile(path)]));
  if (files['ca'] !== undefined) refuseNoCertificate(files['ca'], tls.files.ca ?? '');
  tryOut(files, Object.values(tls.files));
  return {
    ...files,
    rejectUnauthorized: true,
    // An address has no servername, and without this older versions of pg would look for "localhost" in its place.
    host,
    ...(/^[\d.]+$|:/.test(host) ? {} : { servername: host }),
    ...(tls.verifiesName ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** OpenSSL takes such a file for a list without a CA, and no server's certificate would be from one. */
function refuseNoCertificate(file: Buffer, path: string): void {
  if (/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/.test(file.toString('latin1'))) return;
  throw new JwksError('failed', `${path} is to be the CA of the keystore's server, and has no certificate`, {
    hint: 'sslrootcert names a PEM file, with BEGIN CERTIFICATE in it',
  });
}

/** Here and not in `pg`, where a key that does not fit its certificate ends the process in some versions. */
function tryOut(files: Readonly<Record<string, Buffer>>, paths: readonly string[]): void {
  try {
    process.getBuiltinModule('node:tls').createSecureContext(files);
  } catch (cause) {
    const code = systemCode(cause);
    throw new JwksError(
      'failed',
      `TLS to the keystore cannot be made with ${paths.join(', ')}${code === undefined ? '' : ` (${code})`}`,
      { cause, hint: 'these are PEM files, where the key belongs to the certificate and has no passphrase' },
    );
  }
}

function readFile(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new JwksError(
      'failed',
      `${path}, which TLS to the keystore needs, cannot be read: ${describeSystemError(cause)}`,
      { cause },
    );
  }
}
