// PEM blocks (RFC 7468 section 3): 64 characters a line, and a line break at the end.
import type { LabelledDer } from './key-der.ts';

export function toPem({ label, der }: LabelledDer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

/** A chain of certificates as `x5c` holds it (RFC 7517 section 4.7). */
export function chainToPem(x5c: unknown): string {
  const chain = Array.isArray(x5c) ? x5c : [];
  return chain
    .map((text) => toPem({ label: 'CERTIFICATE', der: Buffer.from(String(text), 'base64') }))
    .join('');
}
