// Which URLs are fetched, how far redirects lead, and what is said where that ends.
import type { RequestListener } from 'node:http';
import { expect, test, vi } from 'vitest';
import { type FetchOptions, fetchUrl, fetchWith, parseFetchUrl } from '../../src/operations/fetch-url.ts';
import { errorOf } from '../support/endings.ts';
import { closedPort, startHttp } from '../support/https-server.ts';

const redirectTo =
  (location: string, status = 302): RequestListener =>
  (_, response) =>
    response.writeHead(status, { location }).end();

test.each(['https://issuer.example/jwks.json', 'https://10.0.0.1/', 'http://127.0.0.1:4450/a?b=c'])(
  '%s can be fetched',
  (text) => {
    expect(parseFetchUrl(text).href).toBe(text);
  },
);

test.each([
  'http://localhost/',
  'http://[::1]:80/',
  'http://127.1/',
  'http://0x7f000001/',
  'http://[::ffff:127.0.0.1]/',
])('%s is loopback', (text) => {
  expect(parseFetchUrl(text).protocol).toBe('http:');
});

test.each([
  [
    'http://issuer.example/jwks.json?key=s3cret',
    'http://issuer.example/jwks.json is http, which is for loopback only',
  ],
  ['http://10.0.0.1/', 'http://10.0.0.1/ is http, which is for loopback only'],
  ['http://localhost.evil.example/', 'http://localhost.evil.example/ is http, which is for loopback only'],
  ['https://user:s3cret@issuer.example/', 'https://issuer.example/ has credentials in it'],
  ['https://s3cret@issuer.example/', 'https://issuer.example/ has credentials in it'],
  ['ftp://user:s3cret@issuer.example/', 'ftp://issuer.example/ is not an https URL'],
  ['file:///etc/passwd', 'a file: URL is not an https URL'],
  ['data:application/json,s3cret', 'a data: URL is not an https URL'],
  ['issuer.example', '"issuer.example" is no URL'],
  ['https://user:s3cret@', 'that is no URL'],
  ['https://a b/?s3cret', 'that is no URL'],
  ['', '"" is no URL'],
])('%s is a usage error', async (text, message) => {
  const error = await errorOf(fetchUrl(text));
  expect(error).toMatchObject({ code: 'usage', message });
});

test('gives the body, the headers and where it came from', async () => {
  const origin = await startHttp((request, response) => {
    response.setHeader('Cache-Control', ['max-age=60', 'public']);
    response.end(JSON.stringify(request.headers));
  });
  const fetched = await fetchUrl(`${origin}/jwks.json?key=1#part`);
  expect(fetched.url).toBe(`${origin}/jwks.json?key=1#part`);
  expect(fetched.headers['cache-control']).toBe('max-age=60, public');
  expect(JSON.parse(fetched.text)).toMatchObject({
    accept: 'application/jwk-set+json, application/json',
    'accept-encoding': 'identity',
    connection: 'close',
  });
});

test('reads UTF-8, and drops a byte order mark', async () => {
  const origin = await startHttp((_, response) => response.end('\ufeff{"kid":"schlüssel"}'));
  expect((await fetchUrl(origin)).text).toBe('{"kid":"schlüssel"}');
});

test('looks names up with the resolver of the host', async () => {
  const origin = await startHttp((_, response) => response.end('{}'));
  expect((await fetchUrl(origin.replace('127.0.0.1', 'localhost'))).text).toBe('{}');
});

test.each([204, 206, 304, 400, 404, 503])('an answer %i is none', async (status) => {
  const origin = await startHttp((_, response) => response.writeHead(status).end());
  const error = await errorOf(fetchUrl(`${origin}/jwks.json?key=s3cret`));
  expect(error).toMatchObject({
    code: 'unreachable',
    message: `${origin}/jwks.json cannot be fetched: it answered ${status}`,
  });
});

test('a refused connection and a name that nobody has', async () => {
  const url = `http://127.0.0.1:${await closedPort()}/`;
  const refused = await errorOf(fetchUrl(url));
  expect(refused).toMatchObject({
    code: 'unreachable',
    message: `${url} cannot be fetched: connection refused`,
  });
  const lookup = () => Promise.reject(Object.assign(new Error('getaddrinfo'), { code: 'ENOTFOUND' }));
  for (const one of [lookup, async () => []]) {
    const unknown = await errorOf(fetchWith({ deadline: 9_000, lookup: one })('https://issuer.example/'));
    expect(unknown.message).toBe('https://issuer.example/ cannot be fetched: there is no host of that name');
  }
});

test('localhost that a resolver sends elsewhere gets no http', async () => {
  const lookup: FetchOptions['lookup'] = async () => [{ address: '93.184.216.34', family: 4 }];
  const error = await errorOf(fetchWith({ deadline: 9_000, lookup })('http://localhost/'));
  expect(error.message).toBe('http://localhost/ cannot be fetched: its name is not of a loopback address');
});

test.each([301, 302, 303, 307, 308])('%i inside the origin is followed', async (status) => {
  const origin = await startHttp((request, response) => {
    if (request.url === '/end') return response.end('here');
    return redirectTo('end', status)(request, response);
  });
  expect(await fetchUrl(`${origin}/start`)).toMatchObject({ url: `${origin}/end`, text: 'here' });
});

test('three redirects are followed, a fourth is not', async () => {
  const asked = vi.fn();
  const origin = await startHttp((request, response) => {
    asked(request.url);
    const left = Number(request.url?.slice(1));
    if (left === 0) response.end('here');
    else redirectTo(`/${left - 1}`)(request, response);
  });
  expect((await fetchUrl(`${origin}/3`)).text).toBe('here');
  asked.mockClear();
  const error = await errorOf(fetchUrl(`${origin}/9`));
  expect(error.message).toContain('/9 cannot be fetched: it redirects more than 3 times');
  expect(asked).toHaveBeenCalledTimes(4);
});

test('a redirect to itself ends', async () => {
  const origin = await startHttp(redirectTo('/'));
  expect((await errorOf(fetchUrl(`${origin}/`))).message).toContain('it redirects more than 3 times');
});

test.each([
  ['https://issuer.example/?s3cret', 'it redirects to another scheme (https:)'],
  ['file:///etc/passwd', 'it redirects to another scheme (file:)'],
  ['data:,{}', 'it redirects to another scheme (data:)'],
  [
    'http://issuer.example/?s3cret',
    'it redirects to http://issuer.example/, which is http, which is for loopback only',
  ],
  ['http://10.0.0.1/', 'it redirects to http://10.0.0.1/, which is http, which is for loopback only'],
  ['http://u:s3cret@127.0.0.1/', 'it redirects to http://127.0.0.1/, which has credentials in it'],
  ['http://', 'it redirects to what is no URL'],
])('http on loopback does not lead to %s', async (location, reason) => {
  const origin = await startHttp(redirectTo(location));
  const error = await errorOf(fetchUrl(`${origin}/a`));
  expect(error).toMatchObject({ code: 'unreachable', message: `${origin}/a cannot be fetched: ${reason}` });
});

test('another port of loopback is another origin, and private', async () => {
  const asked = vi.fn();
  const inner = await startHttp((_, response) => {
    asked();
    response.end('inner');
  });
  const outer = await startHttp(redirectTo(`${inner}/admin?key=s3cret`));
  const error = await errorOf(fetchUrl(`${outer}/`));
  expect(error.message).toBe(
    `${outer}/ cannot be fetched: that is a private address (redirected to ${inner}/admin)`,
  );
  expect(asked).not.toHaveBeenCalled();
});

test('a redirect without a place, and one that is very long', async () => {
  const nowhere = await startHttp((_, response) => response.writeHead(302).end());
  expect((await errorOf(fetchUrl(nowhere))).message).toContain('it answered 302');
  const far = await startHttp(redirectTo(`/${'a'.repeat(9_000)}`));
  expect((await errorOf(fetchUrl(far))).message.length).toBeLessThan(400);
});
