// What reading and proving say, in a form that tests compare.
import { JwksError } from '../../src/errors.ts';
import { type ProvedKey, proveKeys } from '../../src/jose/prove/prove-key.ts';
import type { FoundKey } from '../../src/jose/read/found-key.ts';
import type { ReadOptions } from '../../src/jose/read/read-context.ts';
import { readKeys } from '../../src/jose/read/read-keys.ts';

export const passphrase = 'correct horse battery staple';
export const withPassphrase: ReadOptions = { passphrase: async () => passphrase };

type Input = string | Uint8Array | object;

export function read(input: Input, options: ReadOptions = {}): Promise<FoundKey[]> {
  const text = typeof input === 'string' || input instanceof Uint8Array ? input : JSON.stringify(input);
  return readKeys(typeof text === 'string' ? Buffer.from(text) : text, 'keys', options);
}

export async function prove(
  input: Input,
  wanted: Parameters<typeof proveKeys>[1] = {},
  options = withPassphrase,
): Promise<ProvedKey[]> {
  return proveKeys(await read(input, options), wanted);
}

/** `code: message` of a refusal; whatever else is thrown goes on. */
export async function refusalOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (error instanceof JwksError) return `${error.code}: ${error.message}`;
    throw error;
  }
}
