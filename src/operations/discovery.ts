// The discovery document that leads verifiers from an issuer to its published set.
import { JwksError } from '../errors.ts';
import type { Reader } from '../keystore/reader.ts';
import { isPublished } from '../lifecycle/publication.ts';
import type { Instant } from '../lifecycle/time.ts';
import { type ExportRequest, exportPublic } from './export-jwks.ts';
import { isLoopback } from './fetch-target.ts';
import { keysOf, selectSets, timeOf } from './select-sets.ts';

/** OpenID Connect Discovery 1.0 section 3: the members that an issuer of tokens without a login page can fill. */
export interface Discovery {
  readonly issuer: string;
  readonly jwks_uri: string;
  readonly response_types_supported: readonly string[];
  readonly subject_types_supported: readonly string[];
  readonly id_token_signing_alg_values_supported: readonly string[];
}

export const jwksPath = '/.well-known/jwks.json';

/** What cannot be published is refused as `exportPublic` refuses it. */
export async function describeIssuer(
  reader: Reader,
  clock: Instant,
  request: ExportRequest & { readonly issuer: string },
): Promise<Discovery> {
  const issuer = parseIssuer(request.issuer);
  await exportPublic(reader, clock, request);
  const manifests = await selectSets(reader, request.sets);
  const algs = manifests.flatMap((manifest) => {
    const at = timeOf(manifest, clock, request.at);
    const keys = keysOf(manifest, request.at);
    return keys.filter((key) => key.use === 'sig' && isPublished(key, at)).map(({ alg }) => alg);
  });
  return toDiscovery(issuer, [...new Set(algs)]);
}

/** What an issuer says of itself. `algs`: of the signing keys that are published. */
export function toDiscovery(issuer: string, algs: readonly string[]): Discovery {
  return {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}${jwksPath}`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algs,
  };
}

/** OpenID Connect Core 1.0 section 2, `iss`: https, without query and fragment; tokens repeat it as it is written. */
export function parseIssuer(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // What the URL parser would mend (spaces, line ends, slashes) is not what tokens and verifiers have.
  const isWhole = url !== undefined && (url.href === text || url.href === `${text}/`);
  const isSound = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url));
  if (!isSound || !isWhole || /[?#]/.test(text) || url?.username !== '' || url.password !== '') {
    throw new JwksError('usage', 'the issuer is no https URL without query, fragment and password', {
      hint: 'such as --issuer https://auth.example.com',
    });
  }
  return text;
}
