// Ory's published clients against `jwks serve`: all eight operations on keys, as they are generated.
import * as ory from '@ory/client';
import * as hydra from '@ory/hydra-client';
import { describe, expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { serving } from '../support/serving.ts';

const token = 'fedcba9876543210'.repeat(2);
const set = 'hydra.openid.id-token';

interface Refused {
  readonly response: { readonly status: number; readonly data: unknown };
}

async function refusal(work: Promise<unknown>): Promise<Refused['response']> {
  return work.then(
    () => Promise.reject(new Error('it was not refused')),
    ({ response }: Refused) => ({ status: response.status, data: response.data }),
  );
}

describe.each([
  ['@ory/hydra-client', 'RS256', hydra],
  ['@ory/client', 'ES256', ory],
] as const)('%s', (_, alg, { Configuration, JwkApi, WellknownApi }) => {
  async function connected() {
    const machine = new Machine();
    await machine.jwks('create --alg ES256 first');
    const server = await serving(machine, '--all --admin-port 0 --admin-private', {
      env: { JWKS_ADMIN_TOKEN: token },
    });
    const admin = new JwkApi(new Configuration({ basePath: server.admin }));
    // Not every generated client sends `accessToken` here: Hydra's own API has no token.
    const options = { headers: { authorization: `Bearer ${token}` } };
    const open = new WellknownApi(new Configuration({ basePath: server.url }));
    return { admin, open, options, machine };
  }

  test('all operations on keys', async () => {
    const { admin, open, options } = await connected();
    const kidsPublished = async () => {
      const { data } = await open.discoverJsonWebKeys();
      return (data.keys ?? []).map(({ kid }) => kid).sort();
    };
    const [before = ''] = await kidsPublished();

    const createJsonWebKeySet = { alg, use: 'sig', kid: 'made' };
    const made = await admin.createJsonWebKeySet({ set, createJsonWebKeySet }, options);
    expect([made.status, made.headers['location']]).toEqual([201, `/keys/${set}`]);
    const [key] = made.data.keys ?? [];
    expect(key).toMatchObject({ kid: 'made', alg, use: 'sig', d: expect.any(String) });
    expect(await kidsPublished()).toEqual([before, 'made'].sort());
    const again = await refusal(admin.createJsonWebKeySet({ set, createJsonWebKeySet }, options));
    expect([again.status, Object.keys(again.data ?? {})]).toEqual([409, ['error', 'error_description']]);

    expect((await admin.getJsonWebKeySet({ set }, options)).data).toEqual({ keys: [key] });
    expect((await admin.getJsonWebKey({ set, kid: 'made' }, options)).data).toEqual({ keys: [key] });

    if (key === undefined) throw new Error('there is no key');
    const copied = { set: 'copied', jsonWebKeySet: { keys: [{ ...key, kid: 'copy' }] } };
    expect((await admin.setJsonWebKeySet(copied, options)).data.keys).toEqual([{ ...key, kid: 'copy' }]);
    const own = { set: 'another', kid: 'third', jsonWebKey: { ...key, kid: 'third' } };
    expect((await admin.setJsonWebKey(own, options)).data).toEqual({ ...key, kid: 'third' });
    expect(await kidsPublished()).toEqual([before, 'copy', 'made', 'third'].sort());

    expect((await admin.deleteJsonWebKey({ set: 'another', kid: 'third' }, options)).status).toBe(204);
    expect((await admin.deleteJsonWebKeySet({ set: 'copied' }, options)).status).toBe(204);
    expect((await admin.deleteJsonWebKeySet({ set: 'copied' }, options)).status).toBe(204);
    expect(await kidsPublished()).toEqual([before, 'made'].sort());
    expect((await refusal(admin.getJsonWebKeySet({ set: 'copied' }, options))).status).toBe(404);
    expect((await refusal(admin.getJsonWebKey({ set, kid: 'none' }, options))).status).toBe(404);
  });

  test.each(['ES256', 'ES512', 'HS256', 'HS512', 'EdDSA'])('%s', async (alg) => {
    const { admin, options } = await connected();
    const createJsonWebKeySet = { alg, use: 'sig', kid: '' };
    const { data } = await admin.createJsonWebKeySet({ set, createJsonWebKeySet }, options);
    const [key] = data.keys ?? [];
    expect(key).toMatchObject({ alg, use: 'sig', kid: expect.stringMatching(/./) });
    expect((await admin.getJsonWebKeySet({ set }, options)).data.keys).toEqual([key]);
  });

  test('a token is wanted', async () => {
    const { admin } = await connected();
    expect((await refusal(admin.getJsonWebKeySet({ set }))).status).toBe(401);
  });
});
