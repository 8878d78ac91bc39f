// Configuration files: found, checked for whose they are, and read. A project's file may say little.
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { describeSystemError, JwksError } from '../errors.ts';
import { isDatabaseUrl } from '../keystore/database-url.ts';
import { refuseForeign } from '../keystore/ownership.ts';
import type { ConfigValues } from './config-schema.ts';
import type { Host } from './host.ts';

export interface ConfigFile {
  readonly path: string;
  readonly values: ConfigValues;
}

// JSON and YAML only: cosmiconfig's own list would run code that lies in the working directory.
const projectNames = ['jwks.config.json', 'jwks.config.yaml', '.jwksrc', '.jwksrc.json', '.jwksrc.yaml'];
const userNames = ['config.json', 'config.yaml'];
const systemFile = '/etc/jwks/config.yaml';
const mostBytes = 1_048_576;

export interface ConfigRequest {
  /** `--config`, or JWKS_CONFIG: stands in place of the project's and the user's file. */
  readonly explicit: string | undefined;
  /** `$XDG_CONFIG_HOME/jwks` */
  readonly userDirectory: string | undefined;
  readonly home: string | undefined;
}

/** The places of the user's own file. */
export function userFiles(directory: string | undefined): string[] {
  return directory === undefined ? [] : userNames.map((name) => join(directory, name));
}

/** The files that count, the strongest first. */
export async function loadConfigFiles(host: Host, request: ConfigRequest): Promise<ConfigFile[]> {
  const { explicit, userDirectory } = request;
  const users = userFiles(userDirectory);
  const files: ConfigFile[] = [];
  if (explicit === undefined) {
    const project = await findProjectFile(host, request.home);
    if (project !== undefined) files.push(await read(project, host, 'project'));
    const user = users.find((path) => existsSync(path));
    if (user !== undefined) files.push(await read(user, host, 'user'));
  } else {
    const path = resolve(host.cwd, explicit);
    if (!existsSync(path)) throw new JwksError('not-found', `the configuration file ${path} does not exist`);
    files.push(await read(path, host, 'user'));
  }
  if (existsSync(systemFile)) files.push(await read(systemFile, host, 'user'));
  return files.map(absoluteKeystore);
}

/** Walks up to the repository's root, else to the home directory; outside both only the working directory counts. */
async function findProjectFile(host: Host, home: string | undefined): Promise<string | undefined> {
  const directories = projectDirectories(host.cwd, home);
  // Loading cosmiconfig costs a tenth of Node's own start: only where there is something to find.
  const isThere = directories.some((directory) =>
    projectNames.some((name) => existsSync(join(directory, name))),
  );
  if (!isThere) return undefined;
  const { cosmiconfigSync } = await import('cosmiconfig');
  const explorer = cosmiconfigSync('jwks', {
    searchPlaces: projectNames,
    // Directory by directory: its own walk goes on into the user's directory, with places that run code.
    searchStrategy: 'none',
    // What is found is read by `read`, which checks first whose file it is.
    loaders: { '.json': () => ({}), '.yaml': () => ({}), noExt: () => ({}) },
    cache: false,
  });
  for (const directory of directories) {
    const found = explorer.search(directory);
    if (found !== null) return found.filepath;
  }
  return undefined;
}

function projectDirectories(cwd: string, home: string | undefined): string[] {
  const above: string[] = [];
  for (let directory = cwd; ; directory = dirname(directory)) {
    above.push(directory);
    if (existsSync(join(directory, '.git')) || directory === home) return above;
    if (dirname(directory) === directory) return [cwd];
  }
}

async function read(path: string, host: Host, rights: 'project' | 'user'): Promise<ConfigFile> {
  try {
    const stats = statSync(path);
    refuseForeign(path, stats, host.uid, 'the configuration');
    if (stats.size > mostBytes)
      throw new JwksError('usage', `the configuration ${path} is larger than 1 MiB`);
    const value = await parseText(readFileSync(path, 'utf8'), path);
    const { parseProjectConfig, parseUserConfig } = await import('./config-schema.ts');
    const values =
      rights === 'user' ? parseUserConfig(value, path) : refuseFar(parseProjectConfig(value, path), path);
    return { path, values };
  } catch (error) {
    if (error instanceof JwksError) throw error;
    throw new JwksError('failed', `the configuration ${path} cannot be read: ${describeSystemError(error)}`, {
      cause: error,
    });
  }
}

/** YAML 1.2, of which JSON is a part. A parser's own message quotes the file, so only the place is told. */
async function parseText(text: string, path: string): Promise<unknown> {
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { prettyErrors: true, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    const line = error.linePos?.[0].line;
    throw new JwksError(
      'usage',
      `the configuration ${path} is neither JSON nor YAML${line === undefined ? '' : ` (line ${line})`}`,
    );
  }
  try {
    return document.toJS({ maxAliasCount: 0 });
  } catch {
    throw new JwksError('usage', `the configuration ${path} uses YAML aliases, which are not read`);
  }
}

/** A project can only point below its own directory: else a checkout could swap the keystore for its own. */
function refuseFar(values: ConfigValues, path: string): ConfigValues {
  if (values.keystore === undefined) return values;
  if (isDatabaseUrl(values.keystore)) throw far(path);
  const home = realpathSync(dirname(path));
  const target = resolve(home, values.keystore);
  const real = realPlaceOf(target);
  const way = relative(home, real);
  if (way === '' || way.startsWith('..') || isAbsolute(way)) {
    throw far(path);
  }
  return values;
}

function far(path: string): JwksError {
  return new JwksError(
    'usage',
    `the configuration ${path} names a keystore that is not below its own directory`,
    {
      hint: 'name it with --keystore, JWKS_KEYSTORE or your own configuration',
    },
  );
}

/** The place with its links resolved, as far as it exists: the rest may be made there. */
function realPlaceOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPlaceOf(parent), basename(path));
}

function absoluteKeystore({ path, values }: ConfigFile): ConfigFile {
  if (values.keystore === undefined || isDatabaseUrl(values.keystore)) return { path, values };
  return { path, values: { ...values, keystore: resolve(dirname(path), values.keystore) } };
}
