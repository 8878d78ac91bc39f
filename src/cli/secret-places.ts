// Where the secret may come from on this host: options, environment, configuration and the user's own file.
import { join } from 'node:path';
import type { SecretSources } from '../keystore/secret-sources.ts';
import type { GlobalOptions } from './global-options.ts';
import { canAsk } from './global-options.ts';
import type { Host } from './host.ts';
import { nonEmpty, type Settings } from './settings.ts';
import { escapeText } from './terminal-text.ts';

export function secretSources(host: Host, options: GlobalOptions, settings: Settings): SecretSources {
  const { env, stderr, uid } = host;
  const { configDirectory, secretCommand } = settings;
  return {
    file: options.secretFile,
    descriptor: options.secretFd,
    // Set but empty is set: a script whose secret came out empty must not go on with another one.
    variableFile: env['JWKS_SECRET_FILE'],
    variable: env['JWKS_SECRET'],
    credentials: nonEmpty(env['CREDENTIALS_DIRECTORY']),
    command: secretCommand && {
      argv: secretCommand.value,
      env,
      hasTerminal: () => canAsk(host, options),
      show: (text) => void stderr.write(text.split('\n').map(escapeText).join('\n')),
    },
    ownFile: configDirectory && join(configDirectory, 'secret'),
    stdin: () => host.stdin,
    uid,
    cwd: host.cwd,
  };
}
