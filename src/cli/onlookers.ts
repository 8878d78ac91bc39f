// Who else may see private keys where they are printed.
import type { Host } from './host.ts';
import { isOpenFile, type OutputFile } from './output-file.ts';

/**
 * In words that follow "to"; `file` absent: on stdout. `undefined`: nobody else, as in a new file or a pipe. What a CI
 * job writes is read by many, wherever it goes.
 */
export function onlookersOf(host: Host, file: OutputFile | undefined): string | undefined {
  const exposure = file === undefined ? exposureOfStdout(host) : file.exposure;
  if (exposure === 'terminal') return 'the terminal';
  if (exposure === 'open file') return 'a file that others can read';
  return isSet(host.env['CI']) ? "a CI job's output" : undefined;
}

function exposureOfStdout({ stdout, stdoutFile }: Host): OutputFile['exposure'] {
  if (stdout.isTerminal) return 'terminal';
  const stats = stdoutFile();
  return stats !== undefined && isOpenFile(stats) ? 'open file' : undefined;
}

function isSet(variable: string | undefined): boolean {
  return variable !== undefined && variable !== '' && variable !== 'false' && variable !== '0';
}
