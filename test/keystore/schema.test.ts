// How dates, spans and documents are read, and what is said of those that are not as they should be.
import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import {
  durationText,
  factsSchema,
  instantText,
  parseAs,
  parseCanonicalJson,
  partialFactsSchema,
  revisionNumber,
  toCanonicalJson,
} from '../../src/keystore/schema.ts';
import { noon } from '../support/keystore.ts';
import { toldBy } from '../support/told.ts';

const saidOf = (schema: v.GenericSchema, value: unknown) =>
  v.safeParse(schema, value).issues?.map(({ message }) => message);

describe('a date', () => {
  test('is read as often as it comes, others between', () => {
    for (const text of ['2026-02-01T12:00:00Z', '2026-02-01T12:00:00Z', '1970-01-01T00:00:07Z'])
      expect(v.parse(instantText, text)).toBe(Date.parse(text) / 1000);
    expect(v.parse(instantText, '2026-02-01T12:00:00Z')).toBe(noon);
  });

  test.each([
    '2026-02-01T12:00:00.000Z',
    '2026-02-01T12:00:00+00:00',
    '2026-02-01T12:00Z',
    '2026-02-01',
    ' 2026-02-01T12:00:00Z',
    '2026-02-01T12:00:00Z ',
    '02026-02-01T12:00:00Z',
    '2026-02-01T12:00:00Zulu',
    '2026-02-30T12:00:00Z',
    '2026-13-01T12:00:00Z',
    '',
  ])('is not "%s"', (text) => {
    expect(saidOf(instantText, text)).toEqual(['is no date of the form 2026-12-24T10:00:00Z']);
  });
});

describe('a span', () => {
  const fault = ['is no duration such as 90d, 12h, 10m or 30s'];

  test('is read in seconds', () => {
    expect(v.parse(durationText, '90d')).toBe(90 * 86_400);
    expect(v.parse(durationText, '0s')).toBe(0);
  });

  test.each(['', '90', 'd', '-1d', '1w', 90, null])('is not %j', (value) => {
    expect(saidOf(durationText, value)).toEqual(fault);
  });

  test('of a rotation may be never, as people write it, and not in a document', () => {
    expect(v.parse(partialFactsSchema, { rotateEvery: 'never', skew: '1m' })).toEqual({
      ...{ rotateEvery: 'never', skew: 60 },
    });
    expect(saidOf(partialFactsSchema, { rotateEvery: 'often' })).toEqual([
      'is no duration such as 90d, and not never',
    ]);
    expect(saidOf(partialFactsSchema, { other: '1m' })).toHaveLength(1);
    expect(saidOf(factsSchema, { skew: '1m' })?.length).toBeGreaterThan(0);
  });
});

test.each([0, -1, 1.5, 2 ** 53, '1', null])('%j is no revision', (value) => {
  expect(v.is(revisionNumber, value)).toBe(false);
  expect(v.is(revisionNumber, 1)).toBe(true);
});

describe('what is damaged is named by its place, and not quoted', () => {
  const schema = v.strictObject({ keys: v.array(v.strictObject({ kid: v.string() })) });
  test.each<[unknown, string]>([
    [{ keys: [{ kid: 'a' }, { kid: 1 }] }, 'keys.1.kid'],
    [{ keys: [], secret: 'x' }, 'secret'],
    ['secret', 'its form'],
  ])('%j', async (value, place) => {
    expect(await toldBy(() => parseAs(schema, value, 'the file'))).toEqual({
      code: 'damaged',
      message: `the file is damaged: ${place} is not what it should be`,
      hint: undefined,
    });
  });

  test('and what is whole comes back', () => {
    expect(parseAs(schema, { keys: [{ kid: 'a' }] }, 'the file')).toEqual({ keys: [{ kid: 'a' }] });
  });
});

describe('JSON in the one spelling that we write', () => {
  test('is read, also from the middle of a buffer', () => {
    const text = toCanonicalJson({ b: 1, a: ['é'] });
    expect(text).toBe('{"b":1,"a":["é"]}\n');
    const bytes = Buffer.from(`before${text}after`).subarray(6, 6 + Buffer.byteLength(text));
    expect(parseCanonicalJson(bytes, 'the file')).toEqual({ b: 1, a: ['é'] });
  });

  test.each([
    ['', 'is empty: a later revision is missing, or it was cut off'],
    ['{"a":', 'is damaged: it is not JSON'],
    ['{"a":1}', 'is damaged: it is not in the form that it was written in'],
    ['{"a":1} \n', 'is damaged: it is not in the form that it was written in'],
    ['{"a":1,"a":1}\n', 'is damaged: it is not in the form that it was written in'],
  ])('%.20j is refused', async (text, fault) => {
    expect(await toldBy(() => parseCanonicalJson(Buffer.from(text), 'the file'))).toEqual({
      ...{ code: 'damaged', message: `the file ${fault}`, hint: undefined },
    });
  });

  test('what is nested too deeply is refused, which newer Nodes can read', async () => {
    const text = '['.repeat(100_000) + ']'.repeat(100_000);
    const message = expect.stringMatching(/^the file is damaged: it is not (?:JSON|in the form)/);
    const told = await toldBy(() => parseCanonicalJson(Buffer.from(text), 'the file'));
    expect(told).toMatchObject({ code: 'damaged', message });
  });
});
