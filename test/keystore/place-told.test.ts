// What is said of a directory in which no keystore is, or may be made; and what is in a new one.
import { chmodSync, chownSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { SignatureChecker } from '../../src/jose/identity.ts';
import { DirectoryPlace } from '../../src/keystore/directory-place.ts';
import { type FileSystem, realFileSystem } from '../../src/keystore/file-system.ts';
import { parseMaster } from '../../src/keystore/master-document.ts';
import { MemoryStorage } from '../../src/keystore/memory-storage.ts';
import { makeKeystore } from '../../src/keystore/new-keystore.ts';
import { refuseForeign } from '../../src/keystore/ownership.ts';
import { toPlace } from '../../src/keystore/place.ts';
import { generateSecretText, parseSecret } from '../../src/keystore/secret.ts';
import { failingAt } from '../support/faulty-file-system.ts';
import { authorAt, mustRead, noon } from '../support/keystore.ts';
import { modeOf } from '../support/keystore-files.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { toldBy } from '../support/told.ts';
import { WatchedStorage } from '../support/watched-storage.ts';

const uid = process.geteuid?.() ?? 0;

function placeAt(directory = join(temporaryDirectory(), 'keystore'), fs: FileSystem = realFileSystem) {
  return new DirectoryPlace(directory, { fs, uid, shield: undefined });
}

describe('a place', () => {
  test('where nothing is', async () => {
    const place = placeAt();
    expect([place.label, await place.look(), place.id()]).toEqual([
      place.directory,
      'absent',
      place.directory,
    ]);
    const told = { code: 'not-found', message: `there is no keystore at ${place.directory}` };
    const hint = `jwks init --keystore ${place.directory}`;
    expect(await toldBy(() => place.open())).toEqual({ ...told, hint });
    expect(await toldBy(() => place.open('make it'))).toEqual({ ...told, hint: 'make it' });
    const storage = await place.make();
    expect([storage.place, modeOf(place.directory), await place.look()]).toEqual([
      place.directory,
      '0700',
      'empty',
    ]);
  });

  test('in which something is', async () => {
    const place = placeAt();
    mkdirSync(place.directory);
    expect(place.hasOthers()).toBe(false);
    writeFileSync(join(place.directory, 'notes'), '');
    expect([await place.look(), place.hasOthers()]).toEqual(['taken', true]);
    const told = { code: 'conflict', message: `${place.directory} is not empty` };
    expect(place.taken()).toMatchObject({ ...told, hint: 'a keystore needs a directory of its own' });
    for (const name of ['master', 'sets']) mkdirSync(join(place.directory, name));
    expect(place.taken()).toMatchObject({ ...told, hint: 'there is a keystore in it already' });
    const own = placeAt();
    for (const name of ['master', 'sets']) mkdirSync(join(own.directory, name), { recursive: true });
    expect(own.hasOthers()).toBe(false);
  });

  test('that is a file, or below one', async () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    const place = placeAt(file);
    const told = {
      code: 'damaged',
      message: `${file} is not a directory, and so no keystore`,
      hint: undefined,
    };
    expect(await place.look()).toBe('taken');
    expect(await toldBy(() => place.open())).toEqual(told);
    expect(place.taken()).toMatchObject(told);
    expect(await placeAt(join(file, 'below')).look()).toBe('absent');
  });

  test('that is a link to nothing', async () => {
    const link = join(temporaryDirectory(), 'link');
    symlinkSync('/nowhere', link);
    expect(await toldBy(() => placeAt(link).make())).toEqual({
      code: 'not-found',
      message: `${link} is a symbolic link to nothing`,
      hint: `make the directory that it leads to, or remove the link: rm ${link}`,
    });
    const good = join(dirname(link), 'good');
    symlinkSync(temporaryDirectory(), good);
    expect(await placeAt(good).look()).toBe('empty');
    expect((await placeAt(good).make()).place).not.toBe(good);
  });

  test('that cannot be looked at', async () => {
    const directory = temporaryDirectory();
    const told = (what: string) => ({
      ...{ code: 'failed', hint: undefined },
      message: `the keystore ${directory} cannot ${what}: the disk reports an error`,
    });
    const at = (operation: Parameters<typeof failingAt>[0]) =>
      placeAt(directory, failingAt(operation, 'EIO'));
    expect(await toldBy(() => at('realpath').id())).toEqual(told('be found'));
    expect(await toldBy(() => at('stat').look())).toEqual(told('be found'));
    expect(await toldBy(() => at('readdir').look())).toEqual(told('be read'));
    expect(await toldBy(() => at('readdir').hasOthers())).toEqual(told('be read'));
    const missing = join(directory, 'missing');
    const making = placeAt(missing, failingAt('mkdir', 'EIO'));
    expect((await toldBy(() => making.make())).message).toBe(
      `the keystore ${missing} cannot be made: the disk reports an error`,
    );
    const linked = placeAt(missing, failingAt('lstat', 'EIO'));
    expect((await toldBy(() => linked.make())).message).toBe(
      `the keystore ${missing} cannot be found: the disk reports an error`,
    );
    const read = placeAt(directory, failingAt('stat', 'EIO', 2));
    expect(await toldBy(() => read.taken())).toEqual(told('be read'));
  });
});

describe('a text', () => {
  const context = { env: {}, cwd: '/work', fs: realFileSystem, uid, shield: undefined };

  test('is a path from where the command runs, or a URL', () => {
    expect(toPlace('keys', context)).toMatchObject({ label: '/work/keys', directory: '/work/keys' });
    expect(toPlace('/keys', context).label).toBe('/keys');
    const place = toPlace('postgres://ann:pw@db.example/auth', context);
    expect([place.label, place.directory]).toEqual(['postgres://ann@db.example:5432/auth', undefined]);
  });

  test('that may be a misspelled URL is a path only where a directory of that name is', async () => {
    const directory = temporaryDirectory();
    const text = join(directory, 'ann:pw@db');
    const work = () => toPlace(text, context);
    const refused = {
      code: 'usage',
      message:
        'the keystore is named by what looks like a misspelled URL, and no directory of that name is there',
    };
    expect(await toldBy(work)).toMatchObject(refused);
    writeFileSync(text, '');
    expect(await toldBy(work)).toMatchObject(refused);
    expect(await toldBy(() => toPlace(text, { ...context, fs: failingAt('stat', 'EIO') }))).toMatchObject(
      refused,
    );
    const made = `${text}-made`;
    mkdirSync(made);
    expect(toPlace(made, context).directory).toBe(made);
  });
});

describe('whose files we rely on', () => {
  const statsOf = (mode: number, owner: number) => {
    const directory = temporaryDirectory();
    chmodSync(directory, mode);
    return Object.assign(lstatSync(directory), { uid: owner });
  };
  const refuse = (mode: number, owner: number, by: number | undefined) => () =>
    refuseForeign('/k', statsOf(mode, owner), by, 'the keystore');

  test('ours and those of root', () => {
    for (const owner of [7, 0]) expect(refuse(0o770, owner, 7)).not.toThrow();
    expect(refuse(0o777, 8, undefined)).not.toThrow();
  });

  test('not those of others', async () => {
    expect(await toldBy(refuse(0o700, 8, 7))).toEqual({
      code: 'untrusted-file',
      message: 'the keystore /k belongs to user 8, and this is user 7',
      hint: 'run jwks as its owner, or give it to this user with chown',
    });
  });

  test('not what everybody can write', async () => {
    expect(await toldBy(refuse(0o702, 7, 7))).toEqual({
      code: 'untrusted-file',
      message: 'the keystore /k can be written by everybody (owner: user 7)',
      hint: 'chmod o-w /k',
    });
    const place = placeAt(temporaryDirectory());
    chmodSync(place.directory, 0o777);
    expect((await toldBy(() => place.open())).message).toContain(
      `the keystore ${place.directory} can be written`,
    );
    if (uid !== 0) return;
    chmodSync(place.directory, 0o700);
    chownSync(place.directory, 7, 7);
    expect((await toldBy(() => place.open())).message).toContain('belongs to user 7');
  });
});

describe('a new keystore', () => {
  const secret = parseSecret(generateSecretText(), 'a test');
  const author = { ...authorAt(), by: 'alice\n@laptop' };

  test('has one slot, one identity, and says who made it', async () => {
    const storage = new MemoryStorage();
    const fingerprint = await makeKeystore(storage, secret, author, 'ES256');
    const { bytes } = await mustRead(storage, 'master');
    const { master, signer } = await parseMaster(bytes, 1, new SignatureChecker());
    expect([signer.fingerprint, master.identities]).toEqual([fingerprint, [signer.jwk]]);
    expect(master).toMatchObject({ revision: 1, updated: noon, identities: [{ kty: 'EC' }] });
    expect(master.slots).toMatchObject([{ label: 'first', kind: 'generated', created: noon }]);
    expect(master.events).toEqual([
      { id: '1.1', at: noon, event: 'initialized', by: 'alice@laptop', kid: undefined, note: undefined },
    ]);
    expect(await makeKeystore(storage, secret, author, 'EdDSA')).toBeUndefined();
    expect((await mustRead(storage, 'master')).bytes).toEqual(bytes);
  });

  test('that nobody confirmed is told of', async () => {
    const storage = new WatchedStorage(new MemoryStorage(), async () => 'unknown');
    expect(await toldBy(() => makeKeystore(storage, secret, author, 'EdDSA'))).toEqual({
      ...{ code: 'unconfirmed', hint: undefined },
      message: 'the keystore at memory: is made but the disk did not confirm it',
    });
  });
});
