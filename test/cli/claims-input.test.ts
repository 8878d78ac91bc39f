// Claims from a stream, wherever its blocks happen to end.
import { Readable } from 'node:stream';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readClaims } from '../../src/cli/claims-input.ts';
import type { Session } from '../../src/cli/session.ts';

async function read(blocks: readonly Buffer[]) {
  const session = { host: { stdin: Readable.from(blocks) }, options: {} } as unknown as Session;
  const all = [];
  for await (const some of readClaims(session, '-')) all.push(...some);
  return all.map(({ text, line }) => [line, text]);
}

function cutInto(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...ends].map((from, index) => bytes.subarray(from, ends[index] ?? bytes.length));
}

test('lines are whole and numbered however the blocks are cut', async () => {
  const text = '{"n":1}\n\n{"city":"Zürich 東京"}\r\n{"n":3}\n{"n":4}';
  const expected = [
    [1, '{"n":1}'],
    [3, '{"city":"Zürich 東京"}\r'],
    [4, '{"n":3}'],
    [5, '{"n":4}'],
  ];
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(100), { maxLength: 8 }), async (cuts) => {
      expect(await read(cutInto(Buffer.from(text), cuts))).toEqual(expected);
    }),
  );
});

test('one object over several lines is one, however the blocks are cut', async () => {
  const text = '\n{\n  "n": 1,\n  "m": {}\n}\n';
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(30), { maxLength: 4 }), async (cuts) => {
      const [only, ...others] = await read(cutInto(Buffer.from(text), cuts));
      expect(others).toEqual([]);
      expect(only?.[0]).toBeUndefined();
      expect(JSON.parse(String(only?.[1]))).toEqual({ n: 1, m: {} });
    }),
  );
});

test.each([
  ['bytes that are no text', Buffer.from([123, 255, 125, 10]), 'standard input is not UTF-8 text'],
  ['a line without an end', Buffer.alloc(1_100_000, 'x'), 'line 1 of standard input is larger than 1 MiB'],
  ['an object without an end', Buffer.from('{\n'.repeat(600_000)), 'standard input is larger than 1 MiB'],
  ['nothing', Buffer.from(''), 'there are no claims in standard input'],
])('refused: %s', async (_, bytes, message) => {
  await expect(read(cutInto(bytes, [65_536, 131_072, 1_050_000]))).rejects.toMatchObject({
    code: 'usage',
    message,
  });
});
