// Files of keys that the fuzzer begins with: every format that is read, made anew for each run.
import { execFileSync } from 'node:child_process';
import { createCipheriv, generateKeyPairSync, pbkdf2Sync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of all that is encrypted. */
export const passphrase = 'correct horse battery staple';

/** Keys of every format; those of programs that are not installed are left out. */
export function makeCorpus(directory) {
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
  const certify =
    'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=fuzz -days 9';
  if (run(...certify.split(' '), '-keyout', 'k.pem', '-out', 'c.pem')) {
    const [key, certificate] = ['k.pem', 'c.pem'].map((file) => readFileSync(join(directory, file)));
    made.push(certificate, Buffer.concat([certificate, key]));
    const pack = 'openssl pkcs12 -export -inkey k.pem -in c.pem'.split(' ');
    for (const [index, how] of [[], ['-legacy'], ['-nomac']].entries()) {
      const file = `p${index}.p12`;
      if (run(...pack, '-passout', `pass:${passphrase}`, ...how, '-out', file))
        made.push(readFileSync(join(directory, file)));
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
