// The file in which libpq keeps passwords: https://www.postgresql.org/docs/current/libpq-pgpass.html
// Not read by `pg`: what it has for that warns on stderr, looks at the process itself, and goes away with its next major.
import { readFileSync, statSync } from 'node:fs';
import { describeSystemError, JwksError, shellWord, systemCode } from '../errors.ts';
import type { DatabaseAddress } from './database-url.ts';

type Asked = Pick<DatabaseAddress, 'host' | 'port' | 'database' | 'user'>;

/** The password of the first line that fits; `undefined` where there is none, or no file. Throws `failed` for one that is open to others. */
export function readPassword(path: string, asked: Asked): string | undefined {
  const line = linesOf(path).find((fields) => fits(fields, asked));
  return line?.[4] === '' ? undefined : line?.[4];
}

function fits(fields: readonly string[], { host, port, database, user }: Asked): boolean {
  // What is said of this machine holds for its sockets.
  const hosts = host.startsWith('/') ? [host, 'localhost'] : [host];
  const wanted = [hosts, [String(port)], [database], [user]];
  return fields.length >= 5 && wanted.every((one, index) => ['*', ...one].includes(fields[index] ?? ''));
}

function linesOf(path: string): string[][] {
  try {
    const stats = statSync(path);
    if (!stats.isFile()) return [];
    // libpq passes over such a file; without a word nobody would know why no password is found.
    if (process.platform !== 'win32' && (stats.mode & 0o077) !== 0) {
      throw new JwksError('failed', `the password file ${path} is open to others`, {
        hint: `chmod 600 ${shellWord(path)}`,
      });
    }
    const lines = readFileSync(path, 'utf8').split(/\r?\n/);
    return lines.filter((line) => !line.startsWith('#')).map(fieldsOf);
  } catch (cause) {
    if (cause instanceof JwksError) throw cause;
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(cause) ?? '')) return [];
    throw new JwksError('failed', `the password file ${path} cannot be read: ${describeSystemError(cause)}`, {
      cause,
    });
  }
}

/** A colon parts, and stands for itself behind a backslash. */
function fieldsOf(line: string): string[] {
  const parts = line.match(/(?:\\.|[^:\\]|\\$)*(?::|$)/gs) ?? [];
  return parts.map((part) => part.replace(/:$/, '').replace(/\\(.)/gs, '$1'));
}
