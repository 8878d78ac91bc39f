// Who is let through to the admin API, and what the others are told.
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { refuseAdmin } from '../../src/server/admin-guard.ts';

const hosts = new Set(['127.0.0.1:4451', 'localhost:4451']);
const basic = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;

function ask(headers: IncomingHttpHeaders, token?: string, url = '/keys/a') {
  const all = { host: 'localhost:4451', ...headers };
  const headersDistinct = { host: [all.host] };
  const request = {
    url,
    socket: {},
    headers: all,
    headersDistinct,
    rawHeaders: [],
  } as unknown as IncomingMessage;
  return refuseAdmin(request, { token, hosts });
}

test.each<[string, number | undefined, IncomingHttpHeaders, (string | undefined)?, string?]>([
  ['a known host', undefined, {}],
  ['a known host in capitals', undefined, { host: 'LOCALHOST:4451' }],
  ['a foreign host', 403, { host: 'evil.example:4451' }],
  ['a web page', 403, { origin: 'http://localhost:4451' }],
  ['a web page without an origin', 403, { origin: 'null' }],
  ['a web page with the token', 403, { origin: 'null', authorization: 'Bearer s3cret' }, 's3cret'],
  ['a foreign host in the target', 403, {}, undefined, 'http://evil.example/keys/a'],
  ['its own host in the target', undefined, {}, undefined, 'http://localhost:4451/keys/a'],
  ['an image of another page', 403, { 'sec-fetch-site': 'cross-site' }],
  ['an image of a page of the same site', 403, { 'sec-fetch-site': 'same-site' }],
  ['an address that was typed', undefined, { 'sec-fetch-site': 'none' }],
  ['a link to the page', undefined, { 'sec-fetch-site': 'cross-site' }, undefined, '/'],
  ['the token', undefined, { authorization: 'bearer s3cret' }, 's3cret'],
  ['another token', 401, { authorization: 'Bearer s3cre' }, 's3cret'],
  ['no token', 401, {}, 's3cret'],
  ['the token as a password', 401, { authorization: basic }, 's3cret'],
  ['the token as a password for the page', undefined, { authorization: basic }, 's3cret', '/'],
  ['the token as a password for the page with a query', undefined, { authorization: basic }, 's3cret', '/?a'],
])('%s: %s', (_, status, headers, token, url) => {
  expect(ask(headers, token, url)?.status).toBe(status);
});

test('a browser is asked for a password at the page only', () => {
  const challenges = (url: string) => ask({}, 's3cret', url)?.headers.filter((text) => /realm/.test(text));
  expect(challenges('/')).toEqual(['Bearer realm="jwks"', 'Basic realm="jwks"']);
  expect(challenges('/keys/a')).toEqual(['Bearer realm="jwks"']);
});

test('behind a proxy any host will do', () => {
  const request = { url: '/', headers: { host: 'anything' }, rawHeaders: [] } as unknown as IncomingMessage;
  expect(refuseAdmin(request, { token: undefined, hosts: 'any' })).toBeUndefined();
});
