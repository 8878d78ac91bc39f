// What a user would run instead, where it is installed: openssl, Debian's jose, and supabase from npm.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bin, home, jwks, medians, milliseconds, runsOf, scratch } from './measure.js';
import { note, rivals } from './table.js';

const runs = runsOf(15);
const keys = 1_000;
const tokens = 200;
const there = new Map();

export function isThere(name) {
  if (!there.has(name)) there.set(name, spawnSync(name, ['--help'], { stdio: 'ignore' }).error === undefined);
  return there.get(name);
}

/** Why there is no figure: the tool has no such command, or is not installed. */
export const missing = (ways) =>
  Object.fromEntries(rivals.map((name) => [name, ways[name] === undefined ? '–' : 'not installed']));

/** Which they are, for the caption. */
export function describeRivals() {
  const say = (name, ...argv) => spawnSync(name, argv, { encoding: 'utf8' }).stdout?.trim() ?? '';
  const versions = {
    openssl: () => say('openssl', 'version').split(' ')[1],
    // It does not say itself.
    jose: () => /^Version: (.*)$/m.exec(say('dpkg', '-s', 'jose'))?.[1] ?? '',
    supabase: () => say('supabase', '--version'),
  };
  return rivals.map((name) => (isThere(name) ? `${name} ${versions[name]()}` : `no ${name}`)).join(', ');
}

/** The token that recipes for a shell make. */
const recipe = `
url() { openssl base64 -A | tr '+/' '-_' | tr -d =; }
input=$(printf %s '{"alg":"RS256","typ":"JWT"}' | url).$(url < claims.json)
printf '%s.%s\\n' "$input" "$(printf %s "$input" | openssl dgst -sha256 -sign rs.pem -binary | url)"`;
const loop = `while read -r line; do printf %s "$line" | jose jws sig -I - -k auth.jwk -c; echo; done`;

/** Files that all read, made by jwks itself. */
async function makeFiles(env) {
  const make = (...argv) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [bin, ...argv], { env, encoding: 'utf8' });
    if (status !== 0) throw new Error(`jwks ${argv.join(' ')}: ${stderr}`);
    return stdout;
  };
  const file = (name, text) => writeFileSync(join(scratch, name), text, { mode: 0o600 });
  make('create', '--alg', 'ES256', 'auth');
  make('create', '--alg', 'RS256', '--bits', '2048', 'rs');
  make('create', '--alg', 'ECDH-ES+A256KW', '--use', 'enc', 'mail');
  for (const set of ['auth', 'rs', 'mail'])
    file(`${set}.jwk`, JSON.stringify(JSON.parse(make('export', set, '--private', '--yes')).keys[0]));
  for (const set of ['auth', 'rs'])
    file(`${set}.pem`, make('convert', join(scratch, `${set}.jwk`), '--to', 'pkcs8', '--private'));
  file('auth.json', make('export', 'auth'));
  const claims = JSON.stringify({ iss: 'https://issuer.example', sub: 'alice', aud: 'api' });
  file('claims.json', claims);
  file('claims.ndjson', `${claims}\n`.repeat(tokens));
  file('token', make('sign', 'auth', '--claims', claims, '--exp', '1h').trim());
  file('mail.pub', make('convert', join(scratch, 'mail.jwk')));
  file('message.jwe', make('encrypt', 'mail', join(scratch, 'claims.json')).trim());
  const { x, y, ...key } = JSON.parse(readFileSync(join(scratch, 'auth.json'), 'utf8')).keys[0];
  // A point is not looked at by a thumbprint, so that one stands for many.
  const many = Array.from({ length: keys }, (_, n) => ({ ...key, x, y, kid: `k${n}` }));
  file('many.json', JSON.stringify({ keys: many }));
}

/** What is to be done, and the words for it: of jwks first. */
const jobs = [
  ['nothing: start Node', { node: ['-e', '0'] }, {}],
  ['print the version', ['--version'], { openssl: ['version'], supabase: ['--version'] }],
  ['show help', ['--help'], { openssl: ['help'], jose: ['--help'], supabase: ['--help'] }],
  [
    'make an ES256 key, sealed and stored',
    (run) => ['create', '--alg', 'ES256', `es-${run}`],
    {
      openssl: ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
      jose: ['jwk', 'gen', '-i', '{"alg":"ES256"}'],
      supabase: ['gen', 'signing-key', '--algorithm', 'ES256'],
    },
  ],
  [
    'make an Ed25519 key, sealed and stored',
    (run) => ['create', '--alg', 'Ed25519', `ed-${run}`],
    { openssl: ['genpkey', '-algorithm', 'ED25519'] },
  ],
  ['thumbprint of a key', ['thumbprint', 'auth.jwk'], { jose: ['jwk', 'thp', '-i', 'auth.jwk'] }],
  [`thumbprints of ${keys} keys`, ['thumbprint', 'many.json'], { jose: ['jwk', 'thp', '-i', 'many.json'] }],
  ['public half of a JWK', ['convert', 'auth.jwk'], { jose: ['jwk', 'pub', '-i', 'auth.jwk'] }],
  [
    'public half of a PEM key',
    ['convert', 'auth.pem', '--to', 'spki'],
    { openssl: ['pkey', '-in', 'auth.pem', '-pubout'] },
  ],
  [
    `public halves of ${keys} keys`,
    ['convert', 'many.json', '--to', 'jwks'],
    { jose: ['jwk', 'pub', '-i', 'many.json'] },
  ],
  ['private JWK to PEM', ['convert', 'auth.jwk', '--to', 'pkcs8', '--private'], {}],
  ['private PEM to JWK', ['convert', 'auth.pem', '--private'], {}],
  [
    'certificate of a key',
    ['convert', 'auth.pem', '--certificate', '--subject', 'CN=auth', '--to', 'pem'],
    { openssl: ['req', '-x509', '-new', '-key', 'auth.pem', '-subj', '/CN=auth', '-days', '365'] },
  ],
  [
    'sign a token, ES256',
    ['sign', 'auth', '--claims', '@claims.json'],
    { jose: ['jws', 'sig', '-I', 'claims.json', '-k', 'auth.jwk', '-c'] },
  ],
  [
    'sign a token, RS256',
    ['sign', 'rs', '--claims', '@claims.json'],
    { openssl: { shell: recipe }, jose: ['jws', 'sig', '-I', 'claims.json', '-k', 'rs.jwk', '-c'] },
  ],
  [
    `sign ${tokens} tokens, ES256`,
    { words: ['sign', 'auth', '--claims', '-'], stdin: 'claims.ndjson' },
    { jose: { shell: loop, stdin: 'claims.ndjson' } },
  ],
  [
    'verify a token, ES256',
    { words: ['verify', '--jwks', 'auth.json', '-'], stdin: 'token' },
    { jose: ['jws', 'ver', '-i', 'token', '-k', 'auth.json'] },
  ],
  [
    'encrypt, ECDH-ES+A256KW',
    ['encrypt', 'mail', 'claims.json'],
    { jose: ['jwe', 'enc', '-I', 'claims.json', '-k', 'mail.pub', '-c'] },
  ],
  [
    'decrypt, ECDH-ES+A256KW',
    ['decrypt', 'mail', 'message.jwe'],
    { jose: ['jwe', 'dec', '-i', 'message.jwe', '-k', 'mail.jwk'] },
  ],
];

/** Words alone, or words or a shell's script with what they read. */
function toCommand(command, how, env) {
  const { words = how, shell, node, stdin: name } = Array.isArray(how) ? {} : how;
  if (node !== undefined) return { command: process.execPath, argv: node, env };
  const stdin = name === undefined ? undefined : join(scratch, name);
  if (shell !== undefined) return { command: 'sh', argv: ['-c', shell], env, stdin };
  // jose ends with 1 after its help.
  const statuses = command === 'jose' && words[0] === '--help' ? [0, 1] : [0];
  const { command: file, argv } = command === 'jwks' ? jwks(env, ...words) : { command, argv: words };
  return { command: file, argv, env, stdin, statuses };
}

export async function compareRivals() {
  const env = home('rivals');
  await makeFiles(env);
  console.log(
    `\nagainst what a user would run instead, median of ${runs}; in brackets what jwks takes of it`,
  );
  for (const [job, ours, ways] of jobs) {
    const present = Object.keys(ways).filter(isThere);
    const own = (run) => toCommand('jwks', typeof ours === 'function' ? ours(run) : ours, env);
    const [time, ...theirTimes] = await medians(
      [own, ...present.map((name) => toCommand(name, ways[name], env))],
      runs,
    );
    const theirs = {
      ...missing(ways),
      ...Object.fromEntries(present.map((name, at) => [name, theirTimes[at]])),
    };
    const told = present.map(
      (name, at) => `${name} ${milliseconds(theirTimes[at])} (${(time / theirTimes[at]).toFixed(2)})`,
    );
    console.log(`  ${job.padEnd(38)} ${milliseconds(time).padStart(11)}   ${told.join('   ')}`);
    note({ job, time, theirs });
  }
}
