// What one of the processes does that race for an RSA key: it prints one as JWK, of the bits that it is told.

/** The word that starts it, where the program is an executable of its own. */
export const racer = '--rsa-racer';

export const racerScript = `require('node:crypto').generateKeyPair('rsa', {
  modulusLength: Number(process.argv.at(-1)), publicExponent: 65537,
  publicKeyEncoding: { format: 'jwk' }, privateKeyEncoding: { format: 'jwk' },
}, (error, _, key) => { if (error) process.exitCode = 1; else require('node:fs').writeSync(1, JSON.stringify(key)); })`;
