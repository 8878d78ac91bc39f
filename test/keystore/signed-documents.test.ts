// Documents that the identity itself signed, and that are refused all the same.
import { describe, expect, test } from 'vitest';
import { sign } from '../../src/jose/identity.ts';
import { seal } from '../../src/jose/sealing.ts';
import { fromManifest, type Manifest } from '../../src/keystore/manifest.ts';
import { serializeSet } from '../../src/keystore/set-document.ts';
import { auth, codeOf, memoryKeystore, mustRead } from '../support/keystore.ts';
import { jsonOf, setName, tamperedKeystore } from '../support/keystore-tampering.ts';

describe('signed by the identity itself', () => {
  test('a newer version says so, also to a reader', async () => {
    const { made, storage, set, master, unlocked, openSet } = await tamperedKeystore();
    const { identity, masterKeys } = unlocked;
    const manifest = JSON.parse(Buffer.from(jsonOf(set).aad, 'base64url').toString());
    const aad = Buffer.from(JSON.stringify({ ...manifest, version: 2, surprise: true }));
    const sealed = await seal(Buffer.from('{"keys":[]}'), { alg: 'A256GCMKW', ...masterKeys[0] }, aad);
    const { protected: header, signature } = await sign(aad, 'jwks-set+jws', identity);
    const bytes = Buffer.from(`${JSON.stringify({ ...sealed, signature: `${header}..${signature}` })}\n`);
    storage.plant(setName, { revision: 2, bytes });
    expect(await codeOf(openSet())).toBe('newer-format');

    const { slots, ...signed } = jsonOf(master);
    const payload = JSON.parse(Buffer.from(signed.payload, 'base64url').toString());
    const again = await sign(
      Buffer.from(JSON.stringify({ ...payload, version: 2 })),
      'jwks-master+jws',
      identity,
    );
    storage.plant('master', { revision: 1, bytes: Buffer.from(`${JSON.stringify({ ...again, slots })}\n`) });
    expect(await codeOf(made.open({ storage }))).toBe('newer-format');
  });

  test('a set that holds other keys than its manifest says is damaged', async () => {
    const { made, storage, unlocked, openSet } = await tamperedKeystore();
    const honest = await (await made.open()).openSet(auth);
    if (honest === undefined) throw new Error('the set is absent');
    const { manifest, privateKeys } = honest;
    const [first, second] = privateKeys;
    if (first === undefined || second === undefined) throw new Error('the set has two keys');
    const plantKeys = async (keys: typeof privateKeys, change: Partial<Manifest> = {}) =>
      storage.plant(setName, {
        revision: 2,
        bytes: await serializeSet(
          { ...manifest, ...change },
          keys,
          unlocked.masterKeys[0],
          unlocked.identity,
        ),
      });
    await plantKeys(privateKeys);
    expect((await openSet())?.manifest).toEqual(manifest);
    for (const keys of [
      [],
      [first],
      [second, first],
      [first, first],
      [first, { ...second, x: first['x'] }],
      [first, second, first],
    ]) {
      await plantKeys(keys);
      expect(await codeOf(openSet())).toBe('damaged');
    }
    await plantKeys(privateKeys, { keys: [...manifest.keys, ...manifest.keys] });
    expect(await codeOf(openSet())).toBe('damaged');
    expect(fromManifest(manifest)).toMatchObject({ version: 1 });
  });

  test('a document of the wrong type is not taken for a set or a master document', async () => {
    const { made, storage, set, unlocked, openSet } = await tamperedKeystore();
    const value = jsonOf(set);
    const aad = Buffer.from(value.aad, 'base64url');
    const { protected: header, signature } = await sign(aad, 'jwks-master+jws', unlocked.identity);
    storage.plant(setName, {
      ...set,
      bytes: Buffer.from(`${JSON.stringify({ ...value, signature: `${header}..${signature}` })}\n`),
    });
    expect(await codeOf(openSet())).toBe('damaged');
    expect(
      await made.open({ storage: made.storage }).then((keystore) => keystore.openSet(auth)),
    ).toBeDefined();
  });

  test('a slot that was exchanged, added or taken away is damaged', async () => {
    const { storage, master, openSet } = await tamperedKeystore();
    const value = jsonOf(master);
    const foreign = jsonOf(await mustRead((await memoryKeystore()).storage, 'master'));
    for (const slots of [
      foreign.slots,
      [...value.slots, ...foreign.slots],
      [...value.slots, ...value.slots],
      [],
    ]) {
      storage.plant('master', { ...master, bytes: Buffer.from(`${JSON.stringify({ ...value, slots })}\n`) });
      expect(await codeOf(openSet())).toBe('damaged');
    }
  });
});
