// What products are known to do by default, as facts of a policy. Whoever configured them otherwise says so.
import type { PolicyFacts } from '../lifecycle/policy.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** By the names that `--for` takes. What is not known of a product keeps its careful default. */
export const productFacts = {
  /** `ttl.access_token` and `ttl.id_token` are an hour. */
  hydra: { tokenTtl: hour },
  /** `ttl.AccessToken` and `ttl.IdToken` are an hour. */
  'oidc-provider': { tokenTtl: hour },
  /** The API server extends service account tokens to a year (`--service-account-extend-token-expiration`). */
  kubernetes: { tokenTtl: 365 * day },
  /** `cache_duration` of JwtProvider's RemoteJwks is ten minutes where nobody sets it. */
  envoy: { verifierCache: 10 * minute },
  /** `PILOT_JWT_PUB_KEY_REFRESH_INTERVAL` is twenty minutes. */
  istio: { verifierCache: 20 * minute },
  /** Nimbus' JWKSourceBuilder keeps a set for five minutes. */
  spring: { verifierCache: 5 * minute },
  /** The edge caches the set for ten minutes, and client libraries for ten more. */
  supabase: { cacheMaxAge: 10 * minute, verifierCache: 10 * minute, tokenTtl: hour },
} as const satisfies Readonly<Record<string, Partial<PolicyFacts>>>;

export type Product = keyof typeof productFacts;
export const products = Object.keys(productFacts) as readonly Product[];
