// The URL of a keystore in a database: what of it is said to people, and what is connected with.
import { isAbsolute, join, resolve } from 'node:path';
import { JwksError } from '../errors.ts';

/** What the environment and the working directory add to a URL. */
export interface UrlContext {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface DatabaseAddress {
  /** The URL as people may see it, without a password. */
  readonly label: string;
  /** How a host remembers the place: the same for every role and password. */
  readonly place: string;
  readonly schema: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password: string | undefined;
  /** Where it is looked for without one. */
  readonly passwordFile: string | undefined;
  readonly tls: Tls | undefined;
  /** In milliseconds. */
  readonly connectTimeout: number;
  readonly mostConnections: number;
}

interface Tls {
  readonly verifiesName: boolean;
  readonly files: Readonly<Partial<Record<'ca' | 'cert' | 'key', string>>>;
}

const schemes: Readonly<Record<string, number>> = { postgres: 5432, postgresql: 5432, cockroach: 26_257 };
const parameters = [
  'schema',
  'host',
  'port',
  'sslmode',
  'sslrootcert',
  'sslcert',
  'sslkey',
  'connect_timeout',
  'max_conns',
];
const modes = ['disable', 'require', 'verify-ca', 'verify-full'];

/**
 * Whether it is a URL of a keystore in a database, whatever else is wrong with it: a path is shown to people, and
 * what was meant as a URL, with a slash too few or the quotes of an env file, has a password in it.
 */
export function isDatabaseUrl(text: string): boolean {
  return /^[\s'"]*(?:[a-z][a-z0-9+.-]+:\/\/|(?:postgres|postgresql|cockroach):)/i.test(text);
}

/** Words of libpq's other way to say it, `host=… password=…`, or a scheme that was misspelled. */
const meant =
  /password\s*=|^[\s'"]*(?:(?:host|hostaddr|port|dbname|user)\s*=|(?:postgres|postgresql|cockroach|pg)\W?\/\/|[a-z]*[:;]\/\/)/i;

/**
 * Whether somebody may have meant a URL of a database and misspelled it, so that a password may be in it. A path can
 * look like that as well: one that is there is none of these.
 */
export function maybeUrl(text: string): boolean {
  // The colon behind the letter of a drive parts no password from its user.
  const path = process.platform === 'win32' ? text.replace(/^[a-z]:(?=[\\/])/i, '') : text;
  return /:.*@/s.test(path) || meant.test(path);
}

/** Without what was misspelled: what of it is a password nobody can tell. */
export function misspelled(): JwksError {
  return new JwksError(
    'usage',
    'the keystore is named by what looks like a misspelled URL, and no directory of that name is there',
    { hint: `${example}; a directory of such a name is to be made beforehand, with mkdir` },
  );
}

/**
 * Reads `postgres://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS`; what it leaves out is taken from PGHOST, PGPORT,
 * PGUSER, PGDATABASE, PGPASSWORD, PGSSLMODE and PGSSLROOTCERT as libpq does. Another host than this one is spoken to
 * in TLS and its certificate is checked, unless `sslmode=disable` says otherwise.
 * @throws JwksError `usage`; its message never has the password
 */
export function parseDatabaseUrl(text: string, { env, cwd }: UrlContext): DatabaseAddress {
  const scheme = /^\s*([a-z][a-z0-9+.-]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) throw noUrl();
  const usualPort = schemes[scheme];
  if (usualPort === undefined)
    throw usage(`keystores are in directories and at postgres:// URLs, not at ${scheme}:// URLs`);
  const url = toUrl(text.trim());
  const given = parametersOf(url);
  const schema = given.get('schema') ?? 'jwks';
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema) || schema.startsWith('pg_'))
    throw usage(`the keystore's schema is named by a-z, 0-9 and _, not "${schema}"`);
  const user = decode(url.username) || env['PGUSER'] || env['USER'] || 'postgres';
  const host =
    given.get('host') ?? (decode(hostnameOf(url).replace(/^\[|\]$/g, '')) || env['PGHOST'] || 'localhost');
  if (host.includes(','))
    throw usage('the URL of a keystore names one host; several are for a proxy to choose from');
  const port = numberOf(
    'port',
    given.get('port') ?? (url.port || env['PGPORT'] || String(usualPort)),
    65_535,
  );
  const database = decode(url.pathname.slice(1)) || env['PGDATABASE'] || user;
  const address = { schema, host, port, database, user };
  return {
    ...address,
    ...namesOf(address),
    password: decode(url.password) || env['PGPASSWORD'] || undefined,
    passwordFile: passwordFileOf(env, cwd),
    tls: tlsOf(given, env, cwd, host),
    connectTimeout: numberOf('connect_timeout', given.get('connect_timeout') ?? '10', 600) * 1000,
    mostConnections: numberOf('max_conns', given.get('max_conns') ?? '4', 100),
  };
}

/** In place of a host that is left out: `postgres://USER@/DATABASE?host=/run/postgresql`, `postgres://:5433/auth`. */
const noHost = 'none.invalid';

function toUrl(text: string): URL {
  // What stands behind the host is shown to people, and would be the rest of a password with a / ? or # in it.
  if (/:\/\/[^/?#]*[/?#].*@/s.test(text)) throw noUrl();
  try {
    return new URL(text.replace(/^([^/?#]*:\/\/(?:[^/?#]*@)?)(?![^/?#]*@)(?=$|[/?#:])/, `$1${noHost}`));
  } catch {
    throw noUrl();
  }
}

function hostnameOf({ hostname }: URL): string {
  return hostname === noHost ? '' : hostname;
}

function parametersOf(url: URL): Map<string, string> {
  if (url.hash !== '') throw usage('the URL of the keystore has a #; in a password it is written %23');
  const given = new Map<string, string>();
  for (const part of url.search.slice(1).split('&')) {
    if (part === '') continue;
    // Not by `searchParams`, which makes a space of each +: in these URLs only % and two digits stand for another.
    const [name = '', ...rest] = part.split('=');
    const value = decode(rest.join('='));
    if (!parameters.includes(name))
      throw usage(`the URL of the keystore has a parameter "${name}"; known are ${parameters.join(', ')}`);
    if (given.has(name)) throw usage(`the URL of the keystore has its parameter "${name}" twice`);
    if (value === '') throw usage(`the URL of the keystore has its parameter "${name}" empty`);
    given.set(name, value);
  }
  return given;
}

type Names = Pick<DatabaseAddress, 'schema' | 'host' | 'port' | 'database' | 'user'>;

function namesOf({ schema, host, port, database, user }: Names): {
  readonly label: string;
  readonly place: string;
} {
  // What is neither a name nor an address could be taken for another part of the URL.
  const isApart = !/^[\w.-]+$|^[\da-f.]*:[\da-f:.]*$/i.test(host);
  const authority = isApart ? '' : `${host.includes(':') ? `[${host}]` : host}:${port}`;
  const path = `/${encodeURIComponent(database)}`;
  const query = [
    ...(isApart ? [`host=${encodeURIComponent(host).replaceAll('%2F', '/')}`, `port=${port}`] : []),
    ...(schema === 'jwks' ? [] : [`schema=${schema}`]),
  ].join('&');
  const rest = `${authority}${path}${query === '' ? '' : `?${query}`}`;
  return { label: `postgres://${encodeURIComponent(user)}@${rest}`, place: `postgres://${rest}` };
}

/** As libpq has it. */
function passwordFileOf(env: UrlContext['env'], cwd: string): string | undefined {
  if (env['PGPASSFILE']) return resolve(cwd, env['PGPASSFILE']);
  if (env['APPDATA'] && process.platform === 'win32')
    return join(env['APPDATA'], 'postgresql', 'pgpass.conf');
  return env['HOME'] ? join(env['HOME'], '.pgpass') : undefined;
}

function tlsOf(
  given: ReadonlyMap<string, string>,
  env: UrlContext['env'],
  cwd: string,
  host: string,
): Tls | undefined {
  // Who names a certificate wants TLS, also with this machine.
  const isAsked = ['sslrootcert', 'sslcert', 'sslkey'].some((name) => given.has(name));
  const usual = isHere(host) && !isAsked ? 'disable' : 'verify-full';
  const mode = given.get('sslmode') ?? (env['PGSSLMODE'] || usual);
  if (!modes.includes(mode))
    throw usage(
      `sslmode=${mode} is not known here; one of ${modes.join(', ')}, where require is verify-full`,
    );
  // No server speaks TLS through a socket, and PGSSLMODE is meant for others.
  if (mode === 'disable' || host.startsWith('/')) return undefined;
  const path = (name: string, variable: string): string | undefined => {
    const value = given.get(name) ?? env[variable];
    if (value === undefined || value === '' || value === 'system') return undefined;
    return isAbsolute(value) ? value : resolve(cwd, value);
  };
  const files = {
    ca: path('sslrootcert', 'PGSSLROOTCERT'),
    cert: path('sslcert', 'PGSSLCERT'),
    key: path('sslkey', 'PGSSLKEY'),
  };
  const named = Object.entries(files).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return { verifiesName: mode !== 'verify-ca', files: Object.fromEntries(named) };
}

/** A socket, or this machine by a name that cannot be another's. */
function isHere(host: string): boolean {
  return host.startsWith('/') || ['localhost', '127.0.0.1', '::1'].includes(host);
}

function numberOf(name: string, text: string, most: number): number {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw usage(`the keystore's ${name} is a number from 1 to ${most}`);
}

function noUrl(): JwksError {
  return usage(
    'the URL of the keystore is none; characters such as @ / ? # in a user, password, database or path are written %40 %2F %3F %23',
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw usage('the URL of the keystore has a % that stands for no character; itself it is written %25');
  }
}

const example =
  'such as postgres://jwks@db.example.com/auth?schema=jwks, with the password in PGPASSWORD or PGPASSFILE';

function usage(message: string): JwksError {
  return new JwksError('usage', message, { hint: example });
}
