// Who was shown private keys, and when: a line before they are. Without the line they are not shown.
import { closeSync, constants, fstatSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { describeSystemError, JwksError, withoutPasswords } from '../errors.ts';
import { refuseForeign } from '../keystore/ownership.ts';

export interface AuditEntry {
  readonly time: string;
  /** `JWKS_ACTOR`, `SUDO_USER` or user@host: a claim. */
  readonly by: string;
  readonly keystore: string | undefined;
  /** The words of the command, or what was asked of the admin API. No secret is ever among them. */
  readonly asked: readonly string[];
  /** A path, `stdout`, or who asked. */
  readonly to: string;
}

/** Appends a JSON line, which is on the disk when it returns. Exit 6 where others could change what it says. */
export function appendAudit(path: string, entry: AuditEntry, uid: number | undefined): void {
  try {
    const descriptor = openFile(path, uid);
    try {
      const asked = entry.asked.map(withoutPasswords);
      const line = Buffer.from(`${JSON.stringify({ ...entry, asked })}\n`);
      // In one call: lines of several processes do not mix.
      if (writeSync(descriptor, line) !== line.length) throw new Error('short');
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (error instanceof JwksError) throw error;
    throw new JwksError('failed', `the audit file ${path} cannot be written: ${describeSystemError(error)}`, {
      cause: error,
      hint: 'no private key was shown; make room or mend its place, or take "audit" out of your configuration',
    });
  }
}

/** Opening a FIFO would wait for a reader, and no signal ends that. */
function openFile(path: string, uid: number | undefined): number {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const descriptor = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw Object.assign(new Error('it is no file'), { code: 'ENOTFILE' });
    refuseForeign(path, stats, uid, 'the audit file');
    return descriptor;
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}
