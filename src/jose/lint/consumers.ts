// What known consumers of a published JWKS take: only what they document, or what their own code says.
import { findAlgorithm } from '../algorithms.ts';
import { goJoseRefuses } from './clients.ts';
import type { LintedKey } from './linted-key.ts';
import { bitsOf } from './rsa.ts';
import type { SetFault } from './set.ts';
import { isPrivate, signatureAlgorithms } from './usage.ts';

export interface Keys {
  readonly all: readonly LintedKey[];
  /** Those that are not for encryption. */
  readonly signing: readonly LintedKey[];
  /** Fetched from a URL, and not handed over as a file. */
  readonly isServed: boolean;
}

interface ConsumerRules {
  readonly title: string;
  /** Why it cannot use a key to verify with. */
  readonly refuses: (key: LintedKey) => string | undefined;
  readonly limits?: (keys: Keys) => SetFault[];
}

const rs = ['RS256', 'RS384', 'RS512'];
const es = ['ES256', 'ES384', 'ES512'];
const ps = ['PS256', 'PS384', 'PS512'];

/** A key without alg is taken if any of these fits it. */
function takes(algs: readonly string[]) {
  return (key: LintedKey): string | undefined => {
    const own = signatureAlgorithms(key);
    return own.some((alg) => algs.includes(alg)) ? undefined : `it takes only ${algs.join(', ')}`;
  };
}

const limit = (what: string, key?: LintedKey, member?: string): SetFault => ({
  code: 'consumer-limit',
  key,
  member,
  what,
});

const consumerRules = {
  /** AWS IAM User Guide, "Create an OpenID Connect (OIDC) identity provider in IAM", prerequisites. */
  'aws-iam': {
    title: 'AWS IAM',
    refuses: takes([...rs, ...es]),
    limits: ({ all }) =>
      ['RSA', 'EC'].flatMap((kty) => {
        const count = all.filter((key) => key.kty === kty).length;
        return count > 100 ? [limit(`${count} ${kty} keys, AWS IAM takes 100`)] : [];
      }),
  },
  /**
   * IAM REST API, projects.locations.workloadIdentityPools.providers, `oidc.jwksJson`; "Troubleshoot Workload Identity
   * Federation", which says that x5c and x5t must go. Both are about a set that is uploaded.
   */
  'gcp-wif': {
    title: 'Google Cloud',
    refuses: ({ kty }) => (kty === 'RSA' || kty === 'EC' ? undefined : 'it takes only RSA and EC keys'),
    limits: ({ all, isServed }) =>
      isServed
        ? []
        : all.flatMap((key) => {
            const odd = key.record.members.find(({ name }) => !uploadable.includes(name));
            return odd === undefined
              ? []
              : [limit('a member that Google Cloud refuses in an upload', key, odd.name)];
          }),
  },
  /**
   * Microsoft Entra, "Important considerations and restrictions for federated identity credentials", supported signing
   * algorithms; AzureAD/microsoft-identity-web#3467 for what happens to others.
   */
  azure: {
    title: 'Microsoft Entra',
    refuses: ({ kty }) => (kty === 'RSA' ? undefined : 'it takes only RSA keys'),
    limits: ({ signing }) =>
      signing
        .filter((key) => key.kty === 'RSA' && !signatureAlgorithms(key).includes('RS256'))
        .map((key) => ({
          code: 'consumer-untested',
          key,
          member: 'alg',
          what: `Microsoft Entra documents RS256 only, not ${key.alg}`,
        })),
  },
  /** OCI API Gateway: "Key Parameters Required to Verify JWT Signatures", "Prerequisites for Token Authentication". */
  oci: {
    title: 'OCI API Gateway',
    refuses: (key) => takes(rs)(key) ?? refuseForOci(key),
    limits: ({ all }) => (all.length > 10 ? [limit(`${all.length} keys, OCI API Gateway takes 10`)] : []),
  },
  /**
   * kube-apiserver, staging/src/k8s.io/apiserver/plugin/pkg/authenticator/token/oidc/oidc.go (`allowedSigningAlgs`);
   * it reads sets by go-oidc 2 and go-jose (go-jose/go-jose#25, #276).
   */
  kubernetes: {
    title: 'kube-apiserver',
    refuses: takes([...rs, ...es, ...ps]),
    limits: ({ all }) =>
      all.flatMap((key): SetFault[] => {
        const reason = goJoseRefuses(key);
        if (reason === undefined) return [];
        return [
          { code: 'consumer-set', key, member: 'kty', what: `kube-apiserver reads by go-jose: ${reason}` },
        ];
      }),
  },
  /** Envoy, source/common/jwt/jwks.cc, which skips what it cannot read. */
  istio: {
    title: 'Istio',
    refuses: (key) => {
      const e = key.kty === 'RSA' ? key.integer('e') : undefined;
      if (e !== undefined && e !== 3n && e !== 65_537n) return 'it takes only the exponents 3 and 65537';
      if (key.kty === 'OKP' && key.crv !== 'Ed25519') return 'it takes only Ed25519 of the OKP curves';
      return takes([...rs, ...ps, ...es, 'EdDSA'])(key);
    },
  },
  /**
   * Third-party auth of Supabase, "Limitations" (a kid, nothing symmetric); for a set with private halves, which is
   * GOTRUE_JWT_KEYS, supabase/auth internal/conf/jwk.go (one key with "sign"; other algorithms are taken for HS256).
   */
  supabase: {
    title: 'Supabase',
    refuses: (key) => {
      if (key.kid === undefined || key.kid === '') return 'it goes by the kid';
      return isPrivate(key) ? takes(['HS256', 'RS256', 'RS512', 'ES256', 'ES512', 'EdDSA'])(key) : undefined;
    },
    limits: ({ all }) => {
      if (!all.some(isPrivate)) return [];
      const count = all.filter(({ keyOps }) => keyOps?.includes('sign')).length;
      return count === 1 ? [] : [limit(`${count} keys have "sign" in key_ops, Supabase Auth takes one`)];
    },
  },
} as const satisfies Readonly<Record<string, ConsumerRules>>;

const uploadable = ['kty', 'alg', 'use', 'kid', 'n', 'e', 'x', 'y', 'crv'];

function refuseForOci(key: LintedKey): string | undefined {
  const n = key.integer('n');
  if (key.kid === undefined || key.kid === '') return 'it goes by the kid';
  if (n !== undefined && (bitsOf(n) < 2048 || bitsOf(n) > 4096)) return 'it takes 2048 to 4096 bits';
  if (key.use === undefined && key.keyOps === undefined) return 'it wants use or key_ops';
  const isForVerifying = key.keyOps === undefined || key.keyOps.includes('verify');
  return isForVerifying ? undefined : 'it wants "verify" in key_ops';
}

/** What `--for` takes. */
export type Consumer = keyof typeof consumerRules;

export function lintFor(consumer: Consumer, keys: readonly LintedKey[], isServed: boolean): SetFault[] {
  const { title, refuses, limits }: ConsumerRules = consumerRules[consumer];
  const signing = keys.filter((key) => key.use !== 'enc' && findAlgorithm(key.alg ?? '')?.use !== 'enc');
  const refused = signing.flatMap((key): SetFault[] => {
    const reason = refuses(key);
    return reason === undefined ? [] : [{ code: 'consumer-key', key, what: `${title}: ${reason}` }];
  });
  const isUseless = refused.length === signing.length;
  const useless: SetFault = { code: 'consumer-no-key', what: `nothing in it that ${title} can verify with` };
  return [...refused, ...(isUseless ? [useless] : []), ...(limits?.({ all: keys, signing, isServed }) ?? [])];
}
