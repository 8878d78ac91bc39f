// Where the admin listener of `serve` is, and what it asks of whoever comes: told apart before anything listens.
import { JwksError } from '../errors.ts';
import { readSecretFile } from '../keystore/secret-sources.ts';
import { isLoopbackAddress } from '../operations/fetch-address.ts';
import type { AdminOptions } from '../server/server.ts';
import type { Host } from './host.ts';
import { nonEmpty } from './settings.ts';

export interface AdminFlags {
  readonly adminPort?: number;
  readonly adminHost?: string;
  readonly adminSocket?: string;
  readonly adminPrivate?: boolean;
  readonly adminBehindProxy?: boolean;
}

/** Undefined: there is no admin listener. */
export async function adminListener(
  host: Host,
  flags: AdminFlags,
  isTls: boolean,
): Promise<Omit<AdminOptions, 'api'> | undefined> {
  const { adminPort, adminHost, adminSocket } = flags;
  const isBehindProxy = flags.adminBehindProxy === true;
  if (adminPort === undefined && adminSocket === undefined) {
    const [needless] = [
      adminHost !== undefined && '--admin-host',
      flags.adminPrivate === true && '--admin-private',
      isBehindProxy && '--admin-behind-proxy',
    ].filter((name) => name !== false);
    if (needless === undefined) return undefined;
    throw new JwksError('usage', `${needless} without an admin listener`, {
      hint: 'add --admin-port or --admin-socket',
    });
  }
  if (adminSocket !== undefined && (adminPort ?? adminHost) !== undefined) {
    throw new JwksError('usage', 'the admin listener is at a port or at a socket, not both');
  }
  const token = await readToken(host);
  const place =
    adminSocket === undefined
      ? { host: adminHost ?? '127.0.0.1', port: adminPort ?? 0 }
      : { socket: adminSocket };
  const why = whyToken(place, flags);
  if (token === undefined && why !== undefined) {
    throw new JwksError('usage', `${why} only with a token`, {
      hint: 'set JWKS_ADMIN_TOKEN_FILE or JWKS_ADMIN_TOKEN, such as to what openssl rand -hex 32 prints',
    });
  }
  if ('host' in place && !isLoopback(place.host) && !isTls && !isBehindProxy) {
    throw new JwksError('usage', 'the admin API is beyond loopback only with TLS', {
      hint: 'add --tls-cert and --tls-key, or --admin-behind-proxy where a proxy does that',
    });
  }
  return { place, token, isBehindProxy };
}

/** What needs a token; undefined: it can do without. A socket's file says who may connect. */
function whyToken(place: AdminOptions['place'], flags: AdminFlags): string | undefined {
  if ('socket' in place) return undefined;
  if (!isLoopback(place.host)) return 'the admin API is beyond loopback';
  if (flags.adminPrivate === true) return 'private keys are shown at a port';
  // A page could come under any name, which is what tells one from the operator.
  return flags.adminBehindProxy === true ? 'the admin API is behind a proxy' : undefined;
}

function isLoopback(host: string): boolean {
  return host.toLowerCase() === 'localhost' || isLoopbackAddress(host);
}

async function readToken({ env, uid }: Host): Promise<string | undefined> {
  const { JWKS_ADMIN_TOKEN: variable, JWKS_ADMIN_TOKEN_FILE: path } = env;
  if (variable === undefined && path === undefined) return undefined;
  if (variable !== undefined && path !== undefined) {
    throw new JwksError('usage', 'both JWKS_ADMIN_TOKEN_FILE and JWKS_ADMIN_TOKEN are set', {
      hint: 'unset one of them',
    });
  }
  // Set but empty is set: a script whose token came out empty must not start without one.
  if (path === '') throw new JwksError('usage', 'JWKS_ADMIN_TOKEN_FILE is set, and empty');
  const credentials = nonEmpty(env['CREDENTIALS_DIRECTORY']);
  const text =
    path === undefined ? (variable ?? '') : (await readSecretFile(path, { uid, credentials })).text;
  const token = text.replace(/\r?\n$/, '');
  const source = path === undefined ? 'JWKS_ADMIN_TOKEN' : path;
  if (!/^[\x21-\x7e]*$/.test(token)) {
    throw new JwksError(
      'usage',
      `the admin token in ${source} has other characters than a header can carry`,
      {
        hint: 'use letters, digits and punctuation of ASCII, without spaces',
      },
    );
  }
  if (token.length < 32) {
    throw new JwksError('usage', `the admin token in ${source} is shorter than 32 characters`, {
      hint: 'openssl rand -hex 32 prints one',
    });
  }
  return token;
}
