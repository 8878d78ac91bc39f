// The version of this build, and how it is said where nothing else is asked.
import { writeSync } from 'node:fs';

declare const __VERSION__: string;
export const version = typeof __VERSION__ === 'string' ? __VERSION__ : '0.0.0';

/** Says the version, where that is all that is asked. False where it is not, or cannot be written: the rest tries again and says why. */
export function sayVersion(argv: readonly string[]): boolean {
  if (argv.length !== 1 || argv[0] !== '--version') return false;
  try {
    return writeSync(1, `${version}\n`) > 0;
  } catch {
    return false;
  }
}
