// What is in the tarball and what is not: its files, its size, its types, the licences and the bill of what is bundled.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { publint } from 'publint';
import { afterAll, describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../support/temporary.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

const directory = mkdtempSync(join(tmpdir(), 'jwks-pack-'));
afterAll(() => rmSync(directory, { recursive: true }));
const packed = pack();

function pack(): Packed {
  const argv = ['pack', root, '--json', '--ignore-scripts', '--pack-destination', directory];
  const [packed] = JSON.parse(execFileSync('npm', argv, { encoding: 'utf8' })) as Packed[];
  if (packed === undefined) throw new Error('npm packed nothing');
  return packed;
}

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly version: string;
    readonly properties?: readonly { readonly name: string; readonly value: string }[];
  }[];
}

/** What a script of the build gives, as JSON. */
function ofScript(script: string, expression: string): unknown {
  const program = `import * as it from './scripts/${script}'; console.log(JSON.stringify(${expression}))`;
  return JSON.parse(
    execFileSync(process.execPath, ['--input-type=module', '-e', program], { cwd: root, encoding: 'utf8' }),
  );
}

/** Every file is of one of these kinds. */
const kinds = [
  /^(?:package\.json|README\.md|CHANGELOG\.md|SECURITY\.md|LICENSE)$/,
  /^bin\/(?:jwks\.js|package\.json)$/,
  /^dist\/(?:main\.cjs|start\.cjs|index\.js|THIRD-PARTY-LICENSES\.txt|sbom\.cdx\.json)$/,
  /^dist\/command\/[\w.-]+\.cjs$/,
  /^dist\/types\/(?:index|errors|(?:jose|keystore|lifecycle)\/[a-z-]+)\.d\.ts$/,
  /^dist\/man\/[\w.-]+\.\d$/,
  /^docs\/[\w/.-]+\.(?:md|svg)$/,
  /^examples\/[\w/.-]+$/,
];

describe('the tarball', () => {
  const { files, size } = packed;
  const paths = files.map(({ path }) => path);

  test('holds what is needed, and no more', () => {
    expect(paths.filter((path) => !kinds.some((kind) => kind.test(path)))).toEqual([]);
    // Code that is compiled, maps, tests and scratch are in no kind, but a folder that is taken whole may get them.
    expect(paths.filter((path) => /\.(?:cache|map|tgz|log|ts\.snap)$|\.test\./.test(path))).toEqual([]);
    expect(paths.filter((path) => /^dist\/types\//.test(path)).length).toBeLessThan(20);
  });

  test('has what others need to use and to pass on the code', () => {
    for (const path of [
      'LICENSE',
      'README.md',
      'dist/THIRD-PARTY-LICENSES.txt',
      'dist/sbom.cdx.json',
      'bin/jwks.js',
    ])
      expect(paths).toContain(path);
    expect(textOf('LICENSE')).toContain('Apache License');
    expect(files.find(({ path }) => path === 'bin/jwks.js')?.mode).toBe(0o755);
  });

  test('is small, and as large as docs/install.md says', () => {
    expect(size).toBeLessThan(700_000);
    const figure = (text: string) => Number(/(\d+) kB packed/.exec(text)?.[1]);
    const printed = execFileSync(process.execPath, ['scripts/pack-size.js'], { cwd: root, encoding: 'utf8' });
    expect(figure(printed)).toBe(Math.round(size / 1000));
    expect(Math.abs(figure(textOf('docs/install.md')) / figure(printed) - 1)).toBeLessThan(0.1);
  });
});

test('publint and arethetypeswrong find nothing', { timeout: 60_000 }, async () => {
  const path = join(directory, packed.filename);
  const tarball = Uint8Array.from(readFileSync(path)).buffer;
  expect((await publint({ pack: { tarball }, strict: true })).messages).toEqual([]);
  const cli = createRequire(import.meta.url)
    .resolve('@arethetypeswrong/cli/package.json')
    .replace('package.json', 'dist/index.js');
  // Each Node that is supported can require() an ES module.
  const argv = [cli, path, '--ignore-rules', 'cjs-resolves-to-esm', '--format', 'ascii', '--no-color'];
  const { stdout, status } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  expect(stdout).toContain('No problems found');
  expect(status).toBe(0);
});

describe('what is bundled', () => {
  const bill = JSON.parse(textOf('dist/sbom.cdx.json')) as Bill;
  const isBundled = ({ properties = [] }: Bill['components'][number]) =>
    properties.some(({ name, value }) => name === 'cdx:npm:package:bundled' && value === 'true');
  const bundled = bill.components.filter(isBundled);

  test('has its licences in the package', () => {
    const notices = textOf('dist/THIRD-PARTY-LICENSES.txt');
    const named = [...notices.matchAll(/^((?:@[\w-]+\/)?[\w.-]+) (\d[\w.+-]*) \([\w. -]+\)$/gm)];
    expect(named.map(([, name, version]) => `${name}@${version}`).sort()).toEqual(
      bundled.map(({ name, version }) => `${name}@${version}`).sort(),
    );
    for (const name of ['commander', 'jose', 'valibot', '@peculiar/x509'])
      expect(named.map(([, one]) => one)).toContain(name);
    expect(notices.match(/Permission is hereby granted/gi)?.length).toBeGreaterThan(10);
  });

  test('is in the bill of materials, as is what npm installs', () => {
    expect(bill.components.map(({ name }) => name)).toContain('jose');
    expect(bundled.length).toBeGreaterThan(30);
    // What the tests and the build use is in nobody's hands.
    for (const name of ['vitest', 'rolldown', 'typescript', 'pg'])
      expect(bill.components.map((one) => one.name)).not.toContain(name);
  });

  test('is told in valid CycloneDX', async () => {
    const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot5);
    expect(await validator.validate(textOf('dist/sbom.cdx.json'))).toBeNull();
  });

  test('is told the same by each build of it', () => {
    const packages = JSON.stringify(bundled.map(({ name, version }) => ({ name, version })));
    expect(ofScript('sbom.js', `it.makeSbom(${packages})`)).toEqual(bill);
    expect(textOf('dist/sbom.cdx.json')).not.toMatch(/\d{4}-\d\d-\d\dT|\/(?:tmp|home|work)\//);
  });

  test.each([
    ['GPL-3.0', 'some text', /fake@1\.0\.0: licence GPL-3\.0 is not known as permissive/],
    ['MIT AND GPL-3.0', 'some text', /not known as permissive/],
    [undefined, 'some text', /licence undefined is not known/],
    ['MIT', undefined, /fake@1\.0\.0: it has no licence text/],
  ])('fails the build under licence %s with text %s', (license, text, message) => {
    const directory = join(temporaryDirectory(), 'fake');
    mkdirSync(directory);
    writeFileSync(
      join(directory, 'package.json'),
      JSON.stringify({ name: 'fake', version: '1.0.0', license }),
    );
    if (text !== undefined) writeFileSync(join(directory, 'LICENSE'), text);
    const found = `(() => { try { return it.describePackages(['${directory}']) } catch (error) { return error.message } })()`;
    expect(ofScript('third-party.js', found)).toMatch(message);
  });
});
