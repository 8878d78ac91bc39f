// The certificate of a listener: renewed when its files change, kept where they are bad.
import { writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { toInstant } from '../../src/lifecycle/time.ts';
import { jsonAnswer } from '../../src/server/answer.ts';
import { type Listener, listen } from '../../src/server/listener.ts';
import { Log } from '../../src/server/log.ts';
import { TlsFiles } from '../../src/server/tls-files.ts';
import { type Certificate, canMakeCertificate, makeCertificate } from '../support/https-server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const listeners: Listener[] = [];
afterEach(async () => {
  await Promise.all(listeners.splice(0).map((one) => one.stop()));
});

function onDisk(certificate: Certificate) {
  const directory = temporaryDirectory();
  const [cert, key] = [join(directory, 'tls.crt'), join(directory, 'tls.key')];
  const write = (pair: Partial<Certificate>) => {
    if (pair.cert !== undefined) writeFileSync(cert, pair.cert);
    if (pair.key !== undefined) writeFileSync(key, pair.key);
  };
  write(certificate);
  return { cert, key, write };
}

/** The status under exactly that certificate, or why there is none. */
function statusBy({ port }: Listener, ca: string): Promise<number | string> {
  return new Promise((resolve) => {
    const options = { host: '127.0.0.1', port, ca, agent: false };
    request(options, (response) => resolve(response.resume().statusCode ?? 0))
      .on('error', (error) => resolve('code' in error ? String(error.code) : error.message))
      .end();
  });
}

describe.skipIf(!canMakeCertificate)('with certificates of openssl', () => {
  test('a new pair is taken up, and a bad one leaves the one before', async () => {
    const [first, second] = [makeCertificate(), makeCertificate()];
    const { cert, key, write } = onDisk(first);
    const tls = TlsFiles.load(cert, key);
    const log = new Log({
      write: async () => {},
      form: 'json',
      isQuiet: true,
      now: () => toInstant(0),
      escape: (text) => text,
    });
    const place = { host: '127.0.0.1', port: 0 };
    const site = () => jsonAnswer(200, {});
    const listener = await listen({ name: 'public', place, tls, site, log });
    listeners.push(listener);
    expect(listener.url).toMatch(/^https:/);
    expect(await statusBy(listener, first.cert)).toBe(200);
    expect(tls.reload()).toBe(false);
    // Half of a renewal: the certificate is there, its key not yet.
    write({ cert: second.cert });
    expect(() => tls.reload()).toThrow(expect.objectContaining({ code: 'bad-key' }));
    expect(await statusBy(listener, first.cert)).toBe(200);
    write({ key: second.key });
    expect(tls.reload()).toBe(true);
    listener.renewTls();
    expect(await statusBy(listener, second.cert)).toBe(200);
    expect(await statusBy(listener, first.cert)).not.toBe(200);
  });

  test.each<[string, () => Partial<Certificate>]>([
    ['no certificate', () => ({ cert: 'rubbish' })],
    ['no key', () => ({ key: 'rubbish' })],
    ['the key of another', () => ({ key: makeCertificate().key })],
  ])('%s is refused, without what was read', (_, change) => {
    const { cert, key, write } = onDisk(makeCertificate());
    write(change());
    const load = () => TlsFiles.load(cert, key);
    expect(load).toThrow(expect.objectContaining({ code: 'bad-key' }));
    expect(load).toThrow(expect.not.objectContaining({ message: expect.stringContaining('rubbish') }));
    expect(load).toThrow(expect.not.objectContaining({ cause: expect.anything() }));
  });

  test('files that are not there, and the names of a certificate', () => {
    const { cert, key } = onDisk(makeCertificate({ names: ['DNS:keys.example.com', 'IP:127.0.0.1'] }));
    expect(TlsFiles.load(cert, key).names()).toEqual(['keys.example.com', '127.0.0.1']);
    expect(() => TlsFiles.load(`${cert}.gone`, key)).toThrow(expect.objectContaining({ code: 'not-found' }));
  });
});
