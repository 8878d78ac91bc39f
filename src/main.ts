// What the bin starts. The version is asked for by scripts, often, and needs nothing of what the rest loads.
import { readFileSync } from 'node:fs';
import { createRequire, Module } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';
import { sayVersion } from './version.ts';

// The build puts the rest beside this file, as CommonJS: import() would load Node's other loader for it.
declare const require: NodeJS.Require;
declare const __dirname: string;

if (!sayVersion(process.argv.slice(2))) {
  preload(join(__dirname, 'command', 'core.cjs'));
  require('./start.cjs');
}

/**
 * Loads a file with the code cache that the build made of it, so that V8 need not compile it again. Another Node
 * than the one that built it does not take the cache, and a package without one is loaded as any other.
 */
function preload(path: string): void {
  const cachedData = readCache(`${path}.cache`);
  if (cachedData === undefined) return;
  const script = new Script(Module.wrap(readFileSync(path, 'utf8')), { filename: path, cachedData });
  const loaded = new Module(path);
  loaded.filename = path;
  require.cache[path] = loaded;
  script.runInThisContext()(loaded.exports, createRequire(path), loaded, path, dirname(path));
  loaded.loaded = true;
}

function readCache(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}
