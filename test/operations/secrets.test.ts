// The slots of a keystore: how many, what they are called, and which of them may go.
import { expect, test } from 'vitest';
import { mostSlots } from '../../src/keystore/master-document.ts';
import { generateSecretText, parseSecret, type Secret } from '../../src/keystore/secret.ts';
import { addSecret, listSecrets, removeSecret } from '../../src/operations/secrets.ts';
import { errorOf } from '../support/endings.ts';
import { codeOf, memoryKeystore } from '../support/keystore.ts';

const newSecret = (): Secret => parseSecret(generateSecretText(), 'a test');

async function open() {
  const made = await memoryKeystore();
  const keystore = await made.open();
  const add = (label?: string, key = newSecret()) => addSecret(keystore, { key, label });
  const labels = async () => listSecrets((await made.open()).reader).map(({ label }) => label);
  return { made, keystore, add, labels };
}

test('a slot without a label is called by its kind, with a number where that is taken', async () => {
  const { add, labels } = await open();
  for (let count = 1; count <= 3; count++) await add();
  expect(await labels()).toEqual(['first', 'generated', 'generated-2', 'generated-3']);
});

test('a label is there once, is short, and is not one of a change', async () => {
  const { add, labels } = await open();
  await add('x'.repeat(100));
  const codes = { first: 'conflict', ['x'.repeat(101)]: 'usage', '': 'usage', 'ci (new)': 'conflict' };
  for (const [label, code] of Object.entries(codes))
    expect([label, await codeOf(add(label))]).toEqual([label, code]);
  expect(await labels()).toEqual(['first', 'x'.repeat(100)]);
});

test('a secret has one slot', async () => {
  const { add } = await open();
  const key = newSecret();
  await add('ci', key);
  expect((await errorOf(add('again', key))).message).toBe('this keystore has that secret already: "ci"');
});

test('there are no more slots than may be, also not for a moment', async () => {
  const { keystore, add, labels } = await open();
  while ((await labels()).length < mostSlots) await add();
  expect(await codeOf(add())).toBe('conflict');
  const changed = addSecret(keystore, { key: newSecret(), replaces: keystore.slot.slot });
  expect((await errorOf(changed)).message).toContain(`has ${mostSlots} secrets already`);
  await removeSecret(keystore, 'generated');
  await add('generated');
  expect((await labels()).length).toBe(mostSlots);
});

test('the slot in use may go where another is left, the last one never', async () => {
  const { made, keystore, add, labels } = await open();
  expect((await errorOf(removeSecret(keystore, 'first'))).message).toContain('the last secret');
  await add('ci');
  expect(await codeOf(removeSecret(keystore, 'nobody'))).toBe('not-found');
  expect(await labels()).toEqual(['first', 'ci']);
  await removeSecret(keystore, 'first');
  expect(await codeOf(made.open())).toBe('secret');
});

test('a slot that is to take the place of another is the only one, and only of one that is there', async () => {
  const { keystore, add, labels } = await open();
  await add('ci');
  const own = keystore.slot.slot;
  const replace = (replaces = own) => addSecret(keystore, { key: newSecret(), replaces });
  expect((await replace()).label).toBe('first (new)');
  expect((await errorOf(replace())).message).toBe('another change of the secret "first" is under way');
  expect(await codeOf(replace({ ...own, kid: 'gone', label: 'gone' }))).toBe('not-found');
  expect(await labels()).toEqual(['first', 'ci', 'first (new)']);
});
