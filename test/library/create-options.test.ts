// What the library takes for notes, algorithms and actors, and what it makes of it.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateSecret, JwksError, makeKeystore, openKeystore } from '../../src/index.ts';
import { temporaryDirectory } from '../support/temporary.ts';

async function made(actor?: string) {
  const directory = `${temporaryDirectory()}/keys`;
  const secret = generateSecret();
  const keystore = await makeKeystore({
    keystore: directory,
    secret,
    ...(actor === undefined ? {} : { actor }),
  });
  /** The events of the set `auth` as they are written. */
  const events = (revision = 1): { by: string; note?: string }[] => {
    const { aad } = JSON.parse(readFileSync(`${directory}/sets/auth/${revision}.json`, 'utf8'));
    return JSON.parse(Buffer.from(aad, 'base64url').toString()).events;
  };
  return { keystore, events, again: () => openKeystore({ keystore: directory, secret }) };
}

test.each([
  ['a line break', 'first\nsecond'],
  ['an escape', 'red\u001b[31m'],
  ['C1', 'a\u009bb'],
  ['half a surrogate pair', 'a\ud83d'],
  ['nothing', ''],
  ['1001 characters', 'n'.repeat(1_001)],
])('a note with %s is a usage error, and nothing is made', async (_, note) => {
  const { keystore } = await made();
  const refused: unknown = await keystore.create('auth', { alg: 'ES256', note }).catch((error) => error);
  expect(refused).toBeInstanceOf(JwksError);
  expect(refused).toMatchObject({ code: 'usage' });
  expect(await keystore.list()).toEqual([]);
});

test('a note of 1000 characters is kept', async () => {
  const { keystore, events } = await made();
  const note = '\u{1f511}'.repeat(1_000);
  await keystore.create('auth', { alg: 'ES256', note });
  expect(events()).toMatchObject([{ note }]);
});

test('an algorithm that is undefined is RS256', async () => {
  const { keystore } = await made();
  // As a program without exactOptionalPropertyTypes would.
  const options = { alg: undefined, bits: 2_048 } as unknown as { bits: number };
  const { publicJwk } = await keystore.create('auth', options);
  expect(publicJwk).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig' });
  expect(Buffer.from(String(publicJwk?.n), 'base64url')).toHaveLength(256);
});

test.each([
  ['control characters', 'ali\u0000ce\u001b[31m\n\u009b@laptop', 'alice[31m@laptop'],
  ['300 characters', 'a'.repeat(300), 'a'.repeat(256)],
  [
    'pairs of surrogates where it is cut',
    `${'a'.repeat(255)}\u{1f511}\u{1f511}`,
    `${'a'.repeat(255)}\u{1f511}`,
  ],
  ['control characters only', '\n\u0000', ''],
])('an actor with %s', async (_, actor, stored) => {
  const { keystore, events, again } = await made(actor);
  await keystore.create('auth', { alg: 'ES256', kid: 'k1' });
  expect(events()[0]?.by).toBe(stored);
  expect((await (await again()).list()).map(({ set }) => set)).toEqual(['auth']);
});
