// Makes an RSA key in child processes, as many at once as there are cores, and takes the first.
//
// Finding two primes takes a time that varies by a factor of ten, so the first of n is much sooner there than one
// alone. Which key is taken depends on nothing but speed, which costs at most log2(n) bits of an attacker's work.
// Children, because a thread that has begun to look for primes cannot be stopped and would hold up the end of
// the process. Of the environment, which may hold a secret, they get no more than where OpenSSL's files are; the key
// comes back through a pipe.
import { type ChildProcess, spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { racer, racerScript } from './rsa-racer.ts';

const mostRacers = 4;
const inherited = ['SystemRoot', 'LD_LIBRARY_PATH', 'OPENSSL_CONF', 'OPENSSL_MODULES'];

/** A private RSA JWK of so many bits, or `undefined` where no child could make one. */
export async function raceRsa(bits: number): Promise<object | undefined> {
  const racers: ChildProcess[] = [];
  const stop = () => {
    for (const racer of racers) racer.kill('SIGKILL');
  };
  process.once('exit', stop);
  try {
    const runs = Array.from({ length: Math.min(availableParallelism(), mostRacers) }, () =>
      run(bits, racers),
    );
    return await Promise.any(runs);
  } catch {
    return undefined;
  } finally {
    process.off('exit', stop);
    stop();
  }
}

function run(bits: number, racers: ChildProcess[]): Promise<object> {
  return new Promise((resolve, reject) => {
    const env = Object.fromEntries(inherited.map((name) => [name, process.env[name]]));
    // The executable takes no script: it has it, and is told to run it.
    const isExecutable = process.getBuiltinModule('node:sea').isSea();
    const argv = isExecutable ? [racer] : ['-e', racerScript];
    const child = spawn(process.execPath, [...argv, String(bits)], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    racers.push(child);
    const chunks: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      if (code !== 0) return reject(new Error('stopped'));
      try {
        resolve(JSON.parse(Buffer.concat(chunks).toString()));
      } catch {
        reject(new Error('no key'));
      }
    });
  });
}
