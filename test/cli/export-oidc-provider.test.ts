// jwks export --for oidc-provider, loaded by oidc-provider itself: it starts, publishes our set and signs with our signer.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from 'jose';
import Provider from 'oidc-provider';
import { expect, onTestFinished, test, vi } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { ok } from './machines.ts';

const audience = 'https://api.example';
const issuer = 'https://auth.example.com';

/** Listens on loopback, under the issuer's name. */
async function start(
  jwks: JSONWebKeySet,
  alg: string,
): Promise<(path: string, init?: RequestInit) => Promise<Response>> {
  // It warns of the Node version and of what a test does not set up.
  const silenced = [vi.spyOn(console, 'warn'), vi.spyOn(console, 'info')].map((spy) => spy.mockReturnValue());
  const provider = new Provider(issuer, {
    jwks: jwks as never,
    ttl: { ClientCredentials: 60 },
    clients: [
      {
        client_id: 'service',
        client_secret: 'a secret of a client, for a test',
        grant_types: ['client_credentials'],
        redirect_uris: [],
        response_types: [],
        id_token_signed_response_alg: alg as never,
      },
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      encryption: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audience,
        getResourceServerInfo: () => ({
          scope: '',
          audience,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: alg as never } },
        }),
      },
    },
  });
  for (const spy of silenced) spy.mockRestore();
  const server = createServer(provider.callback());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return (path, init) => fetch(`http://127.0.0.1:${port}${path}`, init);
}

test.each(['RS256', 'ES256', 'EdDSA'])('%s', async (alg) => {
  const machine = new Machine('2026-02-01T12:00:00Z');
  await ok(machine, `create --alg ${alg}${alg === 'RS256' ? ' --bits 2048' : ''} auth`);
  await ok(machine, 'rotate auth');
  machine.now = instant('2026-02-04T12:00:00Z');
  await ok(machine, 'rotate auth');
  await ok(machine, 'create --alg ECDH-ES auth box');
  await ok(machine, 'create --alg HS256 auth shared');
  const publicKeys = JSON.parse((await machine.jwks('export auth')).stdout) as JSONWebKeySet;
  const exported = await machine.jwks('export auth --for oidc-provider --private');
  expect(exported.status).toBe(0);
  const jwks = JSON.parse(exported.stdout) as JSONWebKeySet;
  expect(jwks.keys.map(({ use }) => use)).toEqual(['sig', 'sig', 'sig', 'enc']);

  const ask = await start(jwks, alg);
  const published = (await (await ask('/jwks')).json()) as JSONWebKeySet;
  const byKid = ({ keys }: JSONWebKeySet) => Object.fromEntries(keys.map((key) => [key.kid, key]));
  expect(byKid(published)).toEqual(byKid(publicKeys));

  const answer = await ask('/token', {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('service:a+secret+of+a+client%2C+for+a+test')}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  const { access_token: token } = (await answer.json()) as { access_token: string };
  const signer = publicKeys.keys.find(({ use }) => use === 'sig');
  expect(decodeProtectedHeader(token)).toMatchObject({ alg, kid: signer?.kid });
  await jwtVerify(token, createLocalJWKSet(publicKeys), { issuer, audience });
});
