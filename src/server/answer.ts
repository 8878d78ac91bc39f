// What a listener answers, and the forms that all of them share.
import { type IncomingMessage, STATUS_CODES } from 'node:http';

export interface Answer {
  readonly status: number;
  /** Name, value, name, value: as `writeHead` takes them fastest. With a `content-length` where there may be a body. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  readonly note?: Note | undefined;
}

/** What the access log says of a request besides. */
export interface Note {
  readonly route?: string | undefined;
  readonly set?: string | undefined;
  readonly kid?: string | undefined;
}

export type Site = (request: IncomingMessage) => Answer | Promise<Answer>;

/** For clients that sniff, and caches that keep what they should not. */
const plain = ['x-content-type-options', 'nosniff', 'cache-control', 'no-store'];

export function jsonAnswer(status: number, value: unknown, headers: readonly string[] = []): Answer {
  const body = Buffer.from(JSON.stringify(value));
  const type = ['content-type', 'application/json; charset=utf-8', 'content-length', `${body.length}`];
  return { status, headers: [...type, ...plain, ...headers], body };
}

/** Ory's error body, exactly: RFC 6749 section 5.2 has the two members. */
export function errorAnswer(status: number, description: string, headers: readonly string[] = []): Answer {
  const error = STATUS_CODES[status] ?? 'Error';
  return jsonAnswer(status, { error, error_description: description }, headers);
}

export function emptyAnswer(status: number, headers: readonly string[] = []): Answer {
  return { status, headers: [...plain, ...headers], body: Buffer.alloc(0) };
}

export function textAnswer(contentType: string, text: string, headers: readonly string[] = []): Answer {
  const body = Buffer.from(text);
  const type = ['content-type', contentType, 'content-length', `${body.length}`];
  return { status: 200, headers: [...type, ...plain, ...headers], body };
}
