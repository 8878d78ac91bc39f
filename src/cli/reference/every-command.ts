// What holds for every command and stands in no declaration: exit codes, variables, files.
import type { exitStatus } from '../exit-status.ts';
import type { Entry } from './page.ts';

type Code = 0 | (typeof exitStatus)[keyof typeof exitStatus];

export const exitMeanings: Readonly<Record<Code, string>> = {
  0: 'everything asked for was done, or nothing was due',
  1: 'failed for a reason outside the request (disk, permission, this Node); or check, doctor, lint, verify say no',
  2: 'usage: an unknown option, a bad value, a configuration that is not valid, an answer needed and no terminal',
  3: 'no such set, key, file or keystore',
  4: 'the secret, or the fingerprint that stands in for it, is missing or opens nothing',
  5: 'conflict, nothing changed: it exists already, or is unsafe without --force',
  6: 'the data is not acceptable: a bad key, a damaged or foreign document, too new a format, a file that others can change',
  7: 'check, lint, verify, rotate --due could not find out (network, I/O)',
  70: 'a fault of jwks itself',
  130: 'interrupted, or declined when asked',
  143: 'ended by SIGTERM',
};

export const variables: readonly Entry[] = [
  ['JWKS_KEYSTORE', 'as --keystore'],
  ['JWKS_SECRET_FILE', 'as --secret-file'],
  ['JWKS_SECRET', 'the secret itself; a file is safer'],
  ['JWKS_IDENTITY', 'as --identity'],
  ['JWKS_CONFIG', 'as --config'],
  ['JWKS_FORMAT', 'as --format'],
  ['JWKS_ACTOR', 'who the history says has made a change'],
  ['JWKS_ADMIN_TOKEN_FILE', 'file with the token that the admin listener of jwks serve asks for'],
  ['JWKS_ADMIN_TOKEN', 'that token itself'],
  ['CREDENTIALS_DIRECTORY', 'set by systemd: the secret is in its file jwks-secret'],
  ['NO_COLOR, FORCE_COLOR', 'no colours, or colours also where stdout is no terminal'],
  [
    'XDG_DATA_HOME, XDG_CONFIG_HOME, XDG_STATE_HOME',
    'where the files below are, in place of ~/.local/share and so on',
  ],
];

export const files: readonly Entry[] = [
  ['~/.local/share/jwks', 'the keystore, unless another is named'],
  ['~/.config/jwks/secret', 'its secret, unless another is named'],
  ['~/.config/jwks/config.yaml', 'your configuration'],
  ['jwks.config.yaml', "a project's configuration, in the working directory or above it"],
  ['/etc/jwks/config.yaml', 'the configuration of the host'],
  ['~/.local/state/jwks', 'what this host has seen of keystores, so that none can go back unnoticed'],
];
