// The form of a backup: all of it comes back, and what is none, or not whole, is named.
import { describe, expect, test } from 'vitest';
import {
  type Backup,
  mostBackupBytes,
  parseBackup,
  serializeBackup,
  toStorage,
} from '../../src/keystore/backup.ts';
import type { DocumentName } from '../../src/keystore/set-id.ts';
import type { StoredDocument } from '../../src/keystore/storage.ts';
import { noon } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test takes documents apart as it likes.
type Json = any;
const stored = (revision: number, text: string): StoredDocument => ({ revision, bytes: Buffer.from(text) });
const backup: Backup = {
  created: noon,
  keystore: '0b8c2c4e-3f8f-4f6e-9d5b-3d1c6e1f2a3b',
  identity: 'A'.repeat(43),
  master: stored(3, 'master é\n'),
  sets: new Map<DocumentName, StoredDocument>([
    ['sets/auth', stored(2, 'auth\n')],
    ['sets/%41', stored(1, 'A\n')],
  ]),
};
const written = (): Json => JSON.parse(String(serializeBackup(backup)));

test('all of it comes back, and its bytes are those that they were', () => {
  expect(String(serializeBackup(backup))).toBe(
    `{"format":"jwks-backup","version":1,"created":"2026-02-01T12:00:00Z","keystore":"${backup.keystore}","identity":"${backup.identity}","documents":{"master":{"revision":3,"document":"master é\\n"},"sets/auth":{"revision":2,"document":"auth\\n"},"sets/%41":{"revision":1,"document":"A\\n"}}}\n`,
  );
  expect(parseBackup(written(), 'it')).toEqual(backup);
});

describe('is refused', () => {
  const damaged = (fault: string) => ({
    code: 'damaged',
    message: `it is damaged: ${fault}`,
    hint: undefined,
  });

  test.each([null, 'text', 7, [], {}, { format: 'other' }])('%j is none', async (value) => {
    expect(await toldBy(() => parseBackup(value, 'it'))).toEqual({
      ...{ code: 'damaged', message: 'it is no backup of a keystore', hint: undefined },
    });
  });

  test('one of a newer version, whatever else is in it', async () => {
    const told = await toldBy(() => parseBackup({ format: 'jwks-backup', version: 2, more: true }, 'it'));
    expect(told.code).toBe('newer-format');
  });

  test.each<[string, (value: Json) => void, string]>([
    ['an unknown member', (value) => Object.assign(value, { more: 1 }), 'more is not what it should be'],
    [
      'a keystore of no name',
      (value) => Object.assign(value, { keystore: 'x' }),
      'keystore is not what it should be',
    ],
    [
      'an identity of another length',
      (value) => Object.assign(value, { identity: 'A'.repeat(44) }),
      'identity is not what it should be',
    ],
    [
      'no master document',
      ({ documents }) => Reflect.deleteProperty(documents, 'master'),
      'it has no master document',
    ],
    ...['auth', 'sets/', 'sets/.hidden', 'sets/a/b', 'sets//a', 'x/sets/a', 'sets/auth/../b'].map(
      (name): [string, (value: Json) => void, string] => [
        `a document at ${name}`,
        ({ documents }) => Object.assign(documents, { [name]: documents.master }),
        'it has a document of no set',
      ],
    ),
  ])('one with %s', async (_, change, fault) => {
    const value = written();
    change(value);
    expect(await toldBy(() => parseBackup(value, 'it'))).toEqual(damaged(fault));
  });

  test('one with a document that is larger than a document is', async () => {
    const value = written();
    const most = 64 * 1_024 * 1_024;
    value.documents.master.document = 'x'.repeat(most);
    expect(parseBackup(value, 'it').master.bytes).toHaveLength(most);
    value.documents.master.document += 'x';
    expect(await toldBy(() => parseBackup(value, 'it'))).toEqual(damaged('a document is too large'));
  });
});

test('one that would be larger than a backup is is not written', async () => {
  // Each of its bytes is escaped in JSON: six for one.
  const bytes = Buffer.alloc(mostBackupBytes / 6, 1);
  expect(await toldBy(() => serializeBackup({ ...backup, master: { revision: 1, bytes } }))).toEqual({
    ...{ code: 'failed', message: 'a backup of it would be larger than 256 MiB', hint: undefined },
  });
});

test('its documents are a storage of their own', async () => {
  const storage = toStorage('it', backup.master, backup.sets);
  expect([storage.place, await storage.list()]).toEqual(['it', ['sets/auth', 'sets/%41']]);
  expect(await storage.read('master')).toBe(backup.master);
});
