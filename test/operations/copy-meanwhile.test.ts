// Copies while others write at the source or the target, or the disk does not keep what it was given.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { FileStorage } from '../../src/keystore/file-storage.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { applyCopy, planCopy } from '../../src/operations/copy-keystore.ts';
import { openKeystore } from '../../src/operations/open.ts';
import { bothIn, copy, endingOfCopy, makeSource, targetIn } from '../support/copies.ts';
import { documentsIn } from '../support/copyable.ts';
import { Death, interferedFileSystem } from '../support/faulty-file-system.ts';
import { addKey, auth, codeOf, note } from '../support/keystore.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const pay = parseSetId('pay');

test('what is changed at the source after it was taken is not in it, and is no fault', async () => {
  const own = await makeSource();
  const home = temporaryDirectory();
  const { from } = bothIn(own, home);
  const before = await documentsIn(new FileStorage(own.source));
  const plan = await planCopy(bothIn(own, home), false);
  await addKey(await openKeystore(from, undefined));
  await applyCopy(plan);
  expect(await documentsIn(targetIn(home))).toEqual(before);
});

test('one that was stopped goes on although the source was changed since', async () => {
  const own = await makeSource();
  const home = temporaryDirectory();
  const plan = await planCopy(bothIn(own, home), false);
  const told = applyCopy(plan, (done) => {
    if (done === 3) throw new Death();
  });
  expect(await endingOfCopy(told)).toBe('died');
  for (const set of [auth, pay]) await addKey(await openKeystore(bothIn(own, home).from, undefined), set);
  expect(await endingOfCopy(copy(own, home))).toBe('3 sets, 6 keys');
  expect(await documentsIn(targetIn(home))).toEqual(await documentsIn(new FileStorage(own.source)));
});

test('a target that becomes a keystore meanwhile is left as it is', async () => {
  const own = await makeSource();
  const home = temporaryDirectory();
  const plan = await planCopy(bothIn(own, home), false);
  const other = await makeSource();
  cpSync(other.source, join(home, 'target'), { recursive: true });
  expect(await codeOf(applyCopy(plan))).toBe('conflict');
  const master = await targetIn(home).read('master');
  expect(master).toEqual(await new FileStorage(other.source).read('master'));
});

test('a target that is changed before it was read back is told of', async () => {
  const own = await makeSource();
  const home = temporaryDirectory();
  const plan = await planCopy(bothIn(own, home), false);
  const { place } = plan.to;
  const open = async () => {
    const keystore = await openKeystore(bothIn(own, home).to, undefined);
    await keystore.change(auth, note('meanwhile'));
    return place.open();
  };
  const watched = {
    ...plan,
    to: { ...plan.to, place: Object.assign(Object.create(place), { make: () => place.make(), open }) },
  };
  expect(await codeOf(applyCopy(watched))).toBe('conflict');
});

test('a document that does not read as it was written is not told as copied', async () => {
  const own = await makeSource();
  const home = temporaryDirectory();
  // Once all is written, one bit of what is read from the target is another.
  let isWritten = false;
  const fs = interferedFileSystem(({ operation, args }, proceed) => {
    const result = proceed();
    if (operation === 'link' && String(args[1]).endsWith('target/master/1.json')) isWritten = true;
    if (!isWritten || operation !== 'readFile' || !String(args[0]).includes('target/sets/pay/'))
      return result;
    const bytes = Buffer.from(result as Buffer);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    return bytes;
  });
  expect(await codeOf(copy(own, home, { fs }))).toBe('failed');
});
