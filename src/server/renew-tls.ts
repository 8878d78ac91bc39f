// Takes up a new certificate in listeners that run.
import { JwksError } from '../errors.ts';
import type { Listener } from './listener.ts';
import type { Log } from './log.ts';
import type { TlsFiles } from './tls-files.ts';

/** `said`: what was wrong at the last look. Returns what is wrong now, having said it once; empty: nothing. */
export function renewTls(
  tls: TlsFiles,
  listeners: readonly Pick<Listener, 'renewTls'>[],
  log: Pick<Log, 'say'>,
  said: string,
): string {
  try {
    // Also where the pair in use is back: what goes wrong after that is said again.
    if (!tls.reload()) return '';
    for (const listener of listeners) listener.renewTls();
    log.say('info', 'the certificate was renewed');
    return '';
  } catch (error) {
    const message = error instanceof JwksError ? error.message : 'the certificate cannot be renewed';
    if (message !== said) log.say('error', `the certificate before it is used on: ${message}`);
    return message;
  }
}
