// What is fetched over TLS: whom we trust, and where such a server may send us.
import type { RequestListener } from 'node:http';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { JwksError } from '../../src/errors.ts';
import { type FetchOptions, fetchWith } from '../../src/operations/fetch-url.ts';
import { errorOf } from '../support/endings.ts';
import { canMakeCertificate, makeCertificate, startHttp, startHttps } from '../support/https-server.ts';

const answer: RequestListener = (_, response) => response.end('{"keys":[]}');
const redirectTo =
  (location: string): RequestListener =>
  (_, response) =>
    response.writeHead(302, { location }).end();
const deadline = 9_000;

async function failing(url: string, options: Partial<FetchOptions> = {}): Promise<JwksError> {
  const error = await errorOf(fetchWith({ deadline, ...options })(url));
  expect(error.code).toBe('unreachable');
  return error;
}

beforeAll(() => {
  if (!canMakeCertificate) console.warn('openssl is not installed: what is about TLS is skipped');
});
afterEach(() => vi.unstubAllEnvs());

describe.skipIf(!canMakeCertificate)('certificates', () => {
  test('one that is trusted', async () => {
    const certificate = makeCertificate();
    const origin = await startHttps(certificate, answer);
    const fetched = await fetchWith({ deadline, ca: certificate.cert })(`${origin}/jwks.json`);
    expect(fetched.text).toBe('{"keys":[]}');
    const named = origin.replace('127.0.0.1', 'localhost');
    expect((await fetchWith({ deadline, ca: certificate.cert })(named)).text).toBe('{"keys":[]}');
  });

  test.each(['1', '0'])('one that nobody knows, with NODE_TLS_REJECT_UNAUTHORIZED=%s', async (value) => {
    vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', value);
    const origin = await startHttps(makeCertificate(), answer);
    expect(await failing(`${origin}/`)).toMatchObject({
      message: `${origin}/ cannot be fetched: its certificate is self-signed`,
      hint: 'if it is your own, name its CA certificate: NODE_EXTRA_CA_CERTS=/path/to/ca.pem',
    });
  });

  test('one that has expired, and one for another name', async () => {
    const expired = makeCertificate({ isExpired: true });
    const old = await failing(await startHttps(expired, answer), { ca: expired.cert });
    expect(old.message).toContain('cannot be fetched: its certificate has expired');
    const other = makeCertificate({ names: ['DNS:other.example'] });
    const foreign = await failing(await startHttps(other, answer), { ca: other.cert });
    expect(foreign.message).toContain('cannot be fetched: its certificate is for another name');
  });

  test('a server without TLS', async () => {
    const origin = await startHttp(answer);
    const error = await failing(origin.replace('http:', 'https:'));
    expect(error.message).toContain('cannot be fetched: no TLS connection could be made');
  });
});

describe.skipIf(!canMakeCertificate)('redirects', () => {
  const names = ['DNS:first.example', 'DNS:second.example', 'IP:127.0.0.1'];
  const local: NonNullable<FetchOptions['lookup']> = async () => [{ address: '127.0.0.1', family: 4 }];

  test.each([
    ['https://10.0.0.1/keys?s3cret', 'that is a private address (redirected to https://10.0.0.1/keys)'],
    ['https://[::ffff:10.0.0.1]/', 'that is a private address (redirected to https://[::ffff:a00:1]/)'],
    ['https://[fd00::1]/', 'that is a private address (redirected to https://[fd00::1]/)'],
    [
      'https://169.254.169.254/latest',
      'that is a private address (redirected to https://169.254.169.254/latest)',
    ],
    ['https://0/', 'that is a private address (redirected to https://0.0.0.0/)'],
    ['https://2130706433/', 'that is a private address (redirected to https://127.0.0.1/)'],
    ['//10.0.0.1/', 'that is a private address (redirected to https://10.0.0.1/)'],
    ['http://issuer.example/', 'it redirects to another scheme (http:)'],
    ['http://127.0.0.1/', 'it redirects to another scheme (http:)'],
    ['file:///etc/passwd', 'it redirects to another scheme (file:)'],
    [
      'https://u:s3cret@issuer.example/',
      'it redirects to https://issuer.example/, which has credentials in it',
    ],
  ])('not to %s', async (location, reason) => {
    const certificate = makeCertificate();
    const origin = await startHttps(certificate, redirectTo(location));
    const error = await failing(`${origin}/`, { ca: certificate.cert });
    expect(error.message).toBe(`${origin}/ cannot be fetched: ${reason}`);
  });

  test.each([
    ['10.0.0.1', [{ address: '10.0.0.1', family: 4 }]],
    ['::1', [{ address: '::1', family: 6 }]],
    ['::ffff:192.168.0.1', [{ address: '::ffff:192.168.0.1', family: 6 }]],
    ['fe80::1%eth0', [{ address: 'fe80::1%eth0', family: 6 }]],
    [
      'one of them',
      [
        { address: '93.184.216.34', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ],
    ],
  ])('not to a name that is at %s', async (_, addresses) => {
    const certificate = makeCertificate();
    const origin = await startHttps(certificate, redirectTo('https://second.example/'));
    const lookup = vi.fn(async () => addresses);
    const error = await failing(`${origin}/`, { ca: certificate.cert, lookup });
    expect(error.message).toBe(
      `${origin}/ cannot be fetched: that is a private address (redirected to https://second.example/)`,
    );
    expect(lookup).toHaveBeenCalledTimes(1);
  });

  test('the first name may be private, and lead on inside its origin', async () => {
    const certificate = makeCertificate({ names });
    const origin = await startHttps(certificate, (request, response) =>
      request.url === '/end' ? answer(request, response) : redirectTo('/end')(request, response),
    );
    const named = origin.replace('127.0.0.1', 'first.example');
    const fetched = await fetchWith({ deadline, ca: certificate.cert, lookup: local })(`${named}/`);
    expect(fetched.url).toBe(`${named}/end`);
  });

  test('to a public name, whose address is looked up once and checked', async () => {
    const certificate = makeCertificate({ names });
    const second = await startHttps(certificate, answer);
    const place = second.replace('127.0.0.1', 'second.example');
    const first = await startHttps(certificate, redirectTo(`${place}/jwks.json`));
    const lookup = vi.fn(local);
    const isPrivate = vi.fn(() => false);
    const fetchUrl = fetchWith({ deadline, ca: certificate.cert, lookup, isPrivate });
    expect((await fetchUrl(first.replace('127.0.0.1', 'first.example'))).url).toBe(`${place}/jwks.json`);
    expect(lookup.mock.calls).toEqual([['first.example'], ['second.example']]);
    expect(isPrivate.mock.calls).toEqual([['127.0.0.1']]);
  });

  test('not from there back to a private first origin', async () => {
    const certificate = makeCertificate({ names });
    const ways: string[] = [];
    const [one, two] = [
      await startHttps(certificate, (request, response) => redirectTo(`${ways[1]}/`)(request, response)),
      await startHttps(certificate, (request, response) => redirectTo(`${ways[0]}/inner`)(request, response)),
    ];
    ways.push(one.replace('127.0.0.1', 'first.example'), two.replace('127.0.0.1', 'second.example'));
    let last = '';
    const lookup: typeof local = (host) => {
      last = host;
      return local(host);
    };
    const isPrivate = (): boolean => last === 'first.example';
    const error = await failing(`${ways[0]}/`, { ca: certificate.cert, lookup, isPrivate });
    expect(error.message).toContain(`that is a private address (redirected to ${ways[0]}/inner)`);
  });
});
