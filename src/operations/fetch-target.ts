// Which URLs are fetched at all, where a redirect may lead, and to which addresses.
import { isIP } from 'node:net';
import { isLoopbackAddress } from './fetch-address.ts';

/** A place to fetch from. */
export interface Target {
  readonly url: URL;
  /** A server led us here from another origin, so it must be no private address. */
  readonly isForeign: boolean;
}

/** Why a URL is never fetched, in words that follow its name; `undefined` where it may be. */
export function refuseUrl(url: URL): string | undefined {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'is not an https URL';
  if (url.username !== '' || url.password !== '') return 'has credentials in it';
  return url.protocol === 'http:' && !isLoopback(url) ? 'is http, which is for loopback only' : undefined;
}

/** Why an address is not connected to; `undefined` where it may be. */
export function refuseAddress(
  { url, isForeign }: Target,
  address: string,
  isPrivate: (address: string) => boolean,
): string | undefined {
  // A resolver can send `localhost` anywhere.
  if (url.protocol === 'http:' && !isLoopbackAddress(address)) return 'its name is not of a loopback address';
  return isForeign && isPrivate(address) ? 'that is a private address' : undefined;
}

/** Where a redirect leads, or why it is not followed. */
export function followRedirect(from: Target, location: string): Target | string {
  const url = parseUrl(location, from.url);
  if (url === undefined) return 'it redirects to what is no URL';
  if (url.protocol !== from.url.protocol) return `it redirects to another scheme (${cut(url.protocol)})`;
  const refusal = refuseUrl(url);
  if (refusal !== undefined) return `it redirects to ${describeUrl(url)}, which ${refusal}`;
  // Whoever has left the first origin does not get back to its freedoms.
  return { url, isForeign: from.isForeign || url.origin !== from.url.origin };
}

export function parseUrl(text: string, base?: URL): URL | undefined {
  return URL.canParse(text, base?.href) ? new URL(text, base) : undefined;
}

/** Whether its host is a loopback address, or the name that is kept for them (RFC 6761 section 6.3). */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === 'localhost' || isLoopbackAddress(host);
}

/** The host as an address or a name: without the brackets of IPv6. */
function hostOf(url: URL): string {
  const host = url.hostname;
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

/** The address where the host is one, so that no name is looked up. */
export function addressOf(url: URL): string | undefined {
  const host = hostOf(url);
  return isIP(host) === 0 ? undefined : host;
}

const longestUrl = 200;

/** A URL for a message: without credentials, query and fragment, which can be secrets. */
export function describeUrl(url: URL): string {
  return cut(`${url.protocol}//${url.host}${url.pathname}`);
}

function cut(text: string): string {
  return text.length <= longestUrl ? text : `${text.slice(0, longestUrl)}…`;
}
