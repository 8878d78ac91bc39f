// PKCS#8 sealed with a passphrase: EncryptedPrivateKeyInfo (RFC 5958 section 3) with PBES2 (RFC 8018 section 6.2).
import { createCipheriv, pbkdf2, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import { JwksError } from '../../errors.ts';
import { encodeDer, tags } from '../read/der.ts';
import type { LabelledDer } from './key-der.ts';

/** As for the passphrase of a keystore. node:crypto's own export derives with 2 048 iterations only. */
const iterations = 600_000;
const fewestCharacters = 16;

const oids = {
  pbes2: Buffer.from('06092a864886f70d01050d', 'hex'),
  pbkdf2: Buffer.from('06092a864886f70d01050c', 'hex'),
  hmacWithSha256: Buffer.from('06082a864886f70d0209', 'hex'),
  aes256Cbc: Buffer.from('060960864801650304012a', 'hex'),
};
const none = Buffer.from('0500', 'hex');

/** Every program that reads PBES2 opens it: OpenSSL, Java, Go. */
export async function encryptPkcs8({ der }: LabelledDer, passphrase: string): Promise<LabelledDer> {
  if ([...passphrase].length < fewestCharacters) {
    throw new JwksError('secret', `the passphrase is shorter than ${fewestCharacters} characters`);
  }
  const [salt, iv] = [randomBytes(16), randomBytes(16)];
  const key = await promisify(pbkdf2)(passphrase, salt, iterations, 32, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', key, iv);
  const sealed = Buffer.concat([cipher.update(der), cipher.final()]);
  return {
    label: 'ENCRYPTED PRIVATE KEY',
    der: sequence(algorithm(salt, iv), encodeDer(tags.octetString, sealed)),
  };
}

function algorithm(salt: Buffer, iv: Buffer): Buffer {
  // DER wants no octet more than the number needs.
  const count = Buffer.alloc(3);
  count.writeUIntBE(iterations, 0, 3);
  const derivation = sequence(
    encodeDer(tags.octetString, salt),
    encodeDer(tags.integer, count),
    sequence(oids.hmacWithSha256, none),
  );
  const scheme = sequence(oids.aes256Cbc, encodeDer(tags.octetString, iv));
  return sequence(oids.pbes2, sequence(sequence(oids.pbkdf2, derivation), scheme));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return encodeDer(tags.sequence, ...parts);
}
