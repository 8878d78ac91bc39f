// Looks published JWK Sets over, in files, on stdin or at a URL; or any files for private keys that lie in them.
import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import { describeSystemError, JwksError, systemCode } from '../errors.ts';
import type { Consumer } from '../jose/lint/consumers.ts';
import { inOrder, type LintFinding } from '../jose/lint/finding.ts';
import { type LintedText, lintPrivate, lintText, lintWhole } from '../jose/lint/lint-text.ts';
import { type LintCode, type LintRule, lintRules } from '../jose/lint/rules.ts';
import { formatDuration, type Instant } from '../lifecycle/time.ts';
import { cacheSpans } from './cache-control.ts';
import { compareHeaders } from './cache-findings.ts';
import { describeUrl } from './fetch-target.ts';
import type { FetchUrl } from './fetch-url.ts';
import { isOk } from './finding.ts';

export type { Consumer, LintFinding };

export type LintSource =
  | { readonly kind: 'url'; readonly url: string }
  /** `name` is what the file is called in messages. */
  | { readonly kind: 'file'; readonly name: string; readonly path: string }
  | { readonly kind: 'stdin'; readonly stream: Readable };

export interface LintOptions {
  readonly now: Instant;
  readonly fetchUrl: FetchUrl;
  readonly isPrivateOnly: boolean;
  readonly consumer?: Consumer | undefined;
}

export interface LintedSource extends LintedText {
  /** For messages: a URL without its query. */
  readonly source: string;
}

export interface Linted {
  /** No finding is an error, and all could be read. */
  readonly ok: boolean;
  readonly sources: readonly LintedSource[];
  /** Why others could not be looked at: `not-found` (exit 3) or `unreachable` (exit 7). */
  readonly failures: readonly JwksError[];
  readonly rules: Readonly<Record<LintCode, LintRule>>;
}

/** What is no JWK Set is a finding among the others. */
export async function lintJwks(sources: readonly LintSource[], options: LintOptions): Promise<Linted> {
  const linted: LintedSource[] = [];
  const failures: JwksError[] = [];
  for (const source of sources) {
    try {
      linted.push(await lintSource(source, options));
    } catch (error) {
      const isFailure = error instanceof JwksError && ['not-found', 'unreachable'].includes(error.code);
      if (!isFailure) throw error;
      failures.push(error);
    }
  }
  const isClean = linted.every(({ findings }) => isOk(findings));
  return { ok: isClean && failures.length === 0, sources: linted, failures, rules: lintRules };
}

async function lintSource(source: LintSource, options: LintOptions): Promise<LintedSource> {
  if (source.kind !== 'url') {
    const name = source.kind === 'file' ? source.name : 'standard input';
    const stream = source.kind === 'file' ? createReadStream(source.path) : source.stream;
    return { source: name, ...lintBytes(await readBounded(stream, name), options) };
  }
  const { url, text, headers } = await options.fetchUrl(source.url);
  const linted = options.isPrivateOnly
    ? lintPrivate(text)
    : withFindings(lintText({ ...options, text, isServed: true }), lintHeaders(headers));
  return { source: describeUrl(new URL(url)), ...linted };
}

/** What clients of a URL read, this one too (fetch-url.ts). */
const mostUsual = 1_048_576;
const mostBytes = 16 * mostUsual;

function lintBytes(bytes: Buffer, { isPrivateOnly, now, consumer }: LintOptions): LintedText {
  const text = decode(bytes);
  if (text === undefined) {
    const linted = lintPrivate(bytes.toString('latin1'));
    return isPrivateOnly ? linted : withFindings(linted, [lintWhole('not-utf8', 'no UTF-8 text')]);
  }
  if (isPrivateOnly) return lintPrivate(text);
  if (bytes.length <= mostUsual) return lintText({ text, now, consumer, isServed: false });
  return withFindings(lintPrivate(text), [lintWhole('too-large', `${bytes.length} octets`)]);
}

function withFindings(linted: LintedText, more: readonly LintFinding[]): LintedText {
  return { ...linted, findings: inOrder([...more, ...linted.findings]) };
}

/** With its byte order mark, which is a finding. */
function decode(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

async function readBounded(stream: Readable, name: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.from(chunk);
      size += bytes.length;
      if (size > mostBytes) throw new JwksError('unreachable', `${name} is larger than 16 MiB`);
      chunks.push(bytes);
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof JwksError) throw error;
    const code = systemCode(error) === 'ENOENT' ? 'not-found' : 'unreachable';
    throw new JwksError(code, `${name} cannot be read: ${describeSystemError(error)}`, { cause: error });
  }
}

const day = 86_400;

/** As a public set should be served, without a policy to compare with. */
function lintHeaders(headers: Readonly<Record<string, string>>): LintFinding[] {
  const anySpan = { cacheMaxAge: Number.POSITIVE_INFINITY, staleIfError: Number.POSITIVE_INFINITY };
  const found = compareHeaders(headers, anySpan).flatMap(({ code, message }) =>
    // What follows a colon there is the reason, which stands in our table.
    isLintCode(code) ? [lintWhole(code, message.replace(/:.*/, ''), placeOf(code))] : [],
  );
  const { fresh } = cacheSpans(headers);
  const place = placeOf('no-cache-header');
  if (fresh === 0) found.push(lintWhole('not-cached', 'caches must not keep it', place));
  if (fresh !== undefined && fresh > day)
    found.push(lintWhole('cached-long', `caches may keep it for ${formatDuration(fresh)}`, place));
  return found;
}

/** The header that a finding is about. */
function placeOf(code: LintCode): string {
  return code.endsWith('content-type') ? 'Content-Type' : 'Cache-Control';
}

function isLintCode(code: string): code is LintCode {
  return Object.hasOwn(lintRules, code);
}
