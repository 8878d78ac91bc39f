// The examples of all helps, as a shell takes them: those that want nothing but a keystore and files are run, the
// others at least read. JWKS_FAULTS=more runs all of them, otherwise every third.
import { copyFileSync, cpSync, rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { loadProgram } from '../../src/cli/program.ts';
import { readProgram } from '../../src/cli/reference/generate.ts';
import type { Page } from '../../src/cli/reference/page.ts';
import { ofExtent } from '../support/extent.ts';
import { beforehand, newShell, type Shell, sh } from '../support/shell.ts';

const withBelow = (page: Page): Page[] => [page, ...page.below.flatMap(withBelow)];
const all = (await readProgram()).below.flatMap(withBelow).flatMap(({ examples }) => examples);
const lines = [...new Set(all)];
/** They want a network, a database, a person, or stay. */
const isElsewhere = (line: string) => /https:|postgres:|--passphrase$|jwks serve/.test(line);
/** Those that are run. */
const run = lines.filter((line, index) => !isElsewhere(line) && index % ofExtent({ few: 3, more: 1 }) === 0);
/** What a line wants besides, or to be away. */
const before: readonly (readonly [RegExp, string])[] = [
  [/secret remove/, 'jwks secret add --new-secret-file ci-secret --label ci'],
  [/secret change --new/, 'rm secret'],
  [/--drop/, 'jwks secret add --new-secret-file theirs --label former-colleague'],
  [/\.\/backup$/, 'jwks secret add --new-secret-file theirs\nmv theirs backup'],
];
/** Places of the examples that a test cannot write to. */
const here = (line: string) => line.replaceAll(/(?<=[ =])\/(?=srv|mnt|root|var)/g, './');

/** A machine with what the examples name. */
async function prepare(): Promise<Shell> {
  const prepared = newShell();
  const { status, stderr } = await sh(
    prepared,
    `set -e
    echo hello > letter.txt
    openssl genpkey -algorithm ED25519 -out key.pem
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out recovery.pem
    openssl pkey -in recovery.pem -pubout -out recovery.pub.pem
    cp recovery.pub.pem escrow.pub.pem
    printf '{"sub":"a"}\\n{"sub":"b"}\\n' > claims.ndjson
    mkdir -p srv mnt/safe root var/www/.well-known .config/fish/completions
    `,
  );
  expect(status, stderr).toBe(0);
  await beforehand(
    prepared,
    'create -q --alg ES256 auth k-2025',
    'rotate -q auth --now',
    'create -q --alg ECDH-ES mail',
    'policy -q auth --rotate-every 90d',
    'encrypt mail letter.txt -o letter.jwe',
    'convert key.pem --private --to jwk -o key.jwk',
    'secret generate -o secret',
    'init -q --keystore other --secret-file secret',
    'create -q --keystore other --secret-file secret --alg ES256 old',
    'export old --keystore other --secret-file secret --private --yes -o old.jwks.json',
    'sign auth -o token.txt',
    'backup backup.json',
  );
  copyFileSync(`${prepared.home}/.config/jwks/secret`, `${prepared.home}/mine`);
  // What this host has seen names the directory that is copied.
  rmSync(`${prepared.home}/.local/state`, { recursive: true });
  return prepared;
}

test('examples do what they are for', { timeout: 120_000 }, async () => {
  const prepared = await prepare();
  const failed: string[] = [];
  for (const line of run) {
    // Each on a machine of its own, since some take away what others need.
    const shell = newShell();
    cpSync(prepared.home, shell.home, { recursive: true });
    const first = before.flatMap(([one, script]) => (one.test(line) ? [script] : []));
    const target = / -o (\S+)/.exec(line)?.[1];
    // What is private replaces no file.
    if (target !== undefined) first.push(`rm -f ${here(target)}`);
    const asks = /^jwks (?:delete|secret remove)/.test(line) ? ' --yes' : '';
    const script = ['TOKEN=$(cat token.txt)', ...first, `${here(line)}${asks}`].join('\n');
    const { status, stderr } = await sh(shell, script);
    if (status !== 0) failed.push(`${line}: exit ${status}\n${stderr}`);
  }
  expect(failed).toEqual([]);
});

test.each(lines.filter(isElsewhere))('%s (only read)', async (line) => {
  const words = line
    .replace(/^.*?\bjwks /, '')
    .replace(/ [<>] .*$/, '')
    .split(' ');
  const seen: string[] = [];
  const program = await loadProgram(words, '', async (command) => void seen.push(command.name()));
  await program.parseAsync(words, { from: 'user' });
  expect(seen).toEqual([words[0]]);
});
