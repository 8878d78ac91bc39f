// The shape of src: which folder may import which, what stays in one place, how long a file may be.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(root, { recursive: true })
  .map(String)
  .filter((path) => path.endsWith('.ts'))
  .sort();
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');
/** The code of a file without its comments and what is quoted. */
const codeOf = (path: string): string =>
  textOf(path)
    .replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '')
    .replace(/'[^'\n]*'|`[^`]*`/g, "''");

interface Import {
  readonly from: string;
  /** A path below src, `node:...` or a package. */
  readonly to: string;
  readonly isType: boolean;
}

const imports = files.flatMap((from): Import[] => {
  const found = textOf(from).matchAll(
    /^(?:import|export) (type )?[^;'"]*?from '([^']+)'|\b(?:typeof )?import\('([^']+)'\)/gm,
  );
  return [...found].map(([, type, declared, loaded]) => {
    const name = declared ?? loaded ?? '';
    const to = name.startsWith('.') ? normalize(join(dirname(from), name)) : name;
    return { from, to, isType: type !== undefined };
  });
});
const folderOf = (path: string): string => path.split('/')[0] ?? '';
/** Where the real world comes in: the command's start, and the library's face. */
const isEdge = (path: string): boolean => ['main.ts', 'sea.ts', 'start.ts', 'index.ts'].includes(path);
const isOurs = (path: string): boolean => files.includes(path);

/** DESIGN.md section 5. `errors.ts` may be imported by all but `lifecycle`, and every folder by itself. */
const table: Readonly<Record<string, readonly string[]>> = {
  'main.ts': ['cli', 'version.ts'],
  'start.ts': ['cli', 'version.ts'],
  'sea.ts': ['version.ts'],
  'version.ts': [],
  'index.ts': ['operations', 'lifecycle', 'keystore', 'jose'],
  cli: ['server', 'timeline', 'operations'],
  server: ['timeline', 'operations'],
  timeline: ['lifecycle'],
  operations: ['lifecycle', 'keystore', 'jose'],
  keystore: ['jose', 'lifecycle'],
  jose: [],
  lifecycle: [],
  'errors.ts': [],
};

/**
 * What else a file may import: `type` only types. In the command these are the values that operations take and
 * return, the pure functions that read and describe them, and the ports that the host hands in.
 */
const beyond: readonly (readonly [from: RegExp, to: string, what: 'type' | 'value'])[] = [
  // Names, times and states are parsed at the edge and described there.
  [/^cli\//, 'lifecycle/time.ts', 'value'],
  [/^cli\//, 'lifecycle/key.ts', 'value'],
  [/^cli\//, 'lifecycle/policy.ts', 'value'],
  [/^cli\/(?:commands|completion)\//, 'keystore/set-id.ts', 'value'],
  [/^cli\/change-options\.ts$/, 'keystore/set-id.ts', 'type'],
  [/^cli\/(?:shapes|policy-report|commands\/import)\.ts$/, 'keystore/manifest.ts', 'value'],
  [/^cli\/config-schema\.ts$/, 'keystore/schema.ts', 'value'],
  [
    /^cli\/(?:config-schema|completion\/candidates|commands\/(?:algs|create))\.ts$/,
    'jose/algorithms.ts',
    'value',
  ],
  [/^cli\/commands\/(?:create|import)\.ts$/, 'jose/generate.ts', 'type'],
  [/^cli\/commands\/init\.ts$/, 'jose/identity.ts', 'type'],
  // What is published depends on the time; what came in is described by what the keystore says of it.
  [/^server\//, 'lifecycle/time.ts', 'value'],
  // The last look before something public is printed, and its types.
  [/^cli\/(?:printer|shapes|key-input)\.ts$/, 'jose/jwk.ts', 'value'],
  // Where secrets come from is asked of the host's environment.
  [/^cli\/(?:session|commands\/secret)\.ts$/, 'keystore/secret.ts', 'value'],
  [/^cli\/(?:session|secret-places|admin-options)\.ts$/, 'keystore/secret-sources.ts', 'value'],
  // What a keystore is named by is read where it is set.
  [/^cli\/settings\.ts$/, 'keystore/place.ts', 'value'],
  [/^cli\/config-files\.ts$/, 'keystore/database-url.ts', 'value'],
  // Files are written and checked for their owner in one way.
  [/^cli\/(?:audit|config-files)\.ts$/, 'keystore/ownership.ts', 'value'],
  [/^cli\/(?:output-file|protected-paths|session|settings)\.ts$/, 'keystore/file-system.ts', 'value'],
  [/^cli\/protected-paths\.ts$/, 'keystore/file-storage.ts', 'value'],
  [/^cli\/protected-paths\.ts$/, 'keystore/secret-file.ts', 'value'],
  [/^cli\/output-file\.ts$/, 'keystore/new-file.ts', 'value'],
  [/^(?:cli\/host|start)\.ts$/, 'keystore/storage.ts', 'type'],
  [/^cli\/(?:session|commands\/(?:delete|serve))\.ts$/, 'keystore/keystore.ts', 'type'],
  [/^cli\/session\.ts$/, 'keystore/reader.ts', 'type'],
  [/^(?:main|start)\.ts$/, 'lifecycle/time.ts', 'value'],
  // One executable is both the command and what it starts to make a key.
  [/^sea\.ts$/, 'jose/rsa-racer.ts', 'value'],
  // `use` of an algorithm and of a key are one type.
  [/^jose\//, 'lifecycle/key.ts', 'type'],
];

function isAllowed({ from, to, isType }: Import): boolean {
  const [source, target] = [folderOf(from), folderOf(to)];
  if (source === target) return true;
  if (target === 'errors.ts') return source !== 'lifecycle';
  if (table[source]?.includes(target) === true) return true;
  return beyond.some(([one, path, what]) => one.test(from) && path === to && (what === 'value' || isType));
}

const describeImport = ({ from, to, isType }: Import): string => `${from} -> ${to}${isType ? ' (type)' : ''}`;

test('every folder is in the table', () => {
  expect(files.map(folderOf).filter((folder) => table[folder] === undefined)).toEqual([]);
});

test('imports point one way', () => {
  const ours = imports.filter(({ to }) => isOurs(to));
  expect(ours.length).toBeGreaterThan(100);
  expect(ours.filter((one) => !isAllowed(one)).map(describeImport)).toEqual([]);
});

test('no exception of the table is idle', () => {
  const idle = beyond.filter(
    ([from, to, what]) =>
      !imports.some((one) => from.test(one.from) && one.to === to && (what === 'type' || !one.isType)),
  );
  expect(idle.map(([from, to]) => `${from} -> ${to}`)).toEqual([]);
});

test.each([
  ['jose', /^jose\//],
  ['commander', /^cli\//],
  ['chalk', /^cli\//],
  ['ora', /^cli\//],
  ['cosmiconfig', /^cli\//],
  ['@clack/prompts', /^cli\//],
])('only its own folder imports %s', (name, where) => {
  const importers = imports.filter(({ to }) => !isOurs(to) && (to === name || to.startsWith(`${name}/`)));
  expect(importers.length).toBeGreaterThan(0);
  expect(importers.filter(({ from }) => !where.test(from)).map(describeImport)).toEqual([]);
});

test('the rules are pure: nothing from outside, and no clock', () => {
  const outside = imports.filter(
    ({ from, to }) => from.startsWith('lifecycle/') && !to.startsWith('lifecycle/'),
  );
  expect(outside.map(describeImport)).toEqual([]);
  const impure = files
    .filter((path) => path.startsWith('lifecycle/'))
    .filter((path) =>
      /\bDate\.now\b|new Date\(\s*\)|\bMath\.random\b|\bprocess\b|\bperformance\b/.test(codeOf(path)),
    );
  expect(impure).toEqual([]);
});

test('the clock is read at the edge only', () => {
  const readers = files.filter((path) => /\bDate\.now\b|new Date\(\s*\)/.test(codeOf(path)));
  expect(readers.filter((path) => !isEdge(path))).toEqual([]);
});

test('nothing ends the process but main', () => {
  // A child that makes an RSA key is a program of its own; its text is quoted in rsa-race.ts.
  const enders = files.filter((path) => /process\.exit\s*\(/.test(codeOf(path)));
  expect(enders.filter((path) => !/^(?:main|start)\.ts$/.test(path))).toEqual([]);
});

test('no any, no enum, no non-null assertion', () => {
  const loose = files.filter((path) =>
    /[:<|&,(]\s*any\b|\bas any\b|^\s*(?:export )?enum /m.test(codeOf(path)),
  );
  expect(loose).toEqual([]);
});

test('a file says on its first line what it owns, and is no longer than 250 lines', () => {
  expect(files.filter((path) => !/^(?:\/\/|\/\*\*) ?\S/.test(textOf(path)))).toEqual([]);
  const long = files.filter((path) => textOf(path).split('\n').length - 1 > 250);
  expect(long).toEqual([]);
});

test('files are named in kebab-case, and none is a drawer', () => {
  expect(files.filter((path) => !/^[a-z0-9/-]+\.ts$/.test(path))).toEqual([]);
  const drawers = /(?:^|\/)(?:utils?|helpers?|common|shared|types|misc|lib)(?:\.ts|\/)/;
  expect(files.filter((path) => drawers.test(path))).toEqual([]);
  expect(files.filter((path) => path.endsWith('/index.ts'))).toEqual([]);
});
