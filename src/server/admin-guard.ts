// Who may use the admin listener: no web page, no foreign host name (DNS rebinding), nobody without the token.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Answer, errorAnswer } from './answer.ts';
import type { OwnHosts } from './own-hosts.ts';

/** Names and values of what Node reads at most. */
const mostHeaders = 4_000;

export interface GuardOptions {
  readonly token: string | undefined;
  /** Allowed values of Host; `any`: a Unix socket, or behind a proxy. */
  readonly hosts: OwnHosts | 'any';
}

/** Why a request is not let in: 401, 403 or 431. `undefined`: it is. */
export function refuseAdmin(request: IncomingMessage, { token, hosts }: GuardOptions): Answer | undefined {
  const { headers } = request;
  if (headers.origin !== undefined) return errorAnswer(403, 'requests of web pages are refused');
  // Of what came behind so many headers Node shows nothing.
  if (request.rawHeaders.length >= mostHeaders) return errorAnswer(431, 'there are too many headers');
  const isPage = /^\/(?:\?|$)/.test(request.url ?? '');
  const site = headers['sec-fetch-site'];
  // A link to the page may be followed; what an image or a script of another page fetches is not for it.
  if (!isPage && site !== undefined && site !== 'none' && site !== 'same-origin') {
    return errorAnswer(403, 'requests of web pages are refused');
  }
  if (hosts !== 'any' && !hostsOf(request).every((host) => hosts.has(host, request.socket.localPort))) {
    return errorAnswer(403, 'the admin API is not known by this Host');
  }
  if (token === undefined) return undefined;
  const given = tokenOf(headers.authorization ?? '', isPage);
  if (given !== undefined && isSame(given, token)) return undefined;
  const challenges = ['www-authenticate', 'Bearer realm="jwks"'];
  // A browser can ask for a password, not for a token: the status page takes one as the other.
  if (isPage) challenges.push('www-authenticate', 'Basic realm="jwks"');
  return errorAnswer(401, 'the admin token is missing or wrong', challenges);
}

/** Whatever says whom it is for, in lower case: each Host, and a target in absolute form. */
function hostsOf({ headersDistinct, url = '' }: IncomingMessage): string[] {
  const [, authority] = /^https?:\/\/([^/?#]*)/i.exec(url) ?? [];
  const all = [...(headersDistinct.host ?? ['']), ...(authority === undefined ? [] : [authority])];
  return all.map((host) => host.toLowerCase());
}

function tokenOf(authorization: string, isPage: boolean): string | undefined {
  const [, scheme = '', value = ''] = /^(\S+) +(\S+) *$/.exec(authorization) ?? [];
  if (scheme.toLowerCase() === 'bearer') return value;
  if (!isPage || scheme.toLowerCase() !== 'basic') return undefined;
  const text = Buffer.from(value, 'base64').toString();
  const colon = text.indexOf(':');
  return colon === -1 ? undefined : text.slice(colon + 1);
}

/** Digests are of one length, and tell nothing of how much was right. */
function isSame(given: string, token: string): boolean {
  return timingSafeEqual(digest(given), digest(token));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
