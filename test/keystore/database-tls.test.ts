// What TLS to a database is made with, and what is said of files that it cannot be made with.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readTls } from '../../src/keystore/database-tls.ts';
import { parseDatabaseUrl } from '../../src/keystore/database-url.ts';
import { makeAuthority } from '../support/certificates.ts';
import { toldBy } from '../support/told.ts';

const directory = mkdtempSync(join(tmpdir(), 'jwks-test-'));
afterAll(() => rmSync(directory, { recursive: true }));
const authority = await makeAuthority('a test');
const client = await authority.issue('ann');
const other = await authority.issue('bob');
for (const [name, text] of Object.entries({
  ca: authority.ca,
  ...client,
  other: other.key,
  empty: 'no PEM\n',
}))
  writeFileSync(join(directory, `${name}.pem`), text);

const read = (parameters: string, host = 'db.example') =>
  readTls(parseDatabaseUrl(`postgres://ann@${host}/auth?${parameters}`, { env: {}, cwd: directory }));

describe('TLS', () => {
  test('is none where none is wanted', () => {
    expect(read('sslmode=disable')).toBeUndefined();
  });

  test('checks the certificate and the name in it', () => {
    expect(read('')).toEqual({ rejectUnauthorized: true, host: 'db.example', servername: 'db.example' });
    const { checkServerIdentity, ...rest } = read('sslmode=verify-ca') ?? {};
    expect(rest).toEqual({ rejectUnauthorized: true, host: 'db.example', servername: 'db.example' });
    expect(checkServerIdentity?.('other', {} as never)).toBeUndefined();
    expect(checkServerIdentity).toBeTypeOf('function');
  });

  test.each(['10.0.0.1', '[2001:db8::1]', '[::1]'])('of the address %s names no server', (host) => {
    expect(read('sslmode=require', host)).toEqual({
      rejectUnauthorized: true,
      host: host.replace(/[[\]]/g, ''),
    });
  });

  test.each(['10.example', 'db1'])('of the name %s does', (host) => {
    expect(read('', host)).toMatchObject({ servername: host });
  });

  test('has the files as they are', () => {
    expect(read('sslrootcert=ca.pem&sslcert=cert.pem&sslkey=key.pem')).toMatchObject({
      ca: Buffer.from(authority.ca),
      cert: Buffer.from(client.cert),
      key: Buffer.from(client.key),
    });
  });

  test.each(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'])(
    'takes a CA that begins as %s',
    (label) => {
      const path = join(directory, 'labelled.pem');
      writeFileSync(path, authority.ca.replaceAll(' CERTIFICATE-', ` ${label}-`));
      expect(read('sslrootcert=labelled.pem')?.ca).toBeInstanceOf(Buffer);
    },
  );
});

describe('is refused', () => {
  test('a file that cannot be read', async () => {
    const path = join(directory, 'missing.pem');
    expect(await toldBy(() => read('sslkey=missing.pem'))).toEqual({
      ...{ code: 'failed', hint: undefined },
      message: `${path}, which TLS to the keystore needs, cannot be read: no such file or directory`,
    });
    const error = await Promise.resolve()
      .then(() => read('sslkey=missing.pem'))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ cause: { code: 'ENOENT' } });
  });

  test.each(['empty.pem', 'key.pem'])('a CA without a certificate: %s', async (name) => {
    expect(await toldBy(() => read(`sslrootcert=${name}`))).toEqual({
      code: 'failed',
      message: `${join(directory, name)} is to be the CA of the keystore's server, and has no certificate`,
      hint: 'sslrootcert names a PEM file, with BEGIN CERTIFICATE in it',
    });
  });

  test('a key of another certificate', async () => {
    const paths = ['cert.pem', 'other.pem'].map((name) => join(directory, name)).join(', ');
    const told = await toldBy(() => read('sslcert=cert.pem&sslkey=other.pem'));
    expect(told).toMatchObject({
      code: 'failed',
      hint: 'these are PEM files, where the key belongs to the certificate and has no passphrase',
    });
    expect(told.message).toBe(
      `TLS to the keystore cannot be made with ${paths} (ERR_OSSL_X509_KEY_VALUES_MISMATCH)`,
    );
  });
});
