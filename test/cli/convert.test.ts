// jwks convert: a file of keys in another form, public unless --private is there.
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { filesBelow, modeOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

// RFC 7517 appendix A.1, with the private half of A.2.
const ec = {
  kty: 'EC',
  crv: 'P-256',
  x: 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
  y: '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
  d: '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE',
};
const oct = {
  kty: 'oct',
  kid: 'shared',
  alg: 'HS256',
  k: 'AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow',
};
const passphrase = 'correct horse battery staple';

function machineWith(files: Readonly<Record<string, string | object>>): { machine: Machine; work: string } {
  const machine = new Machine();
  const work = `${machine.home}/work`;
  for (const [name, content] of Object.entries(files))
    writeFileSync(`${work}/${name}`, typeof content === 'string' ? content : JSON.stringify(content));
  return { machine, work };
}

const pemOf = (jwk: object) =>
  createPrivateKey({ key: { ...jwk }, format: 'jwk' })
    .export({ type: 'pkcs8', format: 'pem' })
    .toString();

test('without --private the public half, in every form that has one', async () => {
  const { machine } = machineWith({ 'key.jwk': { ...ec, kid: 'one' }, 'key.pem': pemOf(ec) });
  await transcript(
    machine,
    `
    $ jwks convert key.pem
    {
      "kty": "EC",
      "use": "sig",
      "alg": "ES256",
      "kid": "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s",
      "crv": "P-256",
      "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
      "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"
    }
    $ jwks convert key.jwk --to pem
    -----BEGIN PUBLIC KEY-----
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEMKBCTNIcKUSDii11ySs3526iDZ8A
    iTo7Tu6KPAqv7D7gS2XpJFbZiItSs3m9+9Ue6GnvHw/GW2ZZaVtszggXIw==
    -----END PUBLIC KEY-----
    $ jwks convert key.jwk --to ssh
    ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBDCgQkzSHClEg4otdckrN+duog2fAIk6O07uijwKr+w+4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM= one
    $ jwks convert key.jwk --to jwk --alg ES384
    ! jwks: key.jwk: algorithm ES384 does not fit a key on P-256
    exit 6
    $ jwks convert key.jwk --to pkcs8
    ! jwks: pkcs8 holds a private key
    ! hint: add --private, or write the public half with --to spki
    exit 2
    $ jwks convert key.jwk --to sec1
    ! jwks: sec1 holds a private key
    ! hint: add --private, or write the public half with --to spki
    exit 2
    $ jwks convert key.jwk --to ssh --private
    ! jwks: ssh holds a public key: leave out --private
    ! hint: ssh reads private keys in the form pkcs8 as well
    exit 2
    $ jwks convert key.jwk --to p12
    ! jwks: --to p12 is not one of jwk, jwks, pem, spki, pkcs8, pkcs1, sec1, der, ssh
    ! hint: jwks convert --help
    exit 2
  `,
  );
  expect((await machine.jwks('convert key.jwk --to spki')).stdout).toBe(
    (await machine.jwks('convert key.pem --to pem')).stdout,
  );
  expect(filesBelow(machine.home).sort()).toEqual(['work', 'work/key.jwk', 'work/key.pem']);
});

test('no private member comes out without --private, whatever the form', async () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });
  const { machine } = machineWith({
    'keys.json': { keys: [{ ...ec, kid: 'e' }, { ...rsa, kid: 'r' }, oct] },
  });
  const secrets = [ec.d, rsa.d, rsa.p, rsa.q, rsa.dp, rsa.dq, rsa.qi, oct.k].map(String);
  const blobs = secrets.map((text) => Buffer.from(text, 'base64url'));
  let files = 0;
  for (const form of ['jwk', 'jwks', 'pem', 'spki', 'pkcs8', 'pkcs1', 'sec1', 'der', 'ssh']) {
    for (const kid of ['e', 'r', 'shared', '']) {
      const argv = ['convert', 'keys.json', '--to', form, '--debug', ...(kid === '' ? [] : ['--kid', kid])];
      const { stdout, stderr } = await machine.jwks([...argv, '-o', `out-${form}-${kid}`]);
      const path = `${machine.home}/work/out-${form}-${kid}`;
      const written = filesBelow(machine.home).includes(`work/out-${form}-${kid}`)
        ? readFileSync(path)
        : Buffer.alloc(0);
      if (written.length > 0) files++;
      const inPem = Buffer.from(written.toString('latin1').replace(/-----.*-----|\s/g, ''), 'base64');
      const all = Buffer.concat([Buffer.from(stdout + stderr), written, inPem]);
      expect(secrets.some((text) => all.includes(text))).toBe(false);
      expect(blobs.some((blob) => all.includes(blob))).toBe(false);
    }
  }
  // Of two keys six forms and a form of the RSA key; of all together a set and, without the symmetric one, PEM.
  expect(files).toBe(2 * 6 + 1 + 3);
});

test('with --private the key comes back whole from every form', async () => {
  const { machine, work } = machineWith({ 'key.jwk': { ...ec, kid: 'one' } });
  for (const form of ['jwk', 'jwks', 'pem', 'pkcs8', 'sec1', 'der']) {
    const ran = await machine.jwks(`convert key.jwk --to ${form} --private -o key.${form}.out`);
    expect([form, ran.status, ran.stdout]).toEqual([form, 0, '']);
    expect(ran.stderr).toBe('jwks: this holds private keys: keep it secret\n');
    expect(modeOf(`${work}/key.${form}.out`)).toBe('0600');
    const back = await machine.jwks(`convert key.${form}.out --private`);
    expect(JSON.parse(back.stdout)).toMatchObject(ec);
  }
});

test('encrypted PKCS#8 goes out and comes in with a passphrase', async () => {
  const { machine, work } = machineWith({ 'key.jwk': ec, pass: `${passphrase}\n`, short: 'too short' });
  await transcript(
    machine,
    `
    $ jwks convert key.jwk --to pkcs8 --private --encrypt-with pass -o sealed.pem
    $ jwks convert sealed.pem --to pem
    ! jwks: sealed.pem: it is encrypted, and no passphrase was given
    ! hint: --passphrase-file FILE gives it
    exit 4
    $ jwks convert sealed.pem --to spki --passphrase-file short
    ! jwks: sealed.pem: the passphrase does not open it, or it is damaged
    exit 4
    $ jwks convert key.jwk --to pkcs8 --private --encrypt-with short
    ! jwks: the passphrase is shorter than 16 characters
    exit 4
    $ jwks convert key.jwk --to jwk --private --encrypt-with pass
    ! jwks: --encrypt-with goes with --private and --to pem, pkcs8 or der
    exit 2
    $ jwks convert key.jwk --encrypt-with pass
    ! jwks: --encrypt-with goes with --private and --to pem, pkcs8 or der
    exit 2
  `,
  );
  const sealed = readFileSync(`${work}/sealed.pem`, 'utf8');
  expect(sealed).toContain('-----BEGIN ENCRYPTED PRIVATE KEY-----');
  expect(createPrivateKey({ key: sealed, passphrase }).export({ format: 'jwk' })).toEqual(ec);
  const opened = await machine.jwks('convert sealed.pem --private --passphrase-file pass');
  expect(JSON.parse(opened.stdout)).toMatchObject(ec);
});

test('several keys: all of them in a set or PEM, one of them elsewhere', async () => {
  const other = generateKeyPairSync('ec', { namedCurve: 'P-384' }).privateKey.export({ format: 'jwk' });
  const { machine } = machineWith({
    'keys.json': { keys: [{ ...ec, kid: 'one' }, { ...other, kid: 'two' }, oct] },
  });
  await transcript(
    machine,
    `
    $ jwks convert keys.json --kid one --to ssh
    <...> one
    $ jwks convert keys.json --to ssh
    ! jwks: keys.json holds 3 keys, and ssh is one
    ! hint: say which with --kid, or use --to jwks or --to pem
    exit 2
    $ jwks convert keys.json
    ! jwks: keys.json holds 3 keys, and jwk is one
    ! hint: say which with --kid, or use --to jwks or --to pem
    exit 2
    $ jwks convert keys.json --kid three
    ! jwks: keys.json has no key "three"
    exit 3
    $ jwks convert keys.json --kid shared
    ! jwks: keys.json: a symmetric key has no public half
    ! hint: add --private if it may be shown
    exit 2
  `,
  );
  const jwks = await machine.jwks('convert keys.json --to jwks');
  expect(JSON.parse(jwks.stdout).keys.map(({ kid }: { kid: string }) => kid)).toEqual(['one', 'two']);
  expect(jwks.stderr).toBe('jwks: left out: 1 symmetric key has no public half\n');
  const pem = await machine.jwks('convert keys.json --to pem');
  expect(pem.stdout.match(/BEGIN PUBLIC KEY/g)).toHaveLength(2);
  const all = await machine.jwks('convert keys.json --to jwks --private');
  expect(JSON.parse(all.stdout).keys).toMatchObject([ec, other, { k: oct.k }]);
  const asPem = await machine.jwks('convert keys.json --to pem --private');
  expect(asPem).toMatchObject({ status: 2, stdout: '' });
});

test('--kid names a key that has no name; a public key alone has no private half', async () => {
  const { d: _, ...half } = ec;
  const { machine } = machineWith({ 'key.pem': pemOf(ec), 'half.jwk': half });
  expect(JSON.parse((await machine.jwks('convert key.pem --kid 2026-a')).stdout).kid).toBe('2026-a');
  await transcript(
    machine,
    `
    $ jwks convert half.jwk --private
    ! jwks: half.jwk: there is no private half
    exit 6
    $ jwks convert half.jwk --certificate
    ! jwks: half.jwk: a public key alone signs no certificate
    exit 6
  `,
  );
});

test('a self-signed certificate: in a JWK, beside a private key, or alone', async () => {
  const { machine, work } = machineWith({ 'key.jwk': { ...ec, kid: 'one' } });
  const subject = ['--subject', 'CN=auth.example.com', '--days', '30'];
  const jwk = await machine.jwks(['convert', 'key.jwk', '--certificate', ...subject]);
  const { x5c, d, ...names } = JSON.parse(jwk.stdout);
  expect([d, names.kid, names['x5t#S256'].length]).toEqual([undefined, 'one', 43]);
  const certificate = new X509Certificate(Buffer.from(x5c[0], 'base64'));
  expect(certificate.subject).toBe('CN=auth.example.com');
  expect(new Date(certificate.validFrom).toISOString()).toBe('2026-02-01T12:00:00.000Z');
  expect(new Date(certificate.validTo).toISOString()).toBe('2026-03-03T12:00:00.000Z');

  const alone = await machine.jwks('convert key.jwk --certificate --to pem');
  expect(alone.stdout.match(/BEGIN [A-Z ]+/g)).toEqual(['BEGIN CERTIFICATE']);
  expect(new X509Certificate(alone.stdout).subject).toBe('CN=one');
  const pair = await machine.jwks('convert key.jwk --certificate --to pem --private');
  expect(pair.stdout.match(/BEGIN [A-Z ]+/g)).toEqual(['BEGIN PRIVATE KEY', 'BEGIN CERTIFICATE']);
  await ok(machine, 'convert key.jwk --certificate --to der -o own.crt');
  expect(
    new X509Certificate(readFileSync(`${work}/own.crt`)).checkPrivateKey(createPrivateKey(pair.stdout)),
  ).toBe(true);
  await transcript(
    machine,
    `
    $ jwks convert key.jwk --certificate --to ssh
    ! jwks: --certificate goes with --to jwk, jwks, pem or der
    exit 2
    $ jwks convert key.jwk --certificate --subject auth
    ! jwks: "auth" is no distinguished name
    ! hint: such as CN=auth.example.com,O=Example
    exit 2
    $ jwks convert key.jwk --days 30
    ! jwks: --subject and --days go with --certificate
    exit 2
    $ jwks convert key.jwk --certificate --days 0
    ! jwks: --days 0 is not between 1 and 36500
    ! hint: jwks convert --help
    exit 2
  `,
  );
});

test('DER is binary: not for a terminal; a private key asks first there', async () => {
  const { machine } = machineWith({ 'key.jwk': ec });
  const der = await machine.jwks('convert key.jwk --to der', { terminal: 80 });
  expect(der).toMatchObject({ status: 2, stdout: '' });
  expect(der.stderr).toContain('der is binary, and stdout is a terminal');
  const no = await machine.jwks('convert key.jwk --private', { terminal: 80, answers: [false] });
  expect(no).toMatchObject({ status: 130, stdout: '' });
});

test('what is not sound is not converted, and what was mended is said', async () => {
  const { machine } = machineWith({
    'foreign.jwk': { ...ec, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' },
    'padded.jwk': { ...ec, x: `${ec.x}=` },
    'no.txt': 'hello',
  });
  await transcript(
    machine,
    `
    $ jwks convert foreign.jwk --to pem
    ! jwks: foreign.jwk: <...>
    exit 6
    $ jwks convert no.txt
    ! jwks: no.txt: it is no key of a format that is read here
    exit 6
    $ jwks convert nowhere.pem
    ! jwks: nowhere.pem cannot be read: no such file or directory
    exit 3
    $ jwks convert a.pem b.pem
    ! jwks: too many arguments: convert takes at most 1
    ! hint: jwks convert --help
    exit 2
  `,
  );
  const { status, stderr } = await machine.jwks('convert padded.jwk --to spki');
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^jwks: padded\.jwk: "x" .*: mended\n$/)]);
  const piped = await machine.jwks('convert - --to ssh', { stdin: JSON.stringify(ec) });
  expect(piped.stdout).toMatch(/^ecdsa-sha2-nistp256 /);
});
