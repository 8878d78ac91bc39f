// The service: follows the keystore, answers on its listeners, and does what is due where it is told to.
import { setTimeout as pause } from 'node:timers/promises';
import { JwksError } from '../errors.ts';
import type { Instant } from '../lifecycle/time.ts';
import { jwksPath, toDiscovery } from '../operations/discovery.ts';
import { describeConflict } from '../operations/export-jwks.ts';
import type { Follower } from '../operations/follow-sets.ts';
import type { OryApi } from '../operations/ory-api.ts';
import { labelling } from '../operations/prometheus.ts';
import { type Publication, publish } from '../operations/publish-sets.ts';
import { adminSite } from './admin-site.ts';
import type { Site } from './answer.ts';
import type { Place } from './bind.ts';
import { type Listener, type ListenOptions, listen } from './listener.ts';
import type { Log } from './log.ts';
import { metricsSite, RequestCounts } from './metrics-site.ts';
import { ownHosts } from './own-hosts.ts';
import { publicSite } from './public-site.ts';
import { statusPage } from './status-page.ts';
import type { TlsFiles } from './tls-files.ts';

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
  readonly admin: AdminOptions | undefined;
  readonly metricsPort: number | undefined;
  /** Other people's text, for a terminal. */
  readonly escape: (text: string) => string;
  /** Does what policy makes due; absent: nobody does here. */
  readonly rotateDue: ((isStopped: () => boolean) => Promise<void>) | undefined;
}

export interface AdminOptions {
  readonly place: Place;
  readonly api: OryApi;
  readonly token: string | undefined;
  /** Who may come, and under which name, is the proxy's business. */
  readonly isBehindProxy: boolean;
}

/** Serves until the signal, then lets the requests under way end. */
export async function serve(options: ServerOptions, signal: AbortSignal): Promise<void> {
  const { follower, clock, log, issuer, tls } = options;
  const published = toPublished(follower, clock);
  const { merged } = published;
  const site = publicSite({
    ...published,
    discovery: issuer === undefined ? undefined : ({ algs }) => toDiscovery(issuer, algs),
    issuerPath: issuer === undefined ? [] : pathOf(issuer),
    contentType: options.contentType,
    faults: () => describeFaults(follower, merged()),
  });
  const requests = new RequestCounts();
  const listeners: Listener[] = [];
  const start = async (name: string, path: string, rest: Omit<ListenOptions, 'name' | 'log'>) => {
    const listener = await listen({ ...rest, name, log, onAnswer: requests.of(name) });
    listeners.push(listener);
    log.say('info', 'listening', { listener: name, url: `${listener.url}${path}` });
  };
  // Ends the loops also where one of them fails, which is a fault of ours: else nobody would hear of it.
  const end = new AbortController();
  let loops: Promise<void>[] = [];
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
        site: toAdminSite(options, admin, merged, end.signal),
      });
    }
    if (metricsPort !== undefined) {
      const isReady = () => describeFaults(follower, merged()).length === 0;
      const labels = labelling(options.escape);
      const figures = { manifests: () => follower.manifests, clock, isReady, errors: () => log.errors };
      const metrics = metricsSite({ ...figures, requests, labels });
      await start('metrics', '/metrics', { place: { host, port: metricsPort }, site: metrics });
    }
    loops = [follow(options, merged, listeners, end.signal), rotate(options, end.signal)];
    await Promise.race([stopped(signal), Promise.all(loops)]);
  } finally {
    end.abort();
    const hasListened = listeners.length > 0;
    if (hasListened) log.say('info', 'stopping');
    await Promise.all(listeners.map((listener) => listener.stop()));
    await Promise.allSettled(loops);
    if (hasListened) log.say('info', 'stopped');
    await flushed(log);
  }
}

function toAdminSite(
  options: ServerOptions,
  admin: AdminOptions,
  merged: () => Publication,
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
    page: () => statusPage(follower.manifests, clock(), describeFaults(follower, merged())),
    log,
    stopping,
  });
}

interface Published {
  readonly merged: () => Publication;
  readonly ofSet: (set: string) => Publication | undefined;
}

/** What is published now: worked out again when the keystore has changed or a date is reached. */
function toPublished(follower: Follower, clock: () => Instant): Published {
  const known = new Map<string, { readonly at: Instant; readonly publication: Publication }>();
  let manifests = follower.manifests;
  const find = (name: string, chosen: () => Follower['manifests']): Publication => {
    if (follower.manifests !== manifests) known.clear();
    manifests = follower.manifests;
    const now = clock();
    const before = known.get(name);
    // A clock that went back makes what was worked out later doubtful.
    if (before !== undefined && now >= before.at && now < (before.publication.until ?? Infinity)) {
      return before.publication;
    }
    const publication = publish(chosen(), now);
    known.set(name, { at: now, publication });
    return publication;
  };
  return {
    merged: () => find('', () => follower.manifests),
    ofSet: (set) => {
      const manifest = follower.manifests.find((one) => one.set === set);
      return manifest && find(set, () => [manifest]);
    },
  };
}

function describeFaults(follower: Follower, { conflicts }: Publication): string[] {
  const faults = follower.faults.map(({ error }) => error.message);
  return [...faults, ...conflicts.map(describeConflict)];
}

/** Of what is left of the log, should nobody read it. */
const longestFlush = 1_000;
const lookEvery = 250;
const tlsEvery = 5_000;

/** Looks at the keystore four times a second, and no more than half of the time; the clock needs no looking. */
async function follow(
  { follower, log, tls }: ServerOptions,
  merged: () => Publication,
  listeners: readonly Listener[],
  signal: AbortSignal,
): Promise<void> {
  let said = '';
  let tlsAt = performance.now();
  let tlsFault = '';
  let lasted = 0;
  while (await waited(Math.max(lookEvery, lasted), signal)) {
    const began = performance.now();
    const hasChanged = await follower.poll();
    lasted = performance.now() - began;
    const faults = describeFaults(follower, merged()).join('; ');
    if (faults !== said) {
      if (faults === '') log.say('info', 'the keystore can be read again');
      else log.say('error', faults);
      said = faults;
    } else if (hasChanged && faults === '') log.say('info', 'the keystore has changed');
    if (tls === undefined || performance.now() - tlsAt < tlsEvery) continue;
    tlsAt = performance.now();
    tlsFault = renew(tls, listeners, log, tlsFault);
  }
}

/** Returns what is wrong with the files now, which is said once. */
function renew(tls: TlsFiles, listeners: readonly Listener[], log: Log, said: string): string {
  try {
    if (!tls.reload()) return said;
    for (const listener of listeners) listener.renewTls();
    log.say('info', 'the certificate was renewed');
    return '';
  } catch (error) {
    const message = error instanceof JwksError ? error.message : 'the certificate cannot be renewed';
    if (message !== said) log.say('error', `the certificate before it is used on: ${message}`);
    return message;
  }
}

const rotateEvery = 60_000;

/** Once a minute at most; hosts that were started together do not all come at once. */
async function rotate({ rotateDue }: ServerOptions, signal: AbortSignal): Promise<void> {
  if (rotateDue === undefined) return;
  let wait = Math.random() * 2_000;
  while (await waited(wait, signal)) {
    await rotateDue(() => signal.aborted);
    wait = rotateEvery * (1 + Math.random() / 2);
  }
}

async function flushed(log: Log): Promise<void> {
  const end = new AbortController();
  await Promise.race([log.flush(), waited(longestFlush, end.signal)]);
  end.abort();
}

/** False: it was stopped meanwhile. */
async function waited(milliseconds: number, signal: AbortSignal): Promise<boolean> {
  try {
    await pause(milliseconds, undefined, { signal });
    return true;
  } catch {
    return false;
  }
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function pathOf(issuer: string): string[] {
  return new URL(issuer).pathname
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeURIComponent);
}
