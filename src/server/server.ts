// The service: follows the keystore, answers on its listeners, and does what is due where it is told to.
import type { Instant } from '../lifecycle/time.ts';
import { jwksPath, toDiscovery } from '../operations/discovery.ts';
import { describeConflict } from '../operations/export-jwks.ts';
import type { Follower } from '../operations/follow-sets.ts';
import type { OryApi } from '../operations/ory-api.ts';
import { labelling } from '../operations/prometheus.ts';
import type { Publication } from '../operations/publish-sets.ts';
import { adminSite } from './admin-site.ts';
import type { Site } from './answer.ts';
import type { ListenPlace } from './bind.ts';
import { follow } from './follow.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import type { Log } from './log.ts';
import { metricsSite, RequestCounts } from './metrics-site.ts';
import { ownHosts } from './own-hosts.ts';
import { describePublicly } from './public-faults.ts';
import { publicSite } from './public-site.ts';
import { Published } from './published.ts';
import { statusPage } from './status-page.ts';
import type { TlsFiles } from './tls-files.ts';
import { stopped, waited } from './waiting.ts';

export interface ServerOptions {
  readonly follower: Follower;
  readonly clock: () => Instant;
  readonly log: Log;
  readonly host: string;
  readonly port: number;
  /** A URL that `parseIssuer` took. */
  readonly issuer: string | undefined;
  readonly contentType: string;
  readonly tls: TlsFiles | undefined;
  /** Milliseconds between looks that nothing has called for; absent: as `follow` has it. */
  readonly lookEvery?: number;
  readonly admin: AdminOptions | undefined;
  readonly metricsPort: number | undefined;
  /** Other people's text, for a terminal. */
  readonly escape: (text: string) => string;
  /** Does what policy makes due; absent: nobody does here. */
  readonly rotateDue: ((isStopped: () => boolean) => Promise<void>) | undefined;
}

export interface AdminOptions {
  readonly place: ListenPlace;
  readonly api: OryApi;
  readonly token: string | undefined;
  /** Who may come, and under which name, is the proxy's business. */
  readonly isBehindProxy: boolean;
}

/** All in milliseconds. At the end, for a look under way. */
const longestLook = 1_000;
/** For what is left of the log, should nobody read it. */
const longestFlush = 1_000;
const rotateEvery = 60_000;

/** Serves until the signal, then lets the requests under way end. */
export async function serve(options: ServerOptions, signal: AbortSignal): Promise<void> {
  const { follower, clock, log, issuer, tls } = options;
  const published = new Published(follower, clock);
  const merged = () => published.merged();
  const site = publicSite({
    merged,
    ofSet: (set) => published.ofSet(set),
    discovery: issuer === undefined ? undefined : ({ algs }) => toDiscovery(issuer, algs),
    issuerPath: issuer === undefined ? [] : pathOf(issuer),
    contentType: options.contentType,
    faults: () => describePublicly(follower.faults, merged().conflicts),
  });
  const faults = () => describeFaults(follower, merged());
  const requests = new RequestCounts();
  const listeners: Listener[] = [];
  const start = async (name: string, path: string, rest: Omit<ListenOptions, 'name' | 'log'>) => {
    const listener = await listen({ ...rest, name, log, onAnswer: requests.of(name) });
    listeners.push(listener);
    log.say('info', 'listening', { listener: name, url: `${listener.url}${path}` });
  };
  // Ends the loops also where one of them fails, which is a fault of ours: else nobody would hear of it.
  const end = new AbortController();
  let following: Promise<void> = Promise.resolve();
  let rotating: Promise<void> = Promise.resolve();
  try {
    const { host, port, admin, metricsPort } = options;
    await start('public', jwksPath, { place: { host, port }, tls, site });
    if (admin !== undefined) {
      const isSocket = 'socket' in admin.place;
      if (admin.token === undefined)
        log.say('warning', 'the admin API has no token: who can connect may use it');
      await start('admin', isSocket ? '' : '/', {
        place: admin.place,
        // A socket's file says who may connect, and needs no name.
        tls: isSocket ? undefined : tls,
        site: toAdminSite(options, admin, faults, end.signal),
      });
    }
    if (metricsPort !== undefined) {
      const metrics = metricsSite({
        manifests: () => follower.manifests,
        clock,
        isReady: () => faults().length === 0,
        errors: () => log.errors,
        requests,
        labels: labelling(options.escape),
      });
      await start('metrics', '/metrics', { place: { host, port: metricsPort }, site: metrics });
    }
    following = follow(options, faults, listeners, end.signal);
    rotating = rotate(options, end.signal);
    await Promise.race([stopped(signal), Promise.all([following, rotating])]);
  } finally {
    end.abort();
    const hasListened = listeners.length > 0;
    if (hasListened) log.say('info', 'stopping');
    await Promise.all(listeners.map((listener) => listener.stop()));
    await Promise.allSettled([rotating]);
    // Half a minute, where a database has gone silent: nobody needs to know what a look would have found.
    await within(longestLook, Promise.allSettled([following]));
    if (hasListened) log.say('info', 'stopped');
    await within(longestFlush, log.flush());
  }
}

function toAdminSite(
  options: ServerOptions,
  admin: AdminOptions,
  faults: () => readonly string[],
  stopping: AbortSignal,
): Site {
  const { follower, clock, log, tls, issuer = '' } = options;
  const { place, isBehindProxy } = admin;
  const names = () => tls?.names() ?? [];
  return adminSite({
    api: admin.api,
    token: admin.token,
    hosts:
      'socket' in place || isBehindProxy
        ? 'any'
        : ownHosts({ host: place.host, isTls: tls !== undefined, names }),
    issuer: issuer.replace(/\/$/, ''),
    page: () => statusPage(follower.manifests, clock(), faults()),
    log,
    stopping,
  });
}

function describeFaults({ faults }: Follower, { conflicts }: Publication): string[] {
  return [...faults.map(({ error }) => error.message), ...conflicts.map(describeConflict)];
}

/** Once a minute at most; hosts that were started together do not all come at once. */
async function rotate({ rotateDue }: ServerOptions, signal: AbortSignal): Promise<void> {
  if (rotateDue === undefined) return;
  let wait = Math.random() * 2_000;
  while (await waited(wait, signal)) {
    await rotateDue(() => signal.aborted);
    wait = rotateEvery * (1 + Math.random() / 2);
  }
}

/** Whatever becomes of the work, for no longer than this. */
async function within(milliseconds: number, work: Promise<unknown>): Promise<void> {
  const end = new AbortController();
  await Promise.race([work, waited(milliseconds, end.signal)]);
  end.abort();
}

function pathOf(issuer: string): string[] {
  return new URL(issuer).pathname
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeURIComponent);
}
