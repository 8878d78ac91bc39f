// A stderr that takes nothing just now loses nothing: what is to be said waits until there is room.
import { execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bin, cleanEnv } from '../support/command.ts';
import { noteOutput, watcher } from '../support/leaks.ts';
import { temporaryDirectory } from '../support/temporary.ts';

test.runIf(process.platform === 'linux')('a pipe that is full and does not block', async () => {
  const home = temporaryDirectory();
  execFileSync('mkfifo', [`${home}/pipe`]);
  const pipe = openSync(`${home}/pipe`, constants.O_RDWR | constants.O_NONBLOCK);
  const page = Buffer.alloc(4_096, '.');
  while (wouldGo(() => writeSync(pipe, page))) {}
  // As descriptor 3 it is handed over as it is; as 2 the spawning would make it block.
  const script = `exec ${process.execPath} --require ${watcher} ${bin} create --alg ES256 auth k1 2>&3`;
  const child = spawn('bash', ['-c', script], {
    cwd: home,
    env: cleanEnv(home),
    stdio: ['ignore', 'pipe', 'inherit', pipe],
  });
  let hasEnded = false;
  const status = new Promise<number | null>((resolve) =>
    child.on('close', (code) => {
      hasEnded = true;
      resolve(code);
    }),
  );
  const exists = () => text(`${home}/.local/share/jwks/master/1.json`) !== undefined;
  while (!exists() && !hasEnded) await turn();
  // It has tried again and again by now, if it does so at all.
  const first = switches(child.pid);
  while (!hasEnded && switches(child.pid) < first + 20) await turn();
  expect(hasEnded).toBe(false);
  const said: Buffer[] = [];
  const drain = () => {
    const bytes = Buffer.alloc(65_536);
    let read = 0;
    while (
      wouldGo(() => {
        read = readSync(pipe, bytes);
      })
    )
      said.push(Buffer.from(bytes.subarray(0, read)));
  };
  while (!hasEnded) {
    drain();
    await turn();
  }
  drain();
  closeSync(pipe);
  expect(await status).toBe(0);
  noteOutput(script, '', Buffer.concat(said).toString());
  const lines = Buffer.concat(said).toString().replace(/^\.+/, '').trimEnd().split('\n');
  expect(lines.map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
    'jwks: made a',
    'jwks: made its',
    'jwks: auth signs',
    'next: jwks export',
    '  ',
  ]);
});

function wouldGo(call: () => void): boolean {
  try {
    call();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return false;
    throw error;
  }
}

/** How often the process has gone to sleep of its own accord. */
function switches(pid: number | undefined): number {
  return Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(text(`/proc/${pid}/status`) ?? '')?.[1]);
}

function text(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
