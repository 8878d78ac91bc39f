// One `secret change` in a thread of its own, while the thread that asks for it stands still in a call.
import { parentPort, workerData } from 'node:worker_threads';
import { dyingAt } from './faulty-file-system.ts';
import { changeIn } from './secret-changes.ts';

export interface Ask {
  readonly directory: string;
  readonly into: string | undefined;
  /** The call at which it dies; 0: it does not. */
  readonly death: number;
}

/** 0: waiting; 1: done; 2: refused as a conflict; 3: dead; 4: anything else. */
const state = new Int32Array(workerData as SharedArrayBuffer);

parentPort?.on('message', async ({ directory, into, death }: Ask) => {
  const fs = death === 0 ? {} : { fs: dyingAt(death) };
  const ended = await changeIn(directory, { ...fs, into }).then(
    () => 1,
    (error: { readonly code?: string }) => (death > 0 ? 3 : error.code === 'conflict' ? 2 : 4),
  );
  Atomics.store(state, 0, ended);
  Atomics.notify(state, 0);
});
parentPort?.postMessage('ready');
