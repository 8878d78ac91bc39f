// Runs one command line: words in, exit status out.
import type { Host } from './host.ts';

declare const __VERSION__: string;
const version = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0';

/** `argv` without the interpreter and the script. */
export async function run(argv: readonly string[], host: Host): Promise<number> {
  // Asked for by scripts, often, and needs nothing of what the rest loads.
  if (argv.length === 1 && argv[0] === '--version') {
    await host.stdout.write(`${version}\n`);
    return 0;
  }
  const { runCommandLine } = await import('./command-line.ts');
  return runCommandLine(argv, host, version);
}
