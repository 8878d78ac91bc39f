// A list that is printed as it is read is the same text as one that is printed as a whole.
import { describe, expect, test } from 'vitest';
import type { Session } from '../../src/cli/session.ts';
import { canStream, stream } from '../../src/cli/stream.ts';
import { parseSetId } from '../../src/keystore/set-id.ts';
import { listInPortions, listSets } from '../../src/operations/list-sets.ts';
import { addKey, memoryKeystore, noon } from '../support/keystore.ts';

type Row = { readonly set: string };

const toResult = (rows: readonly Row[]) => ({
  usual: 'table' as const,
  json: () => ({ sets: rows }),
  ids: rows.map(({ set }) => set),
  table: () => ['SET\n', ...rows.map(({ set }) => `${set}\n`)].join(''),
});

function sessionOf(format: string | undefined, quiet = false, isTerminal = false, output?: string) {
  let text = '';
  const write = async (more: string) => {
    text += more;
  };
  const result = async (whole: ReturnType<typeof toResult>) => {
    if (quiet) return write(whole.ids.map((id) => `${id}\n`).join(''));
    return write(format === 'json' ? `${JSON.stringify(whole.json())}\n` : whole.table());
  };
  const session = {
    host: { stdout: { write, isTerminal } },
    options: { quiet, output },
    settings: { format: format === undefined ? undefined : { value: format } },
    printer: { result },
  } as unknown as Session;
  return { session, result, text: () => text };
}

async function* portions(...lists: readonly string[][]) {
  for (const list of lists) yield list.map((set) => ({ set }));
}

describe.each([
  ['table', undefined, false],
  ['json', 'json', false],
  ['ids', undefined, true],
  ['ids, whatever the format', 'json', true],
])('%s', (_, format, quiet) => {
  test.each([[[['a', 'b'], ['c']]], [[[], ['a'], [], ['b', '"c"'], []]], [[['a']]], [[[]]], [[]]])(
    '%j',
    async (lists: string[][]) => {
      const streamed = sessionOf(format, quiet);
      await stream(streamed.session, portions(...lists), toResult);
      const whole = sessionOf(format, quiet);
      await whole.result(toResult(lists.flat().map((set) => ({ set }))));
      expect(streamed.text()).toBe(whole.text());
    },
  );
});

test('only where lines can be printed before the last is known, and not into a file that is whole or not there', () => {
  expect(canStream(sessionOf(undefined).session)).toBe(true);
  expect(canStream(sessionOf('json', false, true).session)).toBe(true);
  expect(canStream(sessionOf(undefined, false, true).session)).toBe(false);
  for (const format of ['yaml', 'json-pretty', 'jsonpath=$', 'jwks'])
    expect(canStream(sessionOf(format).session)).toBe(false);
  expect(canStream(sessionOf('json', false, false, 'file').session)).toBe(false);
});

test('portions hold what the whole list holds, in its order', async () => {
  const keystore = await (await memoryKeystore()).open();
  const ids = ['b', 'a', 'A', 'ü'.repeat(100), 'é', '.x'];
  for (const id of ids) await addKey(keystore, parseSetId(id));
  const listed = [];
  for await (const sets of listInPortions(keystore.reader, await keystore.reader.names(), noon, {}))
    listed.push(...sets);
  expect(listed).toEqual(await listSets(keystore.reader, noon, { sets: 'all' }));
  expect(listed.map(({ manifest }) => manifest.set)).toEqual([...ids].sort());
});
