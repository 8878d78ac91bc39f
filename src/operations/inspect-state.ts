// Where this host remembers what it has seen of keystores: without it one that goes back is not noticed.
import { join } from 'node:path';
import { describeSystemError } from '../errors.ts';
import { closedFaults, type FileFault, ownershipFaults } from '../keystore/file-fault.ts';
import { isStateFile, SeenFile } from '../keystore/seen-file.ts';
import type { Access } from './open.ts';

export function inspectState(access: Access): FileFault[] {
  const { fs, stateDirectory, uid } = access;
  if (stateDirectory === undefined) return [];
  try {
    const stats = fs.stat(stateDirectory);
    if (stats === undefined) return [];
    const looked = { path: stateDirectory, label: stateDirectory, stats, allowed: 0o700, uid };
    const closed = closedFaults(looked).map(({ message, advice }) => toFault(message, advice));
    return [
      ...ownershipFaults(looked),
      ...closed,
      ...fs.readdir(stateDirectory).flatMap((name) => fileFaults(access, join(stateDirectory, name), name)),
    ];
  } catch (error) {
    const what = `what this host has seen cannot be read (${stateDirectory}): ${describeSystemError(error)}`;
    return [toFault(what, 'until it can, a keystore that goes back is not noticed')];
  }
}

function fileFaults({ fs, uid }: Access, path: string, name: string): FileFault[] {
  const stats = name.endsWith('.json') ? fs.lstat(path) : undefined;
  if (stats === undefined) return [];
  const text = fs.readFile(path).toString();
  const faults = ownershipFaults({ path, label: path, stats, allowed: 0o600, uid });
  if (!isStateFile(name) || SeenFile.isWhole(text)) return faults;
  const what = `${path} is damaged, so what this host has seen of that keystore is forgotten`;
  return [
    ...faults,
    toFault(what, 'if you have a copy, put it back: else it begins anew, and what is here is trusted'),
  ];
}

function toFault(message: string, advice: string): FileFault {
  return { code: 'state', severity: 'warning', message, advice, repairs: [] };
}
