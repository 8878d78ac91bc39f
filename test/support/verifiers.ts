// Verifiers that others wrote, each with the cache that it has in the field and the real clock.
import { JwtVerifier } from 'aws-jwt-verify';
import { SimpleJwksCache } from 'aws-jwt-verify/jwk';
import { createVerifier } from 'fast-jwt';
import buildGetJwks from 'get-jwks';
import { createRemoteJWKSet, type JWKSCacheInput, jwksCache, jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import jwksRsa from 'jwks-rsa';
import * as openidClient from 'openid-client';

export interface Verifier {
  /** The claims of a token that it accepts. */
  verify(token: string): Promise<{ readonly sub?: unknown }>;
  /**
   * The same with what it has cached, two minutes on. Only then jose (30 s) and openid-client (60 s) fetch again
   * for a kid that they do not know; both export their cache with its time, to be taken up by the next process.
   */
  later(): Promise<Verifier>;
}

/** What each of them is told of an issuer, and what its tokens must say. */
export interface Expected {
  readonly issuer: string;
  readonly jwksUri: string;
  readonly alg: 'RS256' | 'ES256';
  readonly audience: string;
  readonly nonce: string;
}

export type VerifierName = 'jose' | 'jwks-rsa' | 'openid-client' | 'get-jwks' | 'aws-jwt-verify';

export const makers: Readonly<Record<VerifierName, (expected: Expected) => Promise<Verifier>>> = {
  jose: async (expected) => joseVerifier(expected, {}),
  'jwks-rsa': async (expected) => withoutCooldown(jwksRsaVerifier(expected)),
  'openid-client': (expected) => openidVerifier(expected),
  'get-jwks': async (expected) => withoutCooldown(fastJwtVerifier(expected)),
  'aws-jwt-verify': async (expected) => withoutCooldown(awsVerifier(expected)),
};

const twoMinutes = 120;

function joseVerifier(expected: Expected, cache: JWKSCacheInput): Verifier {
  const { issuer, audience, alg } = expected;
  const keys = createRemoteJWKSet(new URL(expected.jwksUri), { [jwksCache]: cache });
  return {
    verify: async (token) => (await jwtVerify(token, keys, { issuer, audience, algorithms: [alg] })).payload,
    async later() {
      const { jwks, uat } = cache;
      return joseVerifier(expected, jwks === undefined ? {} : { jwks, uat: uat - twoMinutes * 1_000 });
    },
  };
}

/** Keeps a key by its kid, for ten minutes. */
function jwksRsaVerifier({ issuer, audience, alg, jwksUri }: Expected): Verifier['verify'] {
  const client = jwksRsa({ jwksUri, rateLimit: true });
  const secret: jsonwebtoken.GetPublicKeyOrSecret = ({ kid }, callback) =>
    client.getSigningKey(kid, (error, key) => callback(error, key?.getPublicKey()));
  return (token) =>
    new Promise((resolve, reject) => {
      jsonwebtoken.verify(token, secret, { issuer, audience, algorithms: [alg] }, (error, claims) => {
        if (error !== null) reject(error);
        else resolve(claims as jsonwebtoken.JwtPayload);
      });
    });
}

/** What openid-client learns of the issuer. */
export function discover({ issuer, audience, alg }: Expected): Promise<openidClient.Configuration> {
  const metadata = { id_token_signed_response_alg: alg };
  return openidClient.discovery(new URL(issuer), audience, metadata, openidClient.None(), {
    execute: [openidClient.allowInsecureRequests, openidClient.useIdTokenResponseType],
  });
}

/** Finds all by discovery, and takes the token for an ID token that a browser was sent back with. */
async function openidVerifier(expected: Expected, cache?: openidClient.ExportedJWKSCache): Promise<Verifier> {
  const config = await discover(expected);
  if (cache !== undefined) openidClient.setJwksCache(config, cache);
  return {
    verify: (token) =>
      openidClient.implicitAuthentication(
        config,
        new URL(`https://app.example.com/callback#id_token=${token}`),
        expected.nonce,
      ),
    async later() {
      const kept = openidClient.getJwksCache(config);
      return openidVerifier(expected, kept && { ...kept, uat: kept.uat - twoMinutes });
    },
  };
}

/** fast-jwt, as the README of get-jwks has it: a key is kept by its kid, for a minute. */
function fastJwtVerifier({ issuer, audience, alg }: Expected): Verifier['verify'] {
  const keys = buildGetJwks({ providerDiscovery: true, issuersWhitelist: [issuer] });
  return createVerifier({
    key: async ({ header }: { header: Record<string, string> }) =>
      keys.getPublicKey({ kid: header['kid'] ?? '', alg: header['alg'] ?? '', domain: issuer }),
    algorithms: [alg],
    allowedIss: issuer,
    allowedAud: audience,
  });
}

/** Keeps the set until a kid is not in it. Its own fetcher knows only https. */
function awsVerifier({ issuer, audience, jwksUri }: Expected): Verifier['verify'] {
  const fetcher = { fetch: async (uri: string) => (await fetch(uri)).arrayBuffer() };
  const cache = new SimpleJwksCache({ fetcher });
  const verifier = JwtVerifier.create({ issuer, audience, jwksUri }, { jwksCache: cache });
  return (token) => verifier.verify(token);
}

function withoutCooldown(verify: Verifier['verify']): Verifier {
  const verifier: Verifier = { verify, later: async () => verifier };
  return verifier;
}
