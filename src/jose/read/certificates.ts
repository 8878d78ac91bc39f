// Joins certificates with the keys that they certify: `x5c` and `x5t#S256` of RFC 7517 sections 4.7 and 4.9.
import { createHash, type X509Certificate } from 'node:crypto';
import { encodeBase64url } from '../base64url.ts';
import { membersCertified, mostCertificates } from './certificate-members.ts';
import { refusal } from './faults.ts';
import { identityOf } from './key-object.ts';
import type { Piece } from './piece.ts';

type KeyPiece = Extract<Piece, { kind: 'key' }>;
type CertificatePiece = Extract<Piece, { kind: 'certificate' }>;

interface Certified extends CertificatePiece {
  readonly members: Readonly<Record<string, unknown>>;
  readonly identity: string;
}

/** Who issued whom is asked of every pair. */
const mostInFile = 100;

/**
 * The keys, each with the chain that is there for it. A certificate of which there is no other key stands for its
 * public key, unless it issued another one of the file. A public key whose private half is there too is dropped.
 */
export function joinCertificates(pieces: readonly Piece[], name: string): KeyPiece[] {
  const certificates = pieces.filter((piece) => piece.kind === 'certificate').map(toCertified);
  if (certificates.length > mostInFile) throw refusal(name, `it has more than ${mostInFile} certificates`);
  const issuers = issuersOf(certificates);
  const isIssuer = new Set(issuers.values());
  const keys = pieces.filter((piece) => piece.kind === 'key');
  const identities = keys.map(({ members }) => identityOf(members));
  const privateOnes = new Set(identities.filter((_, index) => isPrivate(keys[index])));
  const known = new Set(identities);
  const joined: KeyPiece[] = [];
  for (const piece of pieces) {
    const certified = certificates.find((one) => one.where === piece.where);
    const identity = certified?.identity ?? (piece.kind === 'key' ? identityOf(piece.members) : '');
    const leaf = certificates.find((one) => one.identity === identity);
    const chain = leaf === undefined ? {} : chainMembers(leaf, issuers);
    if (piece.kind === 'key') {
      if (isPrivate(piece) || !privateOnes.has(identity))
        joined.push({ ...piece, members: { ...piece.members, ...chain } });
    } else if (certified !== undefined && !known.has(identity) && !isIssuer.has(certified)) {
      known.add(identity);
      joined.push({ kind: 'key', members: { ...certified.members, ...chain }, where: certified.where });
    }
  }
  return joined;
}

function isPrivate(piece: KeyPiece | undefined): boolean {
  return ['d', 'priv'].some((member) => piece?.members[member] !== undefined);
}

function toCertified(piece: CertificatePiece): Certified {
  const members = membersCertified(piece.certificate);
  if (members === undefined) throw refusal(piece.where, 'the key that it certifies is not supported');
  return { ...piece, members, identity: identityOf(members) };
}

function issuersOf(certificates: readonly Certified[]): Map<Certified, Certified> {
  const issuers = new Map<Certified, Certified>();
  for (const one of certificates) {
    const issuer = certificates.find(
      (other) => other !== one && hasIssued(other.certificate, one.certificate),
    );
    if (issuer !== undefined) issuers.set(one, issuer);
  }
  return issuers;
}

function hasIssued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  try {
    return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

function chainMembers(leaf: Certified, issuers: ReadonlyMap<Certified, Certified>): object {
  const chain = [leaf];
  for (let next = issuers.get(leaf); next !== undefined; next = issuers.get(next)) {
    if (chain.includes(next) || chain.length === mostCertificates) break;
    chain.push(next);
  }
  return {
    x5c: chain.map(({ certificate }) => certificate.raw.toString('base64')),
    'x5t#S256': encodeBase64url(createHash('sha256').update(leaf.certificate.raw).digest()),
  };
}
