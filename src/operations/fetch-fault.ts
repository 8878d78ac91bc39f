// Why a URL could not be fetched, in words that quote nothing of what a server said.
import { JwksError, systemCode } from '../errors.ts';

export interface Fault {
  readonly reason: string;
  readonly hint?: string | undefined;
}

const reasons: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'there is no way to that address',
  EAI_AGAIN: 'its name could not be looked up',
  EAI_FAIL: 'its name could not be looked up',
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was cut',
  EHOSTUNREACH: 'there is no way to that address',
  EMFILE: 'too many open files',
  ENETUNREACH: 'there is no way to that network',
  ENOTFOUND: 'there is no host of that name',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out',
  HPE_HEADER_OVERFLOW: 'its headers are too large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 'its answer is not sound HTTP',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

const untrusted: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is from an authority that is not trusted here',
  UNABLE_TO_GET_ISSUER_CERT: 'its certificate is from an authority that is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is from an authority that is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is from an authority that is not known here',
};
const trustHint = 'if it is your own, name its CA certificate: NODE_EXTRA_CA_CERTS=/path/to/ca.pem';

/** One of our own refusals, or an error of node:http, node:tls or the name lookup. */
export function describeFault(error: unknown): Fault {
  if (error instanceof JwksError) return { reason: error.message, hint: error.hint };
  const code = systemCode(error) ?? '';
  const words = reasons[code];
  if (words !== undefined) return { reason: words };
  const distrust = untrusted[code];
  if (distrust !== undefined) return { reason: distrust, hint: trustHint };
  if (code.startsWith('HPE_')) return { reason: 'its answer is not sound HTTP' };
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_')) return { reason: 'no TLS connection could be made' };
  return { reason: code === '' ? 'unexpected error' : code };
}

/** A refusal of our own, without the URL yet. */
export function refused(reason: string): JwksError {
  return new JwksError('unreachable', reason);
}
