// A document that is whole, but not the one that belongs there, is refused.
import { describe, expect, test } from 'vitest';
import { JwksError } from '../../src/errors.ts';
import { generateIdentity, SignatureChecker } from '../../src/jose/identity.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { type Master, parseMaster, serializeMaster } from '../../src/keystore/master-document.ts';
import { Reader } from '../../src/keystore/reader.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { addKey, codeOf, memoryKeystore, mustRead } from '../support/keystore.ts';
import { jsonOf, setName, tamperedKeystore } from '../support/keystore-tampering.ts';

describe('a document that is whole, but not what belongs there', () => {
  test('is the one of another set', async () => {
    const { made, storage, openSet } = await tamperedKeystore();
    const other = await mustRead(made.storage, 'sets/other');
    storage.plant(setName, other);
    expect(await codeOf(openSet())).toBe('damaged');
    storage.plant(setName, { ...other, revision: 2 });
    expect(await codeOf(openSet())).toBe('damaged');
  });

  test('is the one of another keystore', async () => {
    const { storage, openSet } = await tamperedKeystore();
    const foreign = await memoryKeystore();
    await addKey(await foreign.open());
    storage.plant(setName, await mustRead(foreign.storage, setName));
    expect(await codeOf(openSet())).toBe('damaged');
  });

  test('is an older revision under a higher name', async () => {
    const { made, storage, openSet } = await tamperedKeystore();
    const old = await mustRead(made.storage, setName);
    await addKey(await made.open());
    storage.plant(setName, { ...old, revision: 4 });
    expect(await codeOf(openSet())).toBe('damaged');
    const master = await mustRead(made.storage, 'master');
    storage.plant('master', { ...master, revision: 2 });
    expect(await codeOf(openSet())).toBe('damaged');
  });

  test('has the sealed half of one revision and the manifest of another', async () => {
    const { made, storage, openSet, set } = await tamperedKeystore();
    await addKey(await made.open());
    const newer = await mustRead(made.storage, setName);
    const [before, after] = [set, newer].map(jsonOf);
    const mixed = { ...before, aad: after.aad, signature: after.signature };
    storage.plant(setName, { revision: 3, bytes: Buffer.from(`${JSON.stringify(mixed)}\n`) });
    expect(await codeOf(openSet())).toBe('damaged');
  });

  test('has a member more, or its members in another order or spacing', async () => {
    const { storage, openSet, set } = await tamperedKeystore();
    const value = jsonOf(set);
    const texts = [
      JSON.stringify({ ...value, unprotected: {} }),
      JSON.stringify({ ...value, header: { alg: 'dir' } }),
      JSON.stringify({ ...value, recipients: [] }),
      JSON.stringify(value, undefined, 1),
      JSON.stringify(Object.fromEntries(Object.entries(value).reverse())),
      ` ${JSON.stringify(value)}`,
      `${JSON.stringify(value)}\n`,
      `${JSON.stringify(value)}\r`,
      `{"iv":"AAAA",${JSON.stringify(value).slice(1)}`,
    ];
    const accepted: string[] = [];
    for (const text of texts) {
      storage.plant(setName, { ...set, bytes: Buffer.from(`${text}\n`) });
      const isTaken = await openSet().then(
        () => true,
        (error) => !(error instanceof JwksError && error.code === 'damaged'),
      );
      if (isTaken) accepted.push(text.slice(0, 40));
    }
    // Members in another order are the same document; what is signed and sealed is not concerned.
    expect(accepted.filter((text) => !text.startsWith('{"signature"'))).toEqual([]);
  });

  test('is signed by somebody who can write, but has no secret', async () => {
    const { made, storage, master, openSet } = await tamperedKeystore();
    const thief = await generateIdentity('EdDSA');
    const { master: honest } = await parseMaster(master.bytes, 1, new SignatureChecker());
    const forge = async (change: Partial<Master>) =>
      storage.plant('master', { revision: 1, bytes: await serializeMaster({ ...honest, ...change }, thief) });
    await forge({});
    expect(await codeOf(openSet())).toBe('damaged');
    await forge({ identities: [thief.jwk, ...honest.identities] });
    expect(await codeOf(openSet())).toBe('damaged');
    const seenFiles = new SeenFiles(realFileSystem, undefined);
    expect(await codeOf(Reader.open({ storage, seenFiles, acceptRollback: true }, made.fingerprint))).toBe(
      'identity',
    );
  });

  test('is the master document of another keystore', async () => {
    const { storage, openSet } = await tamperedKeystore();
    storage.plant('master', await mustRead((await memoryKeystore()).storage, 'master'));
    expect(await codeOf(openSet())).toBe('secret');
  });
});
