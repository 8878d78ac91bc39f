// Makes V8's code cache of the command: runs it a few times, and what that needed is what the cache holds.
//
//     node scripts/code-cache.cjs DIRECTORY       in a working directory that may be filled
const { readFileSync, writeFileSync } = require('node:fs');
const { createRequire, Module } = require('node:module');
const { dirname, resolve } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const [node, , directory] = process.argv;
const start = resolve(directory, 'start.cjs');
const path = resolve(directory, 'command/core.cjs');
const lines = ['init', 'create --alg ES256 auth', 'list', 'export auth', 'get auth --format json'];

// As src/main.ts loads it.
const script = new Script(Module.wrap(readFileSync(path, 'utf8')), { filename: path });
const loaded = new Module(path);
loaded.filename = path;
require.cache[path] = loaded;
script.runInThisContext()(loaded.exports, createRequire(path), loaded, path, dirname(path));

process.on('beforeExit', () => {
  const line = lines.shift();
  if (line === undefined) return;
  process.argv = [node, start, '--keystore', 'keystore', ...line.split(' ')];
  delete require.cache[start];
  require(start);
});
process.on('exit', () => {
  // `list` has set it: V8 refuses a cache that was made under other flags than those of a start.
  setFlagsFromString('--heap-growing-percent=0');
  if (!process.exitCode) writeFileSync(`${path}.cache`, script.createCachedData());
});
