// Makes a keystore with all that an old build can do, over a year, and notes what that build says of it.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine, toList } from './build.js';

export const long = 'é'.repeat(100);
/** All secrets at hand, as options of what seals anew. */
export function secretsOf({ done }) {
  const others = ['other', 'phrase'].filter((name) => done.has(`secret-${name}`));
  return ['.config/jwks/secret', ...others].flatMap((file) => ['--secret-file', file]);
}

/** Days back, and words; `needs` names a file that only some machines can make. */
const deeds = [
  [300, 'create rsa --alg RS256 --bits 2048 --note first'],
  [300, 'create ec --alg ES256'],
  [300, 'create ec second --alg ES256'],
  [300, 'create hmac --alg HS256'],
  [300, 'create seal --alg ECDH-ES+A256KW'],
  [300, 'create doomed --alg ES256'],
  [300, ['create', 'Über/ tenant:1', '--alg', 'EdDSA']],
  [300, ['create', long, '--alg', 'ES256']],
  [290, 'import taken imported.pem --alg ES256'],
  [290, 'import taken public.jwk --alg ES256'],
  [290, 'import certified certified.pem --alg ES256', 'certified.pem'],
  [290, 'policy rsa --rotate-every 90d --token-ttl 12h --verifier-cache 2d'],
  [280, 'policy rsa --verifier-cache 1h'],
  [280, 'policy hmac --destroy-retiring --alg HS256'],
  [150, 'rotate rsa ec hmac seal'],
  [150, 'rotate taken'],
  [140, 'rotate --due'],
  [139, 'rotate ec'],
  [138, 'rotate ec --cancel'],
  [100, 'rotate --due'],
  [60, 'revoke ec --signer --reason superseded --note why'],
  [60, 'delete doomed'],
  [50, ['secret', 'add', '--new-secret-file', 'other', '--label', 'other']],
  [50, ['secret', 'add', '--new-secret-file', 'phrase', '--label', 'phrase']],
  [50, 'secret add --recipient recipient.pub.pem --label recipient'],
  [40, 'secret change'],
  [30, ['rekey', '--format', 'json']],
  [20, ['rekey', '--format', 'json', '--new-identity']],
  [10, 'rotate --due'],
  [1, 'rotate rsa'],
];

/** Files that the commands take. */
export function prepareFiles(home) {
  mkdirSync(home, { recursive: true });
  const write = (name, text) => writeFileSync(join(home, name), text, { mode: 0o600 });
  const pem = { type: 'pkcs8', format: 'pem' };
  const spki = { type: 'spki', format: 'pem' };
  const pair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const recipient = pair();
  write('recipient.pem', recipient.privateKey.export(pem));
  write('recipient.pub.pem', recipient.publicKey.export(spki));
  write('imported.pem', pair().privateKey.export(pem));
  write('public.jwk', JSON.stringify({ ...pair().publicKey.export({ format: 'jwk' }), kid: 'public-only' }));
  write('phrase', 'a passphrase of a test\n');
  write('plain.txt', 'what was encrypted');
  try {
    const words =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=test -days 9999 -keyout k.pem -out c.pem';
    execFileSync('openssl', words.split(' '), { cwd: home, stdio: 'ignore' });
    write('certified.pem', ['k.pem', 'c.pem'].map((name) => readFileSync(join(home, name))).join(''));
  } catch {
    // Without openssl there is no key with a certificate.
  }
}

/** `how.identity`, `how.passphrase`: other than usual. Returns what the build says of what it has made. */
export async function makeOldKeystore(build, { identity = 'EdDSA', passphrase = false } = {}) {
  const { home } = build;
  const at = (name) => join(home, name);
  prepareFiles(home);
  mkdirSync(at('.config/jwks'), { recursive: true, mode: 0o700 });
  const secret = passphrase ? 'the passphrase of a test\n' : (await build.run('secret generate')).stdout;
  writeFileSync(at('.config/jwks/secret'), secret, { mode: 0o600 });
  let fingerprint = (await build.json(`init --format json --identity-alg ${identity}`, { back: 301 }))
    .identity;
  const done = new Set(['init']);
  const failed = [];
  for (const [back, words, needs] of deeds) {
    if (needs !== undefined && !existsSync(at(needs))) continue;
    const [verb, second] = toList(words);
    const list = [...toList(words), ...(verb === 'rekey' ? secretsOf({ done }) : [])];
    const name = verb === 'secret' ? `secret-${second === 'add' ? list.at(-1) : second}` : verb;
    const { status, stdout, stderr } = await build.run([...list, '-y', '--no-input'], { back });
    if (status === 0) done.add(name);
    if (status === 0 && verb === 'rekey') fingerprint = JSON.parse(stdout).identity;
    if (status !== 0 && status !== 2) failed.push(`${name}: ${lastLine(stderr)}`);
  }
  cpSync(at('.local/share/jwks'), at('earlier'), { recursive: true });
  await build.run('create ec --alg ES256', { back: 1 });
  const record = { fingerprint, done, failed, sets: [], signed: [] };
  const { sets } = await build.json('list --format json --all');
  for (const { set } of sets) record.sets.push(await describeSet(build, set));
  await noteMore(build, record);
  return record;
}

async function describeSet(build, set) {
  const keysOf = async (...more) => {
    const { status, stdout } = await build.run(['export', set, ...more]);
    return status === 0 ? JSON.parse(stdout).keys : undefined;
  };
  return { set, publicKeys: await keysOf(), privateKeys: await keysOf('--private') };
}

/** What only some builds can. */
async function noteMore(build, record) {
  const history = await build.run('history --format json');
  record.events = history.status === 0 ? JSON.parse(history.stdout).events : [];
  for (const set of ['rsa', 'ec', 'hmac']) {
    const { status, stdout } = await build.run(`sign ${set} --sub alice --exp 5m`);
    if (status === 0) record.signed.push([set, stdout.trim()]);
  }
  for (const words of [
    'encrypt seal plain.txt -o sealed.txt',
    'backup plain.backup',
    'backup sealed.backup --recipient recipient.pub.pem',
  ]) {
    const { status } = await build.run(words);
    if (status === 0) record.done.add(words.split(' ').slice(0, 2).join(' '));
  }
}
