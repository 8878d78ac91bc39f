// Looks where successors have to be seen before they sign.
import { JwksError } from '../errors.ts';
import type { Manifest, ManifestKey } from '../keystore/manifest.ts';
import { stateOf } from '../lifecycle/key.ts';
import { waitsToBeSeen } from '../lifecycle/policy.ts';
import type { Instant } from '../lifecycle/time.ts';
import { fetchJwks } from './fetch-jwks.ts';
import type { FetchUrl } from './fetch-url.ts';

/** The keys that have no date until they are seen. */
export function waitingKeys({ keys, policy }: Manifest, now: Instant): ManifestKey[] {
  if (policy === undefined) return [];
  return keys.filter(
    (key) =>
      key.held &&
      stateOf(key, now) === 'next' &&
      key.activates === undefined &&
      waitsToBeSeen(policy.facts, key),
  );
}

/** The kids that are published, with the very keys, at every one of the policy's places. */
export async function findSeen(
  fetchUrl: FetchUrl,
  { set, policy }: Manifest,
  waiting: readonly ManifestKey[],
): Promise<{ readonly seen: readonly string[]; readonly failed: readonly JwksError[] }> {
  const urls = policy?.facts.publishedAt ?? [];
  const failed: JwksError[] = [];
  const looked = urls.map(async (url) => {
    try {
      return (await fetchJwks(fetchUrl, url)).keys;
    } catch (error) {
      if (!(error instanceof JwksError)) throw error;
      failed.push(
        new JwksError(error.code, `set "${set}" waits: ${error.message}`, { hint: error.hint, cause: error }),
      );
      return [];
    }
  });
  const places = await Promise.all(looked);
  const isThere = ({ kid, thumbprint }: ManifestKey) =>
    places.every((keys) => keys.some((key) => key.kid === kid && key.thumbprint === thumbprint));
  return { seen: waiting.filter(isThere).map(({ kid }) => kid), failed };
}
