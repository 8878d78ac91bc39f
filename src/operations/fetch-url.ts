// Fetches a URL within bounds: time, size, redirects, and the addresses that a server may send us to.
import { promises as dns } from 'node:dns';
import { once } from 'node:events';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { JwksError } from '../errors.ts';
import { isPrivateAddress } from './fetch-address.ts';
import { describeFault, refused } from './fetch-fault.ts';
import { checkedLookup, type Lookup } from './fetch-lookup.ts';
import {
  addressOf,
  describeUrl,
  followRedirect,
  parseUrl,
  refuseAddress,
  refuseUrl,
  type Target,
} from './fetch-target.ts';

/** An answer of 200: anything else is an error. */
export interface Fetched {
  /** Where the answer came from: the last one after redirects. Its query can be a secret. */
  readonly url: string;
  /** Names in lower case, values that came several times joined with commas. */
  readonly headers: Readonly<Record<string, string>>;
  /** The body as UTF-8, without a byte order mark. */
  readonly text: string;
}

export type FetchUrl = (url: string) => Promise<Fetched>;

export interface FetchOptions {
  /** Milliseconds for everything together: names, redirects, the body. */
  readonly deadline: number;
  /** The addresses of a name. */
  readonly lookup?: Lookup;
  /** Certificates (PEM) to trust in place of Node's. */
  readonly ca?: string;
  readonly isPrivate?: (address: string) => boolean;
}

const mostBytes = 1_048_576;
const mostRedirects = 3;
const redirects = [301, 302, 303, 307, 308];

/** A URL that can be fetched: https, or http on loopback. Anything else is exit 2; credentials are never quoted. */
export function parseFetchUrl(text: string): URL {
  const url = parseUrl(text);
  if (url === undefined) {
    const name = /[@?#]/.test(text) ? 'that' : `"${text}"`;
    throw new JwksError('usage', `${name} is no URL`, {
      hint: 'give one such as https://issuer.example/.well-known/jwks.json',
    });
  }
  const refusal = refuseUrl(url);
  if (refusal === undefined) return url;
  const name = url.host === '' ? `a ${url.protocol} URL` : describeUrl(url);
  throw new JwksError('usage', `${name} ${refusal}`, {
    hint: 'URLs are fetched by https, without credentials',
  });
}

/** 10 s, 1 MiB, 3 redirects. What cannot be fetched, or is not answered with 200, is exit 7. */
export const fetchUrl: FetchUrl = fetchWith({ deadline: 10_000 });

export function fetchWith(options: FetchOptions): FetchUrl {
  return async (text) => {
    const first = parseFetchUrl(text);
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), options.deadline);
    // node:http does not tell of every request that is aborted, nor can a name lookup be.
    const aborted = once(abort.signal, 'abort').then(() => Promise.reject(abort.signal.reason));
    const trail = [first];
    try {
      return await Promise.race([
        follow(trail, { url: first, isForeign: false }, options, abort.signal),
        aborted,
      ]);
    } catch (error) {
      throw unreachable(trail, abort.signal.aborted ? late(options.deadline) : error);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** `trail` gets every URL that is asked, for the message should it fail. */
async function follow(
  trail: URL[],
  first: Target,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<Fetched> {
  let target = first;
  for (;;) {
    const response = await ask(target, options, signal);
    try {
      const { statusCode = 0, headers } = response;
      if (statusCode === 200) return await read(response, target.url);
      if (!redirects.includes(statusCode) || headers.location === undefined) {
        throw refused(`it answered ${statusCode}`);
      }
      if (trail.length > mostRedirects) throw refused(`it redirects more than ${mostRedirects} times`);
      const next = followRedirect(target, headers.location);
      if (typeof next === 'string') throw refused(next);
      target = next;
      trail.push(next.url);
    } finally {
      // Also ends the socket, which would keep the process alive.
      response.destroy();
    }
  }
}

function ask(target: Target, options: FetchOptions, signal: AbortSignal): Promise<IncomingMessage> {
  const { lookup = (host) => dns.lookup(host, { all: true }), ca, isPrivate = isPrivateAddress } = options;
  const refuse = (address: string): string | undefined => refuseAddress(target, address, isPrivate);
  const address = addressOf(target.url);
  const refusal = address === undefined ? undefined : refuse(address);
  if (refusal !== undefined) throw refused(refusal);
  return new Promise((resolve, reject) => {
    const request = (target.url.protocol === 'https:' ? requestHttps : requestHttp)(target.url, {
      agent: false,
      signal,
      lookup: checkedLookup(lookup, refuse),
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says: a key that is seen here may begin to sign.
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      headers: {
        accept: 'application/jwk-set+json, application/json',
        'accept-encoding': 'identity',
        'user-agent': 'jwks',
      },
    });
    request.on('response', resolve).on('error', reject);
    // Without a listener node:http drops the socket in silence.
    request.on('upgrade', (_, socket) => {
      socket.destroy();
      reject(refused('it answered 101'));
    });
    request.end();
  });
}

async function read(response: IncomingMessage, url: URL): Promise<Fetched> {
  const { 'content-encoding': encoding = 'identity' } = response.headers;
  if (encoding.toLowerCase() !== 'identity')
    throw refused('its answer is compressed, which was not asked for');
  const body = Buffer.allocUnsafe(mostBytes);
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (size + chunk.length > mostBytes) throw refused('its answer is larger than 1 MiB');
    size += chunk.copy(body, size);
  }
  const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)] as const);
  const text = new TextDecoder().decode(body.subarray(0, size));
  return { url: url.href, headers: Object.fromEntries(headers), text };
}

function late(deadline: number): JwksError {
  return refused(`there was no whole answer within ${deadline / 1000} s`);
}

/** No cause: what node:http and node:tls throw carries pieces of the answer. */
function unreachable([first, ...others]: readonly URL[], error: unknown): JwksError {
  const { reason, hint } = describeFault(error);
  const last = others.at(-1);
  const redirected = last === undefined ? '' : ` (redirected to ${describeUrl(last)})`;
  const name = first === undefined ? 'it' : describeUrl(first);
  return new JwksError('unreachable', `${name} cannot be fetched: ${reason}${redirected}`, { hint });
}
