// The samples of test/fixtures/keystores: one of each form that a document ever had, by a commit that wrote it.
import { generateKeyPairSync } from 'node:crypto';
import { cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { lastLine, toList } from './build.js';
import { long, prepareFiles } from './old-keystore.js';

const both = '--secret-file .config/jwks/secret';

/** `deeds`: days back, words, and before which link(2) it dies. `kept`: files beside the keystore. */
export const samples = [
  {
    name: 'first',
    commit: '23f2de4',
    deeds: [
      [30, 'create rsa --alg RS256 --bits 2048 --note why'],
      [20, 'create ec --alg ES256'],
      [10, 'create ec second --alg ES256'],
      [10, 'create hmac --alg HS256'],
      [10, 'create seal --alg ECDH-ES+A256KW'],
      [10, ['create', 'Über/ tenant:1', '--alg', 'EdDSA']],
      [10, ['create', long, '--alg', 'ES256']],
    ],
  },
  {
    name: 'es256-and-passphrase',
    commit: '23f2de4',
    identity: 'ES256',
    passphrase: true,
    deeds: [[10, 'create ec --alg ES256']],
  },
  {
    name: 'state-by-lines',
    commit: 'baacd98',
    deeds: [
      [10, 'create ec --alg ES256'],
      [9, 'create hmac --alg HS256'],
    ],
  },
  {
    name: 'life-of-keys',
    commit: '55cbde0',
    deeds: [
      [300, 'create ec --alg ES256'],
      [300, 'create hmac --alg HS256'],
      [300, 'create gone --alg ES256'],
      [290, 'policy ec --rotate-every 90d --token-ttl 12h --verifier-cache 2d'],
      [280, 'policy ec --verifier-cache 1h --published-at {place}'],
      [280, 'policy hmac --destroy-retiring --alg HS256'],
      [200, 'rotate ec hmac'],
      [199, 'export ec -o served.json'],
      [199, 'rotate --due'],
      [150, 'rotate --due'],
      [140, 'rotate ec'],
      [139, 'rotate ec --cancel'],
      [60, 'revoke ec --signer --reason superseded --note why'],
      [50, 'delete gone'],
      [1, 'rotate hmac'],
    ],
  },
  {
    name: 'imported',
    commit: 'e2bb614',
    deeds: [
      [90, 'import taken imported.pem --alg ES256'],
      [80, 'import taken public.jwk --alg ES256'],
      [70, 'import certified certified.pem --alg ES256'],
    ],
  },
  {
    name: 'secrets',
    commit: '3dd8b0b',
    kept: ['phrase', 'recipient.pem', 'x25519.pem', 'rsa.pem'],
    deeds: [
      [40, 'create ec --alg ES256'],
      [30, 'secret add --new-secret-file phrase --label phrase'],
      [20, 'secret add --recipient recipient.pub.pem --label p-256'],
      [20, 'secret add --recipient x25519.pub.pem --label x25519'],
      [20, 'secret add --recipient rsa.pub.pem --label rsa'],
      [10, 'create ec --alg ES256'],
    ],
  },
  {
    name: 'rekeyed',
    commit: '83b6a9f',
    deeds: [
      [40, 'create ec --alg ES256'],
      [40, 'create gone --alg ES256'],
      [30, 'delete gone'],
      [20, `rekey ${both}`],
      [10, `rekey --new-identity ${both}`],
    ],
  },
  {
    name: 'rekey-begun',
    commit: 'f36b175',
    deeds: [
      [40, 'create ec --alg ES256'],
      [40, 'create other --alg ES256'],
      [10, `rekey --new-identity ${both}`, 3],
    ],
  },
  {
    name: 'secret-change-begun-by-label',
    commit: '3dd8b0b',
    deeds: [
      [40, 'create ec --alg ES256'],
      [10, 'secret change', 3],
    ],
  },
  {
    name: 'backups',
    commit: '5dfef40',
    kept: ['recipient.pem', 'plain.backup', 'sealed.backup'],
    deeds: [
      [40, 'create ec --alg ES256'],
      [30, 'create hmac --alg HS256'],
      [20, ['create', long, '--alg', 'ES256']],
      [10, 'backup plain.backup'],
      [10, 'backup sealed.backup --recipient recipient.pub.pem'],
    ],
  },
  {
    name: 'secret-changed',
    commit: '4d018e5',
    deeds: [
      [40, 'create ec --alg ES256'],
      [10, 'secret change'],
    ],
  },
  {
    name: 'secret-change-begun',
    commit: '4d018e5',
    deeds: [
      [40, 'create ec --alg ES256'],
      [10, 'secret change', 3],
    ],
  },
  {
    name: 'stand-in',
    commit: '4d018e5',
    deeds: [
      [40, 'create ec --alg ES256'],
      [30, ['create', long, '--alg', 'ES256'], 1],
      [10, `rekey ${both}`],
    ],
  },
];

/** Into `directory`, which is missing. `build` is of the sample's commit. */
export async function makeSample(build, { name, commit, kept = [], deeds, ...how }, directory) {
  const { home } = build;
  const at = (path) => join(home, path);
  prepareFiles(home);
  prepareRecipients(home);
  mkdirSync(at('.config/jwks'), { recursive: true, mode: 0o700 });
  const secret =
    how.passphrase === true ? 'the passphrase of a test\n' : (await build.run('secret generate')).stdout;
  writeFileSync(at('.config/jwks/secret'), secret, { mode: 0o600 });
  await build.run(`init --identity-alg ${how.identity ?? 'EdDSA'}`, { back: 301 });
  const server = createServer((_, answer) => answer.end(readFileSync(at('served.json'))));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const place = `http://127.0.0.1:${server.address().port}/jwks.json`;
  for (const [back, words, die] of deeds) {
    const list = toList(words).map((word) => word.replace('{place}', place));
    const { status, stderr } = await build.run([...list, '-y', '--no-input'], { back, die });
    if (status !== (die === undefined ? 0 : 'SIGKILL'))
      throw new Error(`${name}: ${list.slice(0, 3).join(' ')}: ${status}, ${lastLine(stderr)}`);
  }
  server.close();
  const made = new Date();
  made.setUTCMilliseconds(0);
  const { status, stdout } = await build.run('export --all --allow-empty');
  if (status !== 0) throw new Error(`${name}: it does not export`);
  const revisions = readdirSync(at('.local/share/jwks/master')).map((file) => Number.parseInt(file, 10) || 0);
  const newest = readFileSync(at(`.local/share/jwks/master/${Math.max(...revisions)}.json`), 'utf8');
  const { kid: identity } = JSON.parse(Buffer.from(JSON.parse(newest).protected, 'base64url'));
  mkdirSync(directory, { recursive: true });
  cpSync(at('.local/share/jwks'), join(directory, 'keystore'), { recursive: true });
  for (const file of readdirSync(at('.config/jwks')))
    cpSync(at(`.config/jwks/${file}`), join(directory, file));
  for (const file of kept) cpSync(at(file), join(directory, file));
  cpSync(at('state/jwks'), join(directory, 'state'), { recursive: true });
  writeFileSync(join(directory, 'public.jwks.json'), stdout);
  const about = {
    commit,
    made: made.toISOString().replace('.000', ''),
    identity,
    place: at('.local/share/jwks'),
    deeds: deeds.map(([back, words, die]) => ({ back, words: toList(words), die })),
  };
  writeFileSync(join(directory, 'sample.json'), `${JSON.stringify(about, undefined, 2)}\n`);
}

function prepareRecipients(home) {
  const kinds = { x25519: ['x25519', {}], rsa: ['rsa', { modulusLength: 2048 }] };
  for (const [name, [type, options]] of Object.entries(kinds)) {
    const { privateKey, publicKey } = generateKeyPairSync(type, options);
    const pem = (key, form) => key.export({ type: form, format: 'pem' });
    writeFileSync(join(home, `${name}.pem`), pem(privateKey, 'pkcs8'), { mode: 0o600 });
    writeFileSync(join(home, `${name}.pub.pem`), pem(publicKey, 'spki'));
  }
}
