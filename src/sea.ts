// What the single-file executable starts: it holds the files of dist/ as assets, and loads them as the bin would.
import { Module } from 'node:module';
import { posix } from 'node:path';
import { getRawAsset } from 'node:sea';
import { compileFunction, Script } from 'node:vm';
import { racer, racerScript } from './jose/rsa-racer.ts';
import { sayVersion } from './version.ts';

/** Node's own modules only: there are no others in an executable. */
declare const require: NodeJS.Require;

/** What V8 need not compile again: the executable is of the Node that made its cache. */
const withCache = 'command/core.cjs';
const loaded = new Map<string, { exports: object }>();
const argv = process.argv.slice(2);
if (argv[0] === racer) compileFunction(racerScript, ['require'])(require);
else if (!sayVersion(argv)) load('start.cjs');

function load(name: string): object {
  const known = loaded.get(name);
  if (known !== undefined) return known.exports;
  const module = { exports: {} };
  loaded.set(name, module);
  const script = new Script(Module.wrap(read(name).toString()), {
    filename: name,
    cachedData: name === withCache ? read(`${name}.cache`) : undefined,
  });
  const directory = posix.dirname(name);
  const requireFrom = (id: string) =>
    id.startsWith('.') ? load(posix.join(directory, id)) : (require(id) as object);
  script.runInThisContext()(module.exports, requireFrom, module, process.execPath, directory);
  return module.exports;
}

function read(name: string): Buffer {
  return Buffer.from(getRawAsset(name) as ArrayBuffer);
}
