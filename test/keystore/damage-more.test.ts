// Damage to a keystore that several kinds of secret open: whichever is used, it is refused, and nothing opens wrongly.
//
// JWKS_DAMAGE=all tries every byte and every length; otherwise a sample that begins elsewhere each time.
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { FlattenedEncrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import { exitStatus } from '../../src/cli/exit-status.ts';
import { JwksError } from '../../src/errors.ts';
import { SignatureChecker } from '../../src/jose/identity.ts';
import { open as openSealed, type Sealed } from '../../src/jose/sealing.ts';
import { realFileSystem } from '../../src/keystore/file-system.ts';
import { Keystore } from '../../src/keystore/keystore.ts';
import { parseMaster, type Slot, sealSlot, serializeMaster } from '../../src/keystore/master-document.ts';
import { Reader } from '../../src/keystore/reader.ts';
import { parseRecipient } from '../../src/keystore/recipient.ts';
import { parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { SeenFiles } from '../../src/keystore/seen.ts';
import { digestOf } from '../../src/keystore/set-document.ts';
import { type DocumentName, documentOf, parseSetId } from '../../src/keystore/set-id.ts';
import type { StoredDocument } from '../../src/keystore/storage.ts';
import { Machine } from '../support/cli.ts';
import { addKey, auth, authorAt, memoryKeystore, mustRead, noon } from '../support/keystore.ts';
import { pathsBelow } from '../support/keystore-files.ts';
import { jsonOf } from '../support/keystore-tampering.ts';
import { TamperedStorage } from '../support/tampered-storage.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const isAll = process.env['JWKS_DAMAGE'] === 'all';
const sampled = 61;
const start = isAll ? 0 : Math.floor(Math.random() * sampled);
const other = parseSetId('other');

type Kind = 'generated' | 'passphrase' | 'recipient';

/** A master document with a slot of each kind, and two sets. The passphrase is derived a thousand times only. */
async function threeSlots() {
  const made = await memoryKeystore();
  const keystore = await made.open();
  await addKey(keystore);
  await addKey(keystore, other);
  const first = await mustRead(made.storage, 'master');
  const { master } = await parseMaster(first.bytes, first.revision, new SignatureChecker());
  const unlocked = await made.unlocked();
  const [generated] = master.slots;
  if (generated === undefined || made.secret.kind !== 'generated') throw new Error('there is no slot');
  const plaintext = await openSealed(generated.sealed, { alg: 'A256GCMKW', ...made.secret });
  const words = 'twelve monkeys of sixteen';
  const passphrase = await slotOfWords(plaintext ?? Buffer.alloc(0), words);
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const text = JSON.stringify(pair.publicKey.export({ format: 'jwk' }));
  const key = { kind: 'recipient', ...parseRecipient(text, 'a test') } as const;
  const recipient = await sealSlot(key, 'recovery', noon, unlocked);
  const slots: Slot[] = [generated, passphrase, recipient];
  const next = { ...master, revision: 2, previous: digestOf(first.bytes), slots };
  const bytes = await serializeMaster(next, unlocked.identity);
  expect(await made.storage.replace('master', 1, bytes)).toBe('committed');
  const secrets: Readonly<Record<Kind, Secret>> = {
    generated: made.secret,
    passphrase: parseSecret(words, 'a test'),
    recipient: parseSecret(JSON.stringify(pair.privateKey.export({ format: 'jwk' })), 'a test'),
  };
  const storage = new TamperedStorage(made.storage);
  const open = async (kind: Kind) => {
    const options = { storage, seenFiles: new SeenFiles(realFileSystem, undefined), acceptRollback: true };
    const expected = kind === 'recipient' ? made.fingerprint : undefined;
    return (await Keystore.open(options, secrets[kind], authorAt(), expected)).openSet(auth);
  };
  const read = async () => {
    const options = { storage, seenFiles: new SeenFiles(realFileSystem, undefined), acceptRollback: true };
    return (await Reader.open(options, made.fingerprint)).readSet(auth);
  };
  return { made, storage, open, read, first, master: await mustRead(made.storage, 'master') };
}

async function slotOfWords(plaintext: Uint8Array, words: string): Promise<Slot> {
  const kid = randomUUID();
  const encrypt = new FlattenedEncrypt(plaintext)
    .setProtectedHeader({ alg: 'PBES2-HS512+A256KW', enc: 'A256GCM', cty: 'jwk-set+json', kid })
    .setKeyManagementParameters({ p2c: 1_000 });
  const jwe = await encrypt.encrypt(Buffer.from(words));
  const { protected: header = '', encrypted_key = '', iv = '', ciphertext, tag = '' } = jwe;
  const sealed: Sealed = { protected: header, encrypted_key, iv, ciphertext, tag };
  return { kid, label: 'words', kind: 'passphrase', created: noon, sealed };
}

/** Ends with an error of ours whose exit is 4 or 6; the code. Anything else fails the test. */
async function refusal(what: string, work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => new Error('it opened'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof JwksError) || ![4, 6].includes(exitStatus[error.code]))
    throw new Error(what, { cause: error });
  return error.code;
}

function* flips({ bytes }: StoredDocument, everyBit = isAll) {
  for (let index = start % bytes.length; index < bytes.length; index += isAll ? 1 : sampled) {
    for (let bit = everyBit ? 0 : index % 8; bit < 8; bit += everyBit ? 1 : 8) {
      const changed = Uint8Array.from(bytes);
      changed[index] = (changed[index] ?? 0) ^ (1 << bit);
      yield { what: `byte ${index} bit ${bit}`, bytes: changed };
    }
  }
}

function* cuts({ bytes }: StoredDocument) {
  for (let length = start % bytes.length; length < bytes.length; length += isAll ? 1 : sampled)
    yield { what: `${length} bytes`, bytes: bytes.subarray(0, length) };
}

const timeout = isAll ? 1_200_000 : 30_000;

describe.each(['generated', 'passphrase', 'recipient'] as const)('opened with a %s secret', (kind) => {
  test.each([
    ['bytes of the master document are changed', 'master', flips],
    ['the master document is cut', 'master', cuts],
    ['bytes of a set are changed', documentOf(auth), flips],
    ['a set is cut', documentOf(auth), cuts],
  ] as const)('%s', { timeout }, async (what, name, variants) => {
    const { made, storage, open } = await threeSlots();
    expect((await open(kind))?.privateKeys).toHaveLength(1);
    const whole = await mustRead(made.storage, name);
    const codes: Record<string, number> = {};
    for (const { what, bytes } of variants(whole)) {
      storage.plant(name, { ...whole, bytes });
      const code = await refusal(what, open(kind));
      codes[code] = (codes[code] ?? 0) + 1;
    }
    console.log(`${kind}: ${what}: ${JSON.stringify(codes)}`);
  });

  test('slots are exchanged, repeated, left out, or mixed', { timeout }, async () => {
    const { storage, open, master } = await threeSlots();
    const foreign = await threeSlots();
    const { slots, ...rest } = jsonOf(master);
    const [a, b, c] = slots;
    const [x, y, z] = jsonOf(foreign.master).slots;
    const lists = [
      [b, a, c],
      [a, c, b],
      [c, b, a],
      [a, b],
      [b, c],
      [a],
      [],
      [a, b, c, c],
      [a, a, a],
      [x, y, z],
    ];
    const parts = ['protected', 'encrypted_key', 'iv', 'ciphertext', 'tag'];
    // One part of a slot out of another.
    for (const part of parts)
      for (const [one, two] of [
        [0, 1],
        [1, 2],
        [2, 0],
        [0, 2],
      ] as const)
        lists.push(
          slots.map((slot: object, index: number) =>
            index === one ? { ...slot, [part]: slots[two][part] } : slot,
          ),
        );
    for (const [index, list] of [...lists, [x, b, c], [a, y, c], [a, b, z]].entries()) {
      storage.plant('master', { ...master, bytes: text({ ...rest, slots: list }) });
      await refusal(`list ${index}`, open(kind));
    }
  });

  test('documents stand in each other’s place', { timeout }, async () => {
    const { made, storage, open, master, first } = await threeSlots();
    const foreign = await threeSlots();
    const at = (name: DocumentName) => mustRead(made.storage, name);
    const names: readonly DocumentName[] = ['master', documentOf(auth), documentOf(other)];
    const documents = [...(await Promise.all(names.map(at))), first];
    for (const name of names) documents.push(await mustRead(foreign.made.storage, name));
    let tried = 0;
    for (const target of names.slice(0, 2)) {
      const own = await at(target);
      for (const document of documents) {
        for (const revision of new Set([own.revision, document.revision, own.revision + 1])) {
          if (document.bytes === own.bytes && revision === own.revision) continue;
          // A revision of before under its own name is another matter: what a host has seen tells that.
          if (document === first && target === 'master' && revision === first.revision) continue;
          storage.plant(target, { revision, bytes: document.bytes });
          await refusal(`${target}: ${documents.indexOf(document)} as ${revision}`, open(kind));
          tried += 1;
        }
      }
      storage.plant(target, own);
    }
    storage.plant('master', master);
    expect((await open(kind))?.privateKeys).toHaveLength(1);
    console.log(`${kind}: ${tried} documents in the place of others`);
  });
});

test('a reader that knows the fingerprint refuses each change of the master document', {
  timeout,
}, async () => {
  const { storage, read, master } = await threeSlots();
  for (const { what, bytes } of [...flips(master), ...cuts(master)]) {
    storage.plant('master', { ...master, bytes });
    await refusal(what, read());
  }
});

test('an older revision of each document is refused by a host that saw a newer one', async () => {
  const made = await memoryKeystore();
  const storage = new TamperedStorage(made.storage);
  const directory = temporaryDirectory();
  const open = async () => {
    const options = { storage, seenFiles: new SeenFiles(realFileSystem, directory), acceptRollback: false };
    const keystore = await Keystore.open(options, made.secret, authorAt(), undefined);
    await keystore.openSet(auth);
    keystore.reader.remember(true);
    return keystore;
  };
  const older: [DocumentName, StoredDocument][] = [];
  for (let round = 0; round < 4; round++) {
    const keystore = await open();
    if (round > 0) older.push([documentOf(auth), await mustRead(made.storage, documentOf(auth))]);
    older.push(['master', await mustRead(made.storage, 'master')]);
    await addKey(keystore);
    await keystore.changeMaster(async ({ slots }) => ({ slots, event: 'noted', mustOpen: [] }));
    await open();
  }
  for (const [name, document] of older) {
    const now = await mustRead(made.storage, name);
    storage.plant(name, document);
    expect([document.revision, await refusal(name, open())]).toEqual([document.revision, 'rolled-back']);
    storage.plant(name, now);
    await open();
  }
});

// Through the command: the file itself.
test('files are changed and cut, and the command says so', {
  timeout: isAll ? 2_400_000 : 60_000,
}, async () => {
  const machine = new Machine();
  for (const line of ['create --alg ES256 auth k1', 'create --alg HS256 auth k2'])
    expect((await machine.jwks(line)).status).toBe(0);
  const keystore = join(machine.home, '.local/share/jwks');
  const whole = (path: string) => readFileSync(path).length > 0;
  const files = pathsBelow(keystore).filter((path) => path.endsWith('.json') && whole(join(keystore, path)));
  expect(files).toEqual(['master/1.json', 'sets/auth/2.json']);
  const statuses: Record<string, number> = {};
  for (const file of files) {
    const path = join(keystore, file);
    const document = { revision: 1, bytes: readFileSync(path) };
    for (const { what, bytes } of [...flips(document, false), ...cuts(document)]) {
      writeFileSync(path, bytes);
      for (const line of [
        'sign auth --kid k1',
        'export auth --private',
        'rotate auth',
        'create --alg ES256 auth k3',
      ]) {
        const { status, stdout, stderr } = await machine.jwks(line);
        const place = `${file} ${what}: ${line}`;
        expect([4, 6], `${place}: ${stderr}`).toContain(status);
        expect([place, stdout]).toEqual([place, '']);
        statuses[`exit ${status}`] = (statuses[`exit ${status}`] ?? 0) + 1;
      }
    }
    writeFileSync(path, document.bytes);
    expect((await machine.jwks('sign auth --kid k1')).status).toBe(0);
  }
  console.log(`files: ${JSON.stringify(statuses)}`);
});

function text(value: unknown): Buffer {
  return Buffer.from(`${JSON.stringify(value)}\n`);
}
