// What is wrong with a keystore, its files and its host; and what of that can be mended without losing a key.
import { describeSystemError, JwksError } from '../errors.ts';
import type { FileFault, Repair } from '../keystore/file-fault.ts';
import { FileStorage } from '../keystore/file-storage.ts';
import type { FileSystem } from '../keystore/file-system.ts';
import { inspectFiles } from '../keystore/inspect-files.ts';
import type { ReaderOptions } from '../keystore/reader.ts';
import { noKeystore } from '../keystore/reader-faults.ts';
import { repairFile } from '../keystore/repair-files.ts';
import type { FoundSecret, SecretSources } from '../keystore/secret-sources.ts';
import { SeenFiles } from '../keystore/seen.ts';
import { digestOf } from '../keystore/set-document.ts';
import { type DocumentName, setNameOf } from '../keystore/set-id.ts';
import { type Finding, isOk } from './finding.ts';
import { type Documents, inspectDocuments, mustOpen } from './inspect-documents.ts';
import { inspectClock, inspectHost, type Runtime } from './inspect-host.ts';
import { type DocumentFault, wordsOf } from './inspect-set.ts';
import { judgeSuperseded } from './inspect-superseded.ts';
import type { Access } from './open.ts';

export interface DoctorRequest {
  readonly repair: boolean;
  readonly sources: SecretSources;
  readonly runtime: Runtime;
}

export interface Diagnosis {
  /** No finding is an error. */
  readonly ok: boolean;
  readonly findings: readonly Finding[];
  /** What was mended, in words. */
  readonly repairs: readonly string[];
  readonly sets: number;
  /** The secret was there and opened it: without it nothing private is proved. */
  readonly isOpened: boolean;
  /** Private keys that were opened and proved. */
  readonly proved: number;
}

interface Examination {
  readonly findings: readonly Finding[];
  readonly repairs: readonly Repair[];
  readonly documents: Documents;
}

/** A repair can let the next look see more: a secret file that may be read opens the documents. */
const mostRounds = 3;

/** Looks, mends where asked to, and looks again. A keystore that is not there is exit 3. */
export async function doctor(host: Access, request: DoctorRequest): Promise<Diagnosis> {
  let asked: ReturnType<Access['askSecret']> | undefined;
  // Nobody is asked twice because it looks twice.
  const access: Access = {
    ...host,
    askSecret: () => {
      asked ??= host.askSecret();
      return asked;
    },
  };
  const repairs: string[] = [];
  let examined = await examine(access, request);
  for (let round = 1; request.repair && round <= mostRounds; round++) {
    const done = await repairAll(access, examined);
    if (done.length === 0) break;
    repairs.push(...done);
    examined = await examine(access, request);
  }
  const { findings, documents } = examined;
  return {
    ok: isOk(findings),
    findings,
    repairs,
    sets: documents.manifests.filter(({ deleted }) => deleted === undefined).length,
    isOpened: documents.slot !== undefined,
    proved: documents.proved,
  };
}

async function examine(access: Access, { sources, runtime }: DoctorRequest): Promise<Examination> {
  const options = await optionsFor(access);
  const { fs, uid, author } = access;
  const { directory } = access.place;
  const hostFaults = await inspectHost(access, sources, runtime);
  const fileFaults = directory === undefined ? [] : inspectFiles(fs, directory, author.now(), uid);
  const secret = await findSecret(access, mustOpen(access, options));
  const documents = await inspectDocuments(access, options, secret.found);
  const { reader, manifests } = documents;
  const clockFaults = inspectClock(author.now(), manifests, reader?.master.updated);
  // Somebody may have been writing when they were looked at first.
  const still = fileFaults.filter(({ isStill }) => isStill?.() ?? true);
  const sure = await judgeSuperseded(access, documents, still);
  const empty = new Set(sure.filter(({ code }) => code === 'empty-revision').map(({ name }) => name));
  const damages = [...secret.faults, ...documents.faults].filter(
    ({ name, code }) => !(code === 'damaged' && empty.has(name)),
  );
  const looked = [...hostFaults, ...sure, ...clockFaults];
  const told = new Set(looked.map(({ message }) => message));
  const findings = [
    ...damages.filter(({ message }) => ![...told].some((one) => message.startsWith(one))).map(toFinding),
    ...looked.map((fault) => toFinding({ ...fault, message: `${fault.message}; ${fault.advice}` })),
    ...slotFindings(documents),
  ];
  const rank = ({ severity, set = '', code }: Finding) => `${severity}\n${set}\n${code}`;
  findings.sort((a, b) => (rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b))));
  return { findings, repairs: repairsOf([...hostFaults, ...sure]), documents };
}

async function optionsFor(access: Access): Promise<ReaderOptions> {
  const { fs, place, stateDirectory, acceptRollback, shield } = access;
  if (!(await isThere(access))) throw noKeystore(place.label);
  const { directory } = place;
  // Not by the place itself: whose directory it is becomes a finding here.
  const storage =
    directory !== undefined && isDirectory(fs, directory)
      ? new FileStorage(directory, { fs, shield })
      : await place.open();
  return { storage, seenFiles: new SeenFiles(fs, stateDirectory), acceptRollback };
}

/** A directory that cannot be looked into is there: a finding says what is in the way. */
async function isThere({ fs, place }: Access): Promise<boolean> {
  try {
    return (await place.look()) === 'taken';
  } catch (error) {
    if (place.directory !== undefined && isDirectory(fs, place.directory)) return true;
    throw error;
  }
}

function isDirectory(fs: FileSystem, path: string): boolean {
  try {
    return fs.stat(path)?.isDirectory() === true;
  } catch {
    return false;
  }
}

/** A secret that is set and unusable is a finding, and what needs none goes on. */
async function findSecret(
  access: Access,
  isNeeded: boolean,
): Promise<{ readonly found: FoundSecret | undefined; readonly faults: DocumentFault[] }> {
  try {
    const set = await access.findSecret();
    if (set !== undefined) return { found: set, faults: [] };
    const typed = await access.askSecret();
    return { found: typed?.text === '' ? undefined : typed, faults: [] };
  } catch (error) {
    if (!(error instanceof JwksError) || error.code !== 'secret') throw error;
    const severity = isNeeded ? 'error' : 'warning';
    return { found: undefined, faults: [{ code: 'secret-file', severity, message: wordsOf(error) }] };
  }
}

function slotFindings({ reader }: Documents): Finding[] {
  if (reader === undefined || reader.master.slots.length > 1) return [];
  return [
    {
      code: 'single-slot',
      severity: 'warning',
      message:
        'there is only one slot, so whoever loses its secret loses every key; jwks secret add --recipient adds one for a recovery key kept elsewhere',
    },
  ];
}

/** What is emptied comes last: what shares its file with a temporary one can only be emptied after that is gone. */
function repairsOf(faults: readonly FileFault[]): Repair[] {
  const repairs = faults.flatMap((fault) => fault.repairs);
  return [
    ...repairs.filter(({ kind }) => kind !== 'empty'),
    ...repairs.filter(({ kind }) => kind === 'empty'),
  ];
}

async function repairAll(access: Access, { repairs, documents }: Examination): Promise<string[]> {
  const { fs, author, uid } = access;
  const { directory } = access.place;
  const done: string[] = [];
  if (directory === undefined) return done;
  for (const repair of repairs) {
    if (repair.kind === 'empty' && !repair.isProved) continue;
    if (repair.kind === 'empty' && !(await isNewestOpened(access, documents, repair.name))) continue;
    try {
      done.push(...repairFile(fs, directory, repair, author.now(), uid));
    } catch (error) {
      const what = repair.kind === 'empty' ? repair.name : repair.path;
      access.warn(`${what} could not be repaired: ${describeSystemError(error)}`);
    }
  }
  return done;
}

/** The revision above still stands, byte for byte as the secret opened it. */
async function isNewestOpened(access: Access, { opened }: Documents, name: DocumentName): Promise<boolean> {
  const before = opened.get(name);
  const now = await (await optionsFor(access)).storage.read(name);
  return before !== undefined && now?.revision === before.revision && digestOf(now.bytes) === before.sha256;
}

function toFinding({ name, code, severity, message, ...rest }: DocumentFault | FileFault): Finding {
  const set = name === undefined || name === 'master' ? undefined : setNameOf(name);
  return { set, kid: 'kid' in rest ? rest.kid : undefined, code, severity, message };
}
