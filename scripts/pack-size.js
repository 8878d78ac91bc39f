// Prints how large the package is, as docs/install.md says it: what npm would pack of the dist/ that is there.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const cwd = fileURLToPath(new URL('..', import.meta.url));
const words = ['pack', '--dry-run', '--json', '--ignore-scripts'];
const [packed] = JSON.parse(execFileSync('npm', words, { cwd, encoding: 'utf8' }));
console.log(
  `${Math.round(packed.size / 1000)} kB packed, ${(packed.unpackedSize / 1e6).toFixed(1)} MB unpacked, ${packed.files.length} files`,
);
