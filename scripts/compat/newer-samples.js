// Samples of what a newer version might write: version 2, with members that this one does not know, well signed.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlattenedSign, flattenedDecrypt, importJWK } from 'jose';

const decode = (text) => JSON.parse(Buffer.from(text, 'base64url').toString());

/** From a sample of this version, each into a directory of its own. */
export async function makeNewerSamples(fixtures, from) {
  const source = join(fixtures, from);
  const read = (path) => JSON.parse(readFileSync(join(source, path), 'utf8'));
  const identity = await identityOf(
    read('keystore/master/1.json'),
    readFileSync(join(source, 'secret'), 'utf8'),
  );
  const copy = (name, path, document) => {
    const directory = join(fixtures, name);
    cpSync(source, directory, { recursive: true });
    for (const file of ['state', 'public.jwks.json', 'sample.json'])
      rmSync(join(directory, file), { recursive: true });
    writeFileSync(join(directory, path), `${JSON.stringify(document)}\n`);
  };

  const master = read('keystore/master/1.json');
  const newMaster = await sign(
    { ...decode(master.payload), version: 2, quorum: 2 },
    master.protected,
    identity,
  );
  copy('newer-master', 'keystore/master/1.json', { ...newMaster, slots: master.slots, quorum: [] });

  const { signature, aad, ...sealed } = read('keystore/sets/ec/1.json');
  const [header] = signature.split('..');
  const newSet = await sign({ ...decode(aad), version: 2, purpose: 'more' }, header, identity);
  const detached = `${newSet.protected}..${newSet.signature}`;
  copy('newer-set', 'keystore/sets/ec/1.json', {
    ...sealed,
    aad: newSet.payload,
    signature: detached,
    purpose: [],
  });
}

async function identityOf({ slots }, secret) {
  const key = Buffer.from(secret.trim().replace('jwks_secret_', ''), 'base64url');
  const { plaintext } = await flattenedDecrypt(slots[0], key);
  return JSON.parse(Buffer.from(plaintext).toString()).keys[0];
}

async function sign(payload, header, identity) {
  const key = await importJWK(identity, 'EdDSA');
  return new FlattenedSign(Buffer.from(JSON.stringify(payload))).setProtectedHeader(decode(header)).sign(key);
}
