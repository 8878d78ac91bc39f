// A certificate that changes while the server runs: taken up by every listener, and what is wrong with it said once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { renewTls } from '../../src/server/renew-tls.ts';
import { TlsFiles } from '../../src/server/tls-files.ts';
import { type Certificate, canMakeCertificate, makeCertificate } from '../support/https-server.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const skipped = '(skipped without openssl)';

function running(certificate: Certificate) {
  const directory = temporaryDirectory();
  const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
  const write = (now: Partial<Certificate>) => {
    if (now.cert !== undefined) writeFileSync(cert, now.cert);
    if (now.key !== undefined) writeFileSync(key, now.key);
  };
  write(certificate);
  const tls = TlsFiles.load(cert, key);
  const renewed: string[] = [];
  const listeners = ['public', 'admin'].map((name) => ({ renewTls: () => void renewed.push(name) }));
  const said: string[] = [];
  const log = { say: (level: string, message: string) => void said.push(`${level}: ${message}`) };
  let fault = '';
  const look = () => {
    fault = renewTls(tls, listeners, log, fault);
  };
  return {
    write,
    look,
    renewed,
    said,
    bad: `error: the certificate before it is used on: ${cert} holds no certificate`,
  };
}

test.skipIf(!canMakeCertificate)(`a new pair is taken up by every listener, and said once ${skipped}`, () => {
  const { write, look, renewed, said } = running(makeCertificate());
  look();
  expect(said).toEqual([]);
  write(makeCertificate());
  look();
  look();
  expect(renewed).toEqual(['public', 'admin']);
  expect(said).toEqual(['info: the certificate was renewed']);
});

test.skipIf(!canMakeCertificate)(
  `a fault is said once as long as it is there, and again when it is back ${skipped}`,
  () => {
    const [first, second] = [makeCertificate(), makeCertificate()];
    const { write, look, renewed, said, bad } = running(first);
    const rubbish = { cert: 'rubbish' };
    write(rubbish);
    look();
    look();
    expect(said).toEqual([bad]);
    write(first);
    look();
    write(rubbish);
    look();
    expect(said).toEqual([bad, bad]);
    expect(renewed).toEqual([]);
    write(second);
    look();
    write(rubbish);
    look();
    expect(said).toEqual([bad, bad, 'info: the certificate was renewed', bad]);
  },
);
