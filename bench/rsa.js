// Making RSA keys. Most of it is a search for primes, whose time varies by a factor of ten.
import { availableParallelism } from 'node:os';
import { home, jwks, medians, once, report, runsOf } from './measure.js';
import { isThere, missing } from './rivals.js';
import { atMost, note } from './table.js';

const runs = runsOf(30);
/** What one search takes with the OpenSSL of this Node, which may be another than that of the command openssl. */
const search = `require('node:crypto').generateKeyPairSync('rsa', { modulusLength: Number(process.argv[1]),
  publicKeyEncoding: { format: 'jwk' }, privateKeyEncoding: { format: 'jwk' } })`;

export async function rsa() {
  const env = home('rsa');
  await once(jwks(env, 'create', '--alg', 'ES256', 'auth'));
  for (const bits of ['2048', '4096']) {
    const template = JSON.stringify({ kty: 'RSA', bits: Number(bits) });
    const ways = {
      openssl: ['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', `rsa_keygen_bits:${bits}`],
      jose: ['jose', 'jwk', 'gen', '-i', template],
      // It makes no others.
      ...(bits === '2048' && { supabase: ['supabase', 'gen', 'signing-key', '--algorithm', 'RS256'] }),
    };
    const present = Object.keys(ways).filter(isThere);
    const commands = present.map((name) => ({ command: ways[name][0], argv: ways[name].slice(1), env }));
    const times = await medians(
      [
        ...commands,
        { command: process.execPath, argv: ['-e', search, bits], env },
        (run) => jwks(env, 'create', '--alg', 'RS256', '--bits', bits, `rsa-${bits}-${run}`),
      ],
      runs,
    );
    const names = [...present, 'node -e, one key', 'jwks create'];
    const title = `RSA ${bits}, median of ${runs}, ${availableParallelism()} cores, against ${present[0]}`;
    const time = times.at(-1);
    const theirs = { ...missing(ways), ...Object.fromEntries(present.map((name, at) => [name, times[at]])) };
    const target = present[0] === 'openssl' ? atMost(1.1, time / times[0], 'of openssl') : undefined;
    report(title, names, times);
    note({ job: `make an RSA key of ${bits} bits, sealed and stored`, time, theirs, target });
    note({
      job: `an RSA key of ${bits} bits by Node alone, OpenSSL ${process.versions.openssl}`,
      time: times.at(-2),
    });
  }
}
