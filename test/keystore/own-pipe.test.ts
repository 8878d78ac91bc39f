// Pipes of other processes are read; of one whose writing end is in this process nobody would ever hear.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readlinkSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { isOwnPipe } from '../../src/keystore/own-pipe.ts';
import { findSecret } from '../../src/keystore/secret-sources.ts';
import { secretFile, sources } from '../support/secret-places.ts';
import { toldBy } from '../support/told.ts';

/** Where there is no /proc it is not known. */
const onLinux = test.skipIf(process.platform !== 'linux');

/** A path by which either end of a pipe between two other processes is opened. */
async function pipeOfOthers(): Promise<string> {
  const script = 'sleep 60 | sh -c \'echo "$$"; exec sleep 60\'';
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'], detached: true });
  onTestFinished(async () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    await once(child, 'close');
  });
  const [pid] = await once(createInterface(child.stdout), 'line');
  return `/proc/${pid}/fd/0`;
}

function opened(path: string, flags: string): number {
  const descriptor = openSync(path, flags);
  onTestFinished(() => closeSync(descriptor));
  return descriptor;
}

onLinux('a pipe is our own once its writing end is here', async () => {
  const path = await pipeOfOthers();
  const reading = opened(path, 'r');
  expect(isOwnPipe(reading)).toBe(false);
  const again = opened(path, 'r');
  expect([isOwnPipe(reading), isOwnPipe(again)]).toEqual([false, false]);
  const writing = openSync(path, 'w');
  expect([isOwnPipe(reading), isOwnPipe(again)]).toEqual([true, true]);
  expect(await toldBy(() => findSecret(sources({ descriptor: reading })))).toEqual({
    ...{ code: 'secret', message: `descriptor ${reading} was not handed over`, hint: undefined },
  });
  closeSync(writing);
  expect(isOwnPipe(reading)).toBe(false);
  opened(path, 'r+');
  expect(isOwnPipe(reading)).toBe(true);
});

onLinux('another pipe of ours, a file, and a number that nobody opened are none', async () => {
  opened(await pipeOfOthers(), 'w');
  expect(isOwnPipe(opened(await pipeOfOthers(), 'r'))).toBe(false);
  expect([isOwnPipe(opened(secretFile(), 'r+')), isOwnPipe(991)]).toEqual([false, false]);
});

onLinux('what the system made for this process is no secret', async () => {
  const made = readdirSync('/proc/self/fd').find((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('anon_inode:');
    } catch {
      return false;
    }
  });
  const descriptor = Number(made);
  expect(await toldBy(() => findSecret(sources({ descriptor })))).toEqual({
    ...{ code: 'secret', message: `descriptor ${descriptor} was not handed over`, hint: undefined },
  });
});
