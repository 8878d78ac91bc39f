// The products that an export can be made for, by the names that `--for` takes.
import { dex } from './dex.ts';
import { hydra } from './hydra.ts';
import { authelia, keycloak, pomerium } from './key-files.ts';
import { kubernetes } from './kubernetes.ts';
import { oidcProvider } from './oidc-provider.ts';
import type { Product } from './product.ts';
import { envoy, istio, nginx } from './public-sets.ts';
import { postgrest, supabase } from './shared-secrets.ts';
import { spring } from './spring.ts';

export const exportedProducts = {
  hydra,
  'oidc-provider': oidcProvider,
  keycloak,
  postgrest,
  supabase,
  kubernetes,
  envoy,
  istio,
  nginx,
  pomerium,
  authelia,
  spring,
  dex,
} as const satisfies Readonly<Record<string, Product>>;

export type ExportedProduct = keyof typeof exportedProducts;
