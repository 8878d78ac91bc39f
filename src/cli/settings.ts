// The effective settings, each with where it came from: option, environment, project, user, system, default.
import { isAbsolute, join } from 'node:path';
import { JwksError } from '../errors.ts';
import { realFileSystem } from '../keystore/file-system.ts';
import { type Place, toPlace } from '../keystore/place.ts';
import {
  defaultFacts,
  defaultRotateEvery,
  type Policy,
  type PolicyFacts,
  unsafeFacts,
} from '../lifecycle/policy.ts';
import { type ConfigFile, loadConfigFiles } from './config-files.ts';
import type { ConfigValues } from './config-schema.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Host } from './host.ts';

export interface Setting<T> {
  readonly value: T;
  /** `option --x`, `environment X`, a file's path, or `default`. */
  readonly from: string;
}

/** Facts of several files, and of the defaults. */
export interface PolicySetting extends Setting<PolicyFacts> {
  /** The file that says a fact. */
  readonly origins: Readonly<Record<string, string>>;
}

export interface Settings {
  /** `undefined`: no default, since neither HOME nor XDG_DATA_HOME is an absolute path. */
  readonly keystore: Setting<Place> | undefined;
  readonly identity: Setting<string> | undefined;
  readonly alg: Setting<string>;
  readonly format: Setting<string> | undefined;
  readonly policy: PolicySetting | undefined;
  readonly audit: Setting<string> | undefined;
  readonly secretCommand: Setting<readonly [string, ...string[]]> | undefined;
  readonly files: readonly string[];
  /** `$XDG_CONFIG_HOME/jwks`, `$XDG_STATE_HOME/jwks`; `undefined` as above. */
  readonly configDirectory: string | undefined;
  readonly stateDirectory: string | undefined;
}

export async function loadSettings(host: Host, options: GlobalOptions): Promise<Settings> {
  const { env } = host;
  const home = absolute(env['HOME'] ?? env['USERPROFILE']);
  const configDirectory = xdg(env['XDG_CONFIG_HOME'], home, '.config');
  const files = await loadConfigFiles(host, {
    explicit: options.config ?? fromEnv(env, 'JWKS_CONFIG')?.value,
    userDirectory: configDirectory,
    home,
  });
  const dataDirectory = xdg(env['XDG_DATA_HOME'], home, join('.local', 'share'));
  const keystore =
    fromOption('keystore', options.keystore) ?? fromEnv(env, 'JWKS_KEYSTORE') ?? fromFiles(files, 'keystore');
  return {
    keystore: keystore
      ? { ...keystore, value: placeAt(host, keystore.value) }
      : dataDirectory === undefined
        ? undefined
        : { value: placeAt(host, dataDirectory), from: 'default' },
    identity: checkFingerprint(
      fromOption('identity', options.identity) ??
        fromEnv(env, 'JWKS_IDENTITY') ??
        fromFiles(files, 'identity'),
    ),
    alg: fromFiles(files, 'alg') ?? { value: 'RS256', from: 'default' },
    format:
      fromOption('format', options.format) ??
      (env['JWKS_FORMAT'] === '' ? undefined : fromEnv(env, 'JWKS_FORMAT')) ??
      fromFiles(files, 'format'),
    policy: mergePolicies(files),
    audit: fromFiles(files, 'audit'),
    secretCommand: fromFiles(files, 'secretCommand'),
    files: files.map(({ path }) => path),
    configDirectory,
    stateDirectory: xdg(env['XDG_STATE_HOME'], home, join('.local', 'state')),
  };
}

/** XDG Base Directory Specification: a path that is not absolute does not count. */
function xdg(variable: string | undefined, home: string | undefined, below: string): string | undefined {
  const base = absolute(variable) ?? (home && join(home, below));
  return base && join(base, 'jwks');
}

function absolute(path: string | undefined): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}

/** A variable that is set but empty counts as not set. */
export function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** A path or a URL that somebody has named. */
export function placeAt({ cwd, env, uid, shield }: Host, keystore: string): Place {
  return toPlace(keystore, { cwd, env, uid, shield, fs: realFileSystem });
}

/** The policy of a set that is made, if a file says one. */
export function policyForNew({ policy }: Settings): Policy | undefined {
  return policy && { facts: policy.value, was: [] };
}

/** The facts of all files, each by the strongest that says it, over the defaults. */
function mergePolicies(files: readonly ConfigFile[]): PolicySetting | undefined {
  const saying = files.filter(({ values }) => values.policy !== undefined);
  if (saying.length === 0) return undefined;
  const merged = { ...defaultFacts, rotateEvery: defaultRotateEvery };
  const origins: Record<string, string> = {};
  for (const { path, values } of saying.toReversed()) {
    for (const [name, fact] of Object.entries(values.policy ?? {})) {
      if (fact === undefined) continue;
      Object.assign(merged, { [name]: fact === 'never' ? undefined : fact });
      origins[name] = path;
    }
  }
  const from = saying.map(({ path }) => path).join(', ');
  const unsafe = unsafeFacts(merged);
  if (unsafe !== undefined) throw new JwksError('usage', `the policy in ${from} is unsafe: ${unsafe}`);
  return { value: merged, from, origins };
}

function checkFingerprint(identity: Setting<string> | undefined): Setting<string> | undefined {
  if (identity === undefined || /^[\w-]{43}$/.test(identity.value)) return identity;
  throw new JwksError(
    'usage',
    `the identity (${identity.from}) is no fingerprint of 43 base64url characters`,
  );
}

function fromOption(name: string, value: string | undefined): Setting<string> | undefined {
  return value === undefined ? undefined : { value, from: `option --${name}` };
}

function fromEnv(env: Host['env'], name: string): Setting<string> | undefined {
  const value = env[name];
  if (value === '')
    throw new JwksError('usage', `${name} is set, and empty`, { hint: `unset ${name}, or set it` });
  return value === undefined ? undefined : { value, from: `environment ${name}` };
}

function fromFiles<N extends keyof ConfigValues>(
  files: readonly ConfigFile[],
  name: N,
): Setting<NonNullable<ConfigValues[N]>> | undefined {
  for (const { path, values } of files) {
    const value = values[name];
    if (value !== undefined) return { value, from: path };
  }
  return undefined;
}
