// URLs of keystores that differ in a character from others, and mean something else.
import { expect, test } from 'vitest';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { codeOf } from '../support/keystore.ts';

const parse = (url: string) => parseDatabaseUrl(url, { env: {}, cwd: '/work' });

test('a URL may end behind its user', () => {
  for (const url of ['postgres://ann:pw@', 'postgres://ann@'])
    expect(parse(url)).toMatchObject({ label: 'postgres://ann@localhost:5432/ann', user: 'ann' });
});

test('a path that ends like an address is a path', () => {
  expect(parse('postgres://ann@/a?host=/run:1').label).toBe('postgres://ann@/a?host=/run%3A1&port=5432');
});

test('the certificates of the system are no file', () => {
  expect(parse('postgres://db?sslrootcert=system').tls).toEqual({ verifiesName: true, files: {} });
  expect(parse('postgres://db').tls).toEqual({ verifiesName: true, files: {} });
});

test.each(['1e1', '0x10', '+5', '5.0', '1000000'])('%s is no number of seconds', async (text) => {
  const work = async () => parse(`postgres://db?connect_timeout=${text}`);
  expect(await codeOf(work())).toBe('usage');
});
