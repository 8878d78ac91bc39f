// What a keystore needs of its host: a secret file that nobody else reads, room, a clock, a Node that is supported.
import { dirname, join } from 'node:path';
import { JwksError, shellWord, systemCode } from '../errors.ts';
import { type FileFault, ownershipFaults, type Repair } from '../keystore/file-fault.ts';
import type { FileSystem } from '../keystore/file-system.ts';
import type { Manifest } from '../keystore/manifest.ts';
import { formerFile } from '../keystore/secret-file.ts';
import { readSecretFile, type SecretSources } from '../keystore/secret-sources.ts';
import { refuseClock, refuseIdle } from '../lifecycle/clock.ts';
import { defaultFacts } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { inspectState } from './inspect-state.ts';
import type { Access } from './open.ts';
import { skewOf } from './select-sets.ts';

/** Versions as `process.versions` tells them. */
export interface Runtime {
  readonly node: string;
  readonly openssl: string;
}

const oldestNode = [20, 19];
const oldestOpenssl = [3, 0];
const leastSpace = 16 * 1024 * 1024;

export async function inspectHost(
  access: Access,
  sources: SecretSources,
  runtime: Runtime,
): Promise<FileFault[]> {
  return [
    ...(await secretFaults(access, sources)),
    ...inspectState(access),
    ...spaceFaults(access),
    ...versionFaults(runtime),
  ];
}

/** The clock against what the documents say: it cannot be before their last change, and hardly long after all. */
export function inspectClock(
  clock: Instant,
  manifests: readonly Manifest[],
  masterUpdated: Instant | undefined,
): FileFault[] {
  const documents = manifests.map((manifest) => ({
    updated: manifest.updated,
    skew: skewOf(manifest, clock),
    rotateEvery: manifest.policy?.facts.rotateEvery ?? 0,
  }));
  if (masterUpdated !== undefined)
    documents.push({ updated: masterUpdated, skew: defaultFacts.skew, rotateEvery: 0 });
  const newest = documents.reduce<(typeof documents)[number] | undefined>(
    (most, one) => (most === undefined || one.updated > most.updated ? one : most),
    undefined,
  );
  if (newest === undefined) return [];
  const behind = documents
    .filter(({ updated, skew }) => refuseClock(clock, updated, skew) !== undefined)
    .reduce<Instant | undefined>(
      (most, { updated }) => (most === undefined || updated > most ? updated : most),
      undefined,
    );
  const advice = "set this host's clock";
  if (behind !== undefined) {
    const message = refuseClock(clock, behind, 0) ?? '';
    return [fault('clock', 'error', message, `${advice}; until then nothing is changed without --force`)];
  }
  const rotateEvery = Math.max(...documents.map((one) => one.rotateEvery));
  const idle = refuseIdle(clock, newest.updated, rotateEvery);
  if (idle === undefined) return [];
  return [fault('clock', 'warning', `of the whole keystore, ${idle}`, `${advice}, if it is wrong`)];
}

async function secretFaults({ fs, uid, secretFile }: Access, sources: SecretSources): Promise<FileFault[]> {
  const named = [sources.file === '-' ? undefined : sources.file, sources.variableFile];
  const paths = new Set([...named, secretFile].flatMap((path) => (path ? [path] : [])));
  const faults: FileFault[] = [];
  for (const path of paths) {
    const stats = quietly(() => fs.stat(path));
    if (stats?.isFile() !== true) continue;
    try {
      await readSecretFile(path, { uid, credentials: sources.credentials });
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      const isOpen = (stats.mode & 0o077) !== 0;
      const isLink = quietly(() => fs.lstat(path))?.isSymbolicLink() === true;
      const repairs: Repair[] =
        isOpen && !isLink && stats.uid === uid
          ? [{ kind: 'tighten', path, label: path, allowed: 0o600 }]
          : [];
      // A repair follows no link.
      const advice =
        repairs.length > 0
          ? 'jwks doctor --repair tightens it'
          : isOpen && isLink
            ? `chmod 600 ${shellWord(quietly(() => fs.realpath(path)) ?? path)}`
            : (error.hint ?? 'look at it');
      faults.push({ ...fault('secret-file', 'error', error.message, advice), repairs });
    }
    const old = formerFile(path);
    if (quietly(() => fs.lstat(old)) !== undefined) {
      faults.push(
        fault(
          'secret-old',
          'warning',
          `${old} is left of a jwks secret change that was interrupted, or was kept for other keystores`,
          `when none needs it, remove it: jwks doctor --secret-file ${shellWord(old)} tells whether this one does`,
        ),
      );
    }
  }
  return secretFile === undefined ? faults : [...faults, ...secretPlaceFaults(fs, secretFile, uid)];
}

/** Who can write beside the secret file can put another in its place. */
function secretPlaceFaults(fs: FileSystem, secretFile: string, uid: number | undefined): FileFault[] {
  const path = dirname(secretFile);
  const stats = quietly(() => fs.stat(path));
  if (stats === undefined) return [];
  const faults = ownershipFaults({ path, label: path, stats, allowed: 0o755, uid });
  for (const name of quietly(() => fs.readdir(path)) ?? []) {
    if (!name.startsWith('.jwks-')) continue;
    faults.push(
      fault(
        'secret-temporary',
        'warning',
        `${join(path, name)} was left behind when a secret file was written`,
        'it may be the new secret of a change that jwks secret change, run again, would end; else remove it with shred -u or rm',
      ),
    );
  }
  return faults;
}

function spaceFaults({ fs, place, stateDirectory }: Access): FileFault[] {
  const devices = new Set<number>();
  const faults: FileFault[] = [];
  for (const wanted of [place.directory, stateDirectory]) {
    if (wanted === undefined) continue;
    const path = existing(fs, wanted);
    const device = quietly(() => fs.stat(path))?.dev;
    if (device === undefined || devices.has(device)) continue;
    devices.add(device);
    const space = quietly(() => fs.space(path));
    // Some file systems have no size to tell.
    if (space !== undefined && space.size > 0) {
      const { free, size } = space;
      const message = `only ${describeBytes(free)} of ${describeBytes(size)} are free on the file system of ${path}`;
      const advice = 'make room: a change that finds none is refused';
      if (free === 0)
        faults.push(fault('no-space', 'error', `nothing is free on the file system of ${path}`, advice));
      else if (free < leastSpace || free < size / 100)
        faults.push(fault('low-space', 'warning', message, advice));
    }
    try {
      fs.probeWritable(path);
    } catch (error) {
      if (systemCode(error) !== 'EROFS') continue;
      faults.push(
        fault(
          'read-only',
          'warning',
          `the file system of ${path} is read-only`,
          'nothing can be changed here',
        ),
      );
    }
  }
  return faults;
}

function versionFaults({ node, openssl }: Runtime): FileFault[] {
  const faults: FileFault[] = [];
  if (isOlder(node, oldestNode))
    faults.push(
      fault(
        'node-version',
        'error',
        `Node ${node} is not supported`,
        `install ${oldestNode.join('.')} or newer`,
      ),
    );
  if (isOlder(openssl, oldestOpenssl))
    faults.push(
      fault(
        'openssl-version',
        'warning',
        `this Node has OpenSSL ${openssl}`,
        'install a Node with OpenSSL 3 or newer',
      ),
    );
  return faults;
}

function isOlder(version: string, [major = 0, minor = 0]: readonly number[]): boolean {
  const [own = 0, ownMinor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return own < major || (own === major && ownMinor < minor);
}

function existing(fs: FileSystem, path: string): string {
  const parent = dirname(path);
  return parent === path || quietly(() => fs.stat(path)) !== undefined ? path : existing(fs, parent);
}

function fault(code: string, severity: 'error' | 'warning', message: string, advice: string): FileFault {
  return { code, severity, message, advice, repairs: [] };
}

/** What cannot be looked at is told by whoever needs it. */
function quietly<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

function describeBytes(bytes: number): string {
  const mebibytes = bytes / (1024 * 1024);
  return mebibytes < 1024 ? `${mebibytes.toFixed(1)} MiB` : `${(mebibytes / 1024).toFixed(1)} GiB`;
}
