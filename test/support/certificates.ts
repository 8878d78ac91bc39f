// A certification authority in memory, with node:crypto's keys: for servers and clients that check each other.
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  type Extension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** PEM texts. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** PEM of its own certificate. */
  readonly ca: string;
  /** For a client: its role's name. */
  issue(commonName: string, names?: { readonly dns?: string; readonly ip?: string }): Promise<Issued>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

export async function makeAuthority(commonName: string): Promise<Authority> {
  const keys = await makeKeys();
  const issuer = `CN=${commonName}`;
  const ca = await sign(issuer, issuer, keys.publicKey, keys.privateKey, [
    new BasicConstraintsExtension(true, undefined, true),
  ]);
  return {
    ca,
    async issue(name, { dns, ip } = {}) {
      const own = await makeKeys();
      const names = [
        ...(dns === undefined ? [] : [{ type: 'dns' as const, value: dns }]),
        ...(ip === undefined ? [] : [{ type: 'ip' as const, value: ip }]),
      ];
      const extensions = names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)];
      const cert = await sign(`CN=${name}`, issuer, own.publicKey, keys.privateKey, extensions);
      const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', own.privateKey));
      return { cert, key: pem('PRIVATE KEY', der) };
    },
  };
}

async function sign(
  subject: string,
  issuer: string,
  publicKey: webcrypto.CryptoKey,
  signingKey: webcrypto.CryptoKey,
  extensions: Extension[],
): Promise<string> {
  const certificate = await X509CertificateGenerator.create(
    {
      subject,
      issuer,
      publicKey,
      signingKey,
      extensions,
      signingAlgorithm: algorithm,
      notBefore: new Date(Date.now() - day),
      notAfter: new Date(Date.now() + day),
    },
    webcrypto,
  );
  return `${certificate.toString('pem')}\n`;
}

function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
