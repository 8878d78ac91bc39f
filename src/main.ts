// What the bin starts. The version is asked for by scripts, often, and needs nothing of what the rest loads.
import { writeSync } from 'node:fs';
import { version } from './version.ts';

// The build puts the rest beside this file, as CommonJS: import() would load Node's other loader for it.
declare const require: (path: string) => void;

if (process.argv.length === 3 && process.argv[2] === '--version') writeSync(1, `${version}\n`);
else require('./start.cjs');
