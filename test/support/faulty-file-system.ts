// A file system over the real one that a test looks into: each call can be recorded, made to fail, or delayed.
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';

export type Operation = keyof FileSystem;

export interface Call {
  readonly operation: Operation;
  readonly args: readonly unknown[];
  /** Counted from 1 over all calls, and over those of this operation. */
  readonly index: number;
  readonly nth: number;
}

/** Stands around a call: returns what `proceed` does, throws instead, or does something before or after. */
export type Interfere = (call: Call, proceed: () => unknown) => unknown;

export function interferedFileSystem(interfere: Interfere): FileSystem {
  const counts = new Map<Operation, number>();
  let index = 0;
  return new Proxy(realFileSystem, {
    get(target, name: Operation) {
      return (...args: unknown[]) => {
        const nth = (counts.get(name) ?? 0) + 1;
        counts.set(name, nth);
        index += 1;
        const call: Call = { operation: name, args, index, nth };
        return interfere(call, () => Reflect.apply(target[name] as () => unknown, target, args));
      };
    },
  });
}

/** What Node throws for a failed system call, as far as anybody looks at it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: made up by a test`), { code });
}

/** The n-th call of an operation (every one, where `nth` is absent) fails. */
export function failingAt(operation: Operation, code: string, nth?: number): FileSystem {
  return interferedFileSystem((call, proceed) => {
    if (call.operation === operation && (nth === undefined || call.nth === nth)) throw systemError(code);
    return proceed();
  });
}

/** A file system and the list that its calls are written into. */
export function recordingFileSystem(): { readonly fs: FileSystem; readonly calls: Call[] } {
  const calls: Call[] = [];
  const fs = interferedFileSystem((call, proceed) => {
    calls.push(call);
    return proceed();
  });
  return { fs, calls };
}

/** The process dies at one call: neither that one nor any later one happens. */
export class Death extends Error {}

export function dyingAt(index: number): FileSystem {
  return interferedFileSystem((call, proceed) => {
    if (call.index >= index) throw new Death();
    return proceed();
  });
}

/** One call of all fails, the others go through. */
export function failingOnce(index: number, code: string): FileSystem {
  return interferedFileSystem((call, proceed) => {
    if (call.index === index) throw systemError(code);
    return proceed();
  });
}
