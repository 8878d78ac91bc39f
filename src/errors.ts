// The one error class of the project: a closed set of codes, a message (what and which) and a hint (what to do).

/**
 * Why something was refused or failed. The command maps each code to an exit status (docs/commands.md, "Exit codes").
 *
 * - `usage` the request itself is malformed · `not-found` no such set, key, file or keystore
 * - `secret` the secret is missing or opens nothing · `identity` the fingerprint is missing or another's
 * - `conflict` it exists already, or somebody else was first · `unsafe` refused unless forced
 * - `bad-key` key material that must not be used · `damaged` a document that does not open
 * - `newer-format` written by a newer version · `rolled-back` older than what was seen before, or a fork
 * - `untrusted-file` a file that others can change · `unsupported` this Node or file system cannot
 * - `failed` a reason outside the request (disk, permission) · `unconfirmed` written, or perhaps, and not known to be durable
 * - `answer-no` it was found out, and the answer is no
 * - `unreachable` could not find out (network) · `interrupted`, `terminated` by a signal · `declined` by the user · `internal` our fault
 */
export type ErrorCode =
  | 'usage'
  | 'not-found'
  | 'secret'
  | 'identity'
  | 'conflict'
  | 'unsafe'
  | 'bad-key'
  | 'damaged'
  | 'newer-format'
  | 'rolled-back'
  | 'untrusted-file'
  | 'unsupported'
  | 'failed'
  | 'unconfirmed'
  | 'answer-no'
  | 'unreachable'
  | 'interrupted'
  | 'terminated'
  | 'declined'
  | 'internal';

export interface ErrorDetail {
  /** One line: what to run or change. */
  readonly hint?: string | undefined;
  /** The error this one was made from. Never one that quotes its input. */
  readonly cause?: unknown;
}

/** Everything that this project throws on purpose. `message` never holds key material or a secret. */
export class JwksError extends Error {
  override readonly name = 'JwksError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message, detail.cause === undefined ? undefined : { cause: detail.cause });
    this.code = code;
    this.hint = detail.hint;
  }
}

/** The `code` of a Node system error, such as `ENOENT`, or `undefined`. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file is too large',
  EIO: 'the disk reports an error',
  EISDIR: 'is a directory',
  ELOOP: 'it is a symbolic link, or there are too many',
  EMFILE: 'too many open files',
  ENAMETOOLONG: 'the name is too long',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on the disk',
  ENOTFILE: 'it is no regular file',
  ENOTDIR: 'a part of the path is not a directory',
  ENXIO: 'it is a pipe that nobody reads, or a socket',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
};

/** A system error as words, without its path (the caller names that). */
export function describeSystemError(error: unknown): string {
  const code = systemCode(error);
  if (code === undefined) return 'unexpected error';
  return reasons[code] ?? code;
}

/** As `shellWord`, for an operand: one that looks like an option stands behind `--`. */
export function shellOperand(text: string): string {
  return text.startsWith('-') ? `-- ${shellWord(text)}` : shellWord(text);
}

/** A command of ours for a set, as a person can paste it: a set id that looks like an option stands at the end. */
export function commandLine(command: string, set: string, options = ''): string {
  return set.startsWith('-')
    ? `jwks ${command}${options} -- ${shellWord(set)}`
    : `jwks ${command} ${shellWord(set)}${options}`;
}

/** A word as a person can paste it into a shell: paths and set ids are other people's text. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** Text in which no URL has a password any more: for what quotes other people's words. */
export function withoutPasswords(text: string): string {
  return (
    text
      // Of a keystore's own URL all is taken to the last @, as a password may have spaces, quotes and slashes in it.
      .replace(/\b((?:postgres|postgresql|cockroach|pg)(?:[:;]\/*|\/\/)[^:@]*):(?!\d{1,5}[/?]).*@/gis, '$1@')
      .replace(/(:\/\/[^\s/?#'"@:]*):[^\s'"]*@/g, '$1@')
      .replace(/(\bpassword=)[^\s&'"]*/gi, '$1')
  );
}

/** As `withoutPasswords`, also of one without its scheme: `user:password@host`. Not for names, which may look so. */
export function withoutUserinfo(text: string): string {
  return withoutPasswords(text).replace(/:(?!\/\/).*@/s, '@');
}
