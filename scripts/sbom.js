// The bill of materials (CycloneDX 1.5): npm's own, of what is installed with the package or bundled into it. It is
// the same for the same commit: no time, no random number, nothing of the machine that builds.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * The document, of bundled `packages` (name and version), of the dependencies that npm installs, and of components
 * that npm knows nothing of.
 */
export function makeSbom(packages, others = []) {
  const own = JSON.parse(readFileSync('package.json', 'utf8'));
  const all = readNpm();
  const bundled = new Set(packages.map(({ name, version }) => `${name}@${version}`));
  const edges = new Map(all.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]));
  const root = all.metadata.component['bom-ref'];
  const direct = (edges.get(root) ?? []).filter((ref) => nameOf(ref) in own.dependencies || bundled.has(ref));
  const kept = reached(direct, bundled, edges);
  const known = new Map(all.components.map((component) => [component['bom-ref'], component]));
  for (const ref of kept)
    if (!known.has(ref)) throw new Error(`${ref} is bundled, and package-lock.json has none`);

  const { name, version, description, license } = own;
  const purl = `pkg:npm/${name}@${version}`;
  const licenses = [{ license: { id: license } }];
  const document = {
    $schema: all.$schema,
    bomFormat: all.bomFormat,
    specVersion: all.specVersion,
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      tools: [{ vendor: 'npm', name: 'cli' }],
      // npm has the name of the directory for ours.
      component: { 'bom-ref': root, type: 'application', name, version, description, purl, licenses },
    },
    components: [...[...kept].sort().map((ref) => toComponent(known.get(ref), bundled.has(ref))), ...others],
    dependencies: [root, ...[...kept].sort()].map((ref) => {
      const dependsOn = ref === root ? direct : (edges.get(ref) ?? []).filter((one) => kept.has(one));
      return { ref, dependsOn: [...dependsOn].sort() };
    }),
  };
  return withSerialNumber(document);
}

/** From the lock file: what happens to be installed says nothing. */
function readNpm() {
  const words = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const cli = process.env.npm_execpath;
  const [command, argv] = cli?.endsWith('.js') ? [process.execPath, [cli, ...words]] : ['npm', words];
  return JSON.parse(execFileSync(command, argv, { encoding: 'utf8', maxBuffer: 2 ** 26 }));
}

/** What is bundled, and all that is installed: a bundled package's own dependencies are there if they are in it. */
function reached(direct, bundled, edges) {
  const kept = new Set(bundled);
  const walk = (ref) => {
    if (kept.has(ref)) return;
    kept.add(ref);
    for (const next of edges.get(ref) ?? []) walk(next);
  };
  for (const ref of direct) walk(ref);
  return kept;
}

/** Other versions of npm say more or less of the same package. */
function toComponent(component, isBundled) {
  const { 'bom-ref': ref, type, name, version, purl, hashes, licenses } = component;
  const properties = isBundled ? [{ name: 'cdx:npm:package:bundled', value: 'true' }] : undefined;
  return { 'bom-ref': ref, type, name, version, scope: 'required', hashes, licenses, purl, properties };
}

/** A UUID of version 8 (RFC 9562 5.8) from the rest of the document. */
function withSerialNumber(document) {
  const hash = createHash('sha256').update(JSON.stringify(document)).digest();
  hash[6] = (hash[6] & 0x0f) | 0x80;
  hash[8] = (hash[8] & 0x3f) | 0x80;
  const uuid = hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  const { $schema, bomFormat, specVersion, ...rest } = document;
  return { $schema, bomFormat, specVersion, serialNumber: `urn:uuid:${uuid}`, ...rest };
}

function nameOf(ref) {
  return ref.slice(0, ref.lastIndexOf('@'));
}
