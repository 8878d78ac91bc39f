// What the server does while it runs: looks at the keystore and at the files of TLS, and says what it finds.
import type { Follower } from '../operations/follow-sets.ts';
import type { Listener } from './listener.ts';
import type { Log } from './log.ts';
import { renewTls } from './renew-tls.ts';
import type { TlsFiles } from './tls-files.ts';
import { Bell, waited } from './waiting.ts';

export interface FollowOptions {
  readonly follower: Follower;
  readonly log: Log;
  readonly tls: TlsFiles | undefined;
  /** Milliseconds between looks that nothing has called for. */
  readonly lookEvery?: number;
}

const tlsEvery = 5_000;

/**
 * Looks at the keystore four times a second, and at once when it calls, but no more than half of the time; the clock
 * needs no looking. `describe`: what is wrong now.
 */
export async function follow(
  { follower, log, tls, lookEvery = 250 }: FollowOptions,
  describe: () => readonly string[],
  listeners: readonly Listener[],
  signal: AbortSignal,
): Promise<void> {
  let said = '';
  let tlsAt = performance.now();
  let tlsFault = '';
  let rest = 0;
  const bell = new Bell();
  const unwatch = follower.watch(() => bell.ring());
  try {
    while ((await waited(rest, signal)) && (await bell.wait(Math.max(0, lookEvery - rest), signal))) {
      const began = performance.now();
      // One that an admin's request has begun may have passed what the bell was rung for.
      const hasChanged = await follower.refresh();
      if (signal.aborted) return;
      // A look that failed has mostly waited, and its end is no reason to see later that it could be done again.
      rest = isUnreadable(follower) ? 0 : performance.now() - began;
      const faults = describe().join('; ');
      if (faults !== said) {
        if (faults === '') log.say('info', 'the keystore can be read again');
        else log.say('error', faults);
        said = faults;
      } else if (hasChanged && faults === '') log.say('info', 'the keystore has changed');
      if (tls === undefined || performance.now() - tlsAt < tlsEvery) continue;
      tlsAt = performance.now();
      tlsFault = renewTls(tls, listeners, log, tlsFault);
    }
  } finally {
    unwatch();
  }
}

function isUnreadable({ faults }: Follower): boolean {
  return faults.some(({ set }) => set === undefined);
}
