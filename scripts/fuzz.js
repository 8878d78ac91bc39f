// Reads and proves mutated keys for a minute (or `npm run fuzz -- SECONDS [SEED]`): whatever comes, a key is proved or
// refused by an error of ours, within five seconds. A worker does it, so that one that hangs is seen.
import { execFileSync } from 'node:child_process';
import { createCipheriv, generateKeyPairSync, pbkdf2Sync, randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const longest = 5_000;
const passphrase = 'correct horse battery staple';

async function watch() {
  const seconds = Number(process.argv[2] ?? 60);
  const seed = Number(process.argv[3] ?? randomInt(2 ** 31));
  const directory = mkdtempSync(join(tmpdir(), 'jwks-fuzz-'));
  console.log(`fuzz: seed ${seed}, ${seconds} s`);
  try {
    await bundle(directory);
    const corpus = makeCorpus(directory);
    const started = performance.now();
    const worker = new Worker(new URL(import.meta.url), { workerData: { directory, corpus, seed, seconds } });
    let [runs, heard, last] = [0, performance.now(), undefined];
    const outcome = await new Promise((resolve) => {
      const timer = setInterval(() => {
        if (performance.now() - heard > longest)
          resolve({ fault: `run ${runs + 1} takes longer than ${longest} ms` });
      }, 100);
      worker.on('message', (message) => {
        heard = performance.now();
        if (message.input !== undefined) last = message.input;
        if (message.runs !== undefined) runs = message.runs;
        if (message.end !== undefined) resolve(message.end);
      });
      worker.on('error', (error) => resolve({ fault: `the worker died: ${error.message}` }));
      worker.on('exit', () => clearInterval(timer));
    });
    await worker.terminate();
    const { fault, proved = 0, refused = 0, slowest = 0 } = outcome;
    const took = ((performance.now() - started) / 1000).toFixed(1);
    console.log(
      `fuzz: ${runs} runs in ${took} s from ${corpus.length} files: ${proved} proved, ${refused} refused, ` +
        `the slowest took ${slowest.toFixed(0)} ms`,
    );
    if (fault !== undefined) {
      const file = join(tmpdir(), `jwks-fuzz-${seed}-${runs + 1}`);
      writeFileSync(file, last ?? '', { mode: 0o600 });
      console.error(`fuzz: ${fault}\nfuzz: the input is ${file}`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

async function bundle(directory) {
  const { rolldown } = await import('rolldown');
  const source = (path) => fileURLToPath(new URL(`../src/jose/${path}`, import.meta.url));
  const built = await rolldown({
    input: { read: source('read/read-keys.ts'), prove: source('prove/prove-key.ts') },
    platform: 'node',
    external: [/^node:/],
  });
  const names = { entryFileNames: '[name].mjs', chunkFileNames: '[name].mjs' };
  await built.write({ dir: directory, format: 'esm', ...names });
}

async function fuzz({ directory, corpus, seed, seconds }) {
  const load = (name) => import(pathToFileURL(join(directory, name)).href);
  const [{ readKeys }, { proveKeys }] = [await load('read.mjs'), await load('prove.mjs')];
  const random = mulberry32(seed);
  const [until, counts] = [performance.now() + 1000 * seconds, { proved: 0, refused: 0, slowest: 0 }];
  let runs = 0;
  for (let end; end === undefined; runs++) {
    const input = mutate(Buffer.from(pick(corpus, random)), corpus, random);
    parentPort.postMessage({ runs, input });
    const started = performance.now();
    const fault = await tryOne(input);
    counts.slowest = Math.max(counts.slowest, performance.now() - started);
    if (fault !== undefined || performance.now() > until) end = { ...counts, fault };
    if (end !== undefined) parentPort.postMessage({ runs: runs + 1, end });
  }

  async function tryOne(input) {
    try {
      const found = await readKeys(input, 'fuzz', { passphrase: async () => passphrase });
      for (const key of await proveKeys(found)) {
        counts.proved++;
        if (!key.isPrivate && /"(?:d|p|q|k|priv)":/.test(JSON.stringify(key.jwk)))
          return 'a public key has a private member';
      }
    } catch (error) {
      counts.refused++;
      const isOurs = error.name === 'JwksError' && ['bad-key', 'secret', 'unsupported'].includes(error.code);
      if (!isOurs) return `${error.name} (${error.code}): ${error.message}\n${error.stack}`;
      // Ours are a name, a place and words: whatever else is there was quoted.
      if (!/^[\x20-\x7e]*$/.test(error.message) || /[\w+/-]{44}/.test(error.message))
        return `a message quotes: ${error.message}`;
    }
    return undefined;
  }
}

/** Keys of every format; those of programs that are not installed are left out. */
function makeCorpus(directory) {
  const corpus = [];
  const kinds = [
    ['ec', { namedCurve: 'P-256' }],
    ['ec', { namedCurve: 'P-521' }],
    ['ed25519', {}],
    ['x25519', {}],
    ['ed448', {}],
    ['rsa', { modulusLength: 2048 }],
  ];
  const jwks = [];
  for (const [type, options] of kinds) {
    const { privateKey, publicKey } = generateKeyPairSync(type, options);
    for (const format of ['pem', 'der']) {
      corpus.push(privateKey.export({ format, type: 'pkcs8' }), publicKey.export({ format, type: 'spki' }));
    }
    corpus.push(privateKey.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }));
    if (type === 'rsa') {
      corpus.push(privateKey.export({ format: 'pem', type: 'pkcs1', cipher: 'aes-128-cbc', passphrase }));
      corpus.push(
        privateKey.export({ format: 'pem', type: 'pkcs1' }),
        publicKey.export({ format: 'pem', type: 'pkcs1' }),
      );
    }
    if (type === 'ec') corpus.push(privateKey.export({ format: 'pem', type: 'sec1' }));
    jwks.push(privateKey.export({ format: 'jwk' }), publicKey.export({ format: 'jwk' }));
  }
  jwks.push({ kty: 'oct', k: randomBytes(32).toString('base64url') });
  const { n, e, d } = jwks.find((jwk) => jwk.kty === 'RSA');
  corpus.push(...jwks.map((jwk) => JSON.stringify(jwk)), JSON.stringify({ kty: 'RSA', n, e, d }));
  const named = jwks.map((jwk, index) => ({
    ...jwk,
    kid: `key-${index}`,
    use: jwk.crv === 'X25519' ? 'enc' : 'sig',
  }));
  corpus.push(
    JSON.stringify({ keys: named }),
    JSON.stringify({ set: 'a', keys: named.slice(0, 2) }, null, 2),
  );
  corpus.push(JSON.stringify(named.slice(2)), sealed(JSON.stringify(jwks[0])));
  return [...corpus, ...corpusOfPrograms(directory)].map((one) => Buffer.from(one));
}

function corpusOfPrograms(directory) {
  const made = [];
  const run = (...argv) => {
    try {
      execFileSync(argv[0], argv.slice(1), { cwd: directory, stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  };
  const request = [
    'openssl',
    'req',
    '-x509',
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
  ];
  if (run(...request, '-keyout', 'k.pem', '-out', 'c.pem', '-subj', '/CN=fuzz', '-days', '9')) {
    const [key, certificate] = ['k.pem', 'c.pem'].map((file) => readFileSync(join(directory, file)));
    made.push(certificate, Buffer.concat([certificate, key]));
    for (const [index, how] of [['-aes256'], ['-legacy'], ['-nomac']].entries()) {
      const argv = [
        'openssl',
        'pkcs12',
        '-export',
        '-inkey',
        'k.pem',
        '-in',
        'c.pem',
        '-passout',
        `pass:${passphrase}`,
      ];
      const ciphers = how[0] === '-aes256' ? [] : how;
      if (run(...argv, ...ciphers, '-out', `p${index}.p12`))
        made.push(readFileSync(join(directory, `p${index}.p12`)));
    }
  }
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    if (run('ssh-keygen', '-q', '-t', type, '-N', '', '-f', `s-${type}`))
      made.push(readFileSync(join(directory, `s-${type}`)), readFileSync(join(directory, `s-${type}.pub`)));
  }
  if (run('ssh-keygen', '-q', '-t', 'ed25519', '-a', '1', '-N', passphrase, '-f', 'locked'))
    made.push(readFileSync(join(directory, 'locked')));
  return made;
}

/** A JWE under a passphrase (RFC 7518 section 4.8) with few iterations. */
function sealed(text) {
  const [salt, iv] = [randomBytes(16), randomBytes(12)];
  const alg = 'PBES2-HS256+A128KW';
  const header = { alg, enc: 'A256GCM', p2s: salt.toString('base64url'), p2c: 1000, cty: 'jwk+json' };
  const wrapping = pbkdf2Sync(passphrase, Buffer.concat([Buffer.from(`${alg}\0`), salt]), 1000, 16, 'sha256');
  const content = randomBytes(32);
  const wrap = createCipheriv('id-aes128-wrap', wrapping, Buffer.alloc(8, 0xa6));
  const key = Buffer.concat([wrap.update(content), wrap.final()]);
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  const cipher = createCipheriv('aes-256-gcm', content, iv).setAAD(Buffer.from(protectedHeader));
  const ciphertext = Buffer.concat([cipher.update(text), cipher.final()]);
  const parts = [key, iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'));
  return [protectedHeader, ...parts].join('.');
}

const words = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '"',
    ',',
    ':',
    '=',
    '.',
    '\n',
    '\r\n',
    '\0',
    '-----',
    '\ufeff',
    '0',
    '-1',
    '1e9',
    'null',
  ],
  ...[
    '"kty":"EC",',
    '"d":"AA",',
    '"keys":[',
    '"__proto__":{',
    '"oth":[],',
    '"alg":"none",',
    '"p2c":99999999,',
  ],
  ...[
    '"use":"enc",',
    '"crv":"P-384",',
    '"key_ops":["sign"],',
    '"x5c":[""],',
    '-----BEGIN EC PARAMETERS-----',
  ],
].map((word) => Buffer.from(word));

function mutate(bytes, corpus, random) {
  const below = (limit) => Math.floor(random() * limit);
  for (let count = 1 + below(4); count > 0; count--) {
    const [at, span] = [below(bytes.length + 1), 1 + below(1 + below(64))];
    const [before, after] = [bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + span))];
    const other = pick(corpus, random);
    const from = below(other.length + 1);
    const choices = [
      () => Buffer.concat([before, Buffer.from([below(256)]), bytes.subarray(at + 1)]),
      () => Buffer.concat([before, after]),
      () => Buffer.concat([before, pick(words, random), bytes.subarray(at)]),
      () => Buffer.concat([before, bytes.subarray(at, at + span), bytes.subarray(at)]),
      () => before,
      () => Buffer.concat([before, other.subarray(from, from + span), after]),
      () => Buffer.concat([before, other.subarray(from)]),
      () => Buffer.concat([bytes, other]),
      () => mutateJson(bytes, below, random) ?? bytes,
      () => mutateJson(bytes, below, random) ?? bytes,
    ];
    bytes = pick(choices, random)();
  }
  return bytes;
}

/** One member of one object takes another value, or another name. */
function mutateJson(bytes, below, random) {
  let value;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    return undefined;
  }
  const keys = Array.isArray(value?.keys) ? value.keys : Array.isArray(value) ? value : [value];
  const key = keys[below(keys.length)];
  if (typeof key !== 'object' || key === null) return undefined;
  const names = Object.keys(key);
  const [name, other] = [
    pick(names, random),
    pick([...names, 'd', 'p', 'x5c', 'alg', 'key_ops', 'oth'], random),
  ];
  const text = String(key[name]);
  const flip = (byte, index, all) => (index === all.length - 1 ? byte ^ 1 : byte);
  const decoded = Buffer.from(text, 'base64url');
  const values = [
    () => key[other],
    () => decoded.subarray(1).toString('base64url'),
    () => Buffer.concat([Buffer.alloc(1 + below(3)), decoded]).toString('base64url'),
    () => decoded.map(flip).toString('base64url'),
    () => decoded.toString('base64'),
    () =>
      pick(
        [
          '',
          0,
          null,
          [],
          {},
          [{}],
          'A'.repeat(below(100_000)),
          'AQAB',
          'RS256',
          'ES256',
          'P-256',
          'EC',
          'RSA',
        ],
        random,
      ),
    () => undefined,
  ];
  key[random() < 0.7 ? name : other] = pick(values, random)();
  return Buffer.from(JSON.stringify(value));
}

function pick(list, random) {
  return list[Math.floor(random() * list.length)];
}

/** A small generator, so that a seed tells the whole run (but for the keys, which are new each time). */
function mulberry32(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

if (isMainThread) await watch();
else await fuzz(workerData);
