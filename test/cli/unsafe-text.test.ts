// Characters that control a terminal or reorder a line leave in JSON and YAML as their numbers, and come back.
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Format, formatValue, toJson } from '../../src/cli/format.ts';
import { Machine, type Ran } from '../support/cli.ts';

const bidi = 'a\u202eb';
const separator = 'c\u2028d\u2029e';
const isolate = 'f\u2066g\u2069\u200e\u061c';
const raw = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

async function machineWithNames(): Promise<Machine> {
  const machine = new Machine();
  const create = (set: string, kid: string) => machine.jwks(['create', '--alg', 'ES256', set, kid]);
  expect((await create(bidi, separator)).status).toBe(0);
  expect((await create(bidi, isolate)).status).toBe(0);
  return machine;
}

/** The lines are ASCII as far as what is unsafe goes, and are what they were. */
function expectClean(ran: Ran, stream: 'stdout' | 'stderr' = 'stdout'): string {
  expect(ran.stdout + ran.stderr).not.toMatch(raw);
  return ran[stream];
}

test('in every spelling of a result, and back again', async () => {
  const machine = await machineWithNames();
  const inFormat = async (format: string) =>
    expectClean(await machine.jwks(['list', bidi, '--format', format]));
  const json = JSON.parse(await inFormat('json'));
  expect(json.sets[0].set).toBe(bidi);
  expect(json.sets[0].keys.map(({ kid }: { kid: string }) => kid)).toEqual([isolate, separator]);
  expect(JSON.parse(await inFormat('json-pretty'))).toEqual(json);
  expect(parse(await inFormat('yaml'))).toEqual(json);
  expect(JSON.parse(await inFormat('jsonpath=$.sets[0].keys[*].kid'))).toEqual([isolate, separator]);
  expect(JSON.parse(await inFormat('jsonpath=sets.0.set'))).toBe(bidi);
  expect(JSON.parse(await inFormat('jsonpointer=/sets/0/keys/1/kid'))).toBe(separator);
  expect(await inFormat('json')).toContain('a\\u202eb');
});

test('in an exported set, in Ory\u2019s shapes, in a table and with -q', async () => {
  const machine = await machineWithNames();
  const exported = JSON.parse(expectClean(await machine.jwks(['export', bidi])));
  expect(exported.keys.map(({ kid }: { kid: string }) => kid).sort()).toEqual([separator, isolate].sort());
  const got = JSON.parse(expectClean(await machine.jwks(['get', bidi, '--format', 'json'])));
  expect(got.set).toBe(bidi);
  expect(expectClean(await machine.jwks('list'))).toContain('a\\u{202e}b');
  expect(expectClean(await machine.jwks('list -q'))).toBe('a\\u{202e}b\n');
});

test('in errors', async () => {
  const machine = await machineWithNames();
  const failing: readonly (readonly [string[], string])[] = [
    [['get', 'no\u202esuch'], 'no\u202esuch'],
    [['get', bidi, '--kid', 'no\u2028key'], 'no\u2028key'],
    [['create', '--alg', 'ES\u009b256', 'auth'], 'ES\u009b256'],
    [['create', '--alg', 'ES256', bidi, separator], separator],
    [['list', '--keystore', 'no\u0085where'], 'no\u0085where'],
  ];
  for (const [words, named] of failing) {
    const ran = await machine.jwks([...words, '--format', 'json']);
    expect(ran.status).toBeGreaterThan(0);
    expect(JSON.parse(expectClean(ran, 'stderr')).error.message).toContain(named);
    expectClean(await machine.jwks(words));
  }
});

test('C1, DEL and what JSON itself leaves as it is', async () => {
  const text = Array.from({ length: 0xa0 }, (_, code) => String.fromCharCode(code)).join('') + bidi + isolate;
  const value = { [text]: text, list: [text, 'plain'] };
  expect(toJson(value)).not.toMatch(/[\n]/);
  for (const format of [{ kind: 'json' }, { kind: 'json-pretty' }, { kind: 'jwks' }] as Format[]) {
    const written = await formatValue(value, format);
    expect(written).not.toMatch(raw);
    expect(JSON.parse(written)).toEqual(value);
  }
  const yaml = await formatValue(value, { kind: 'yaml' });
  expect(yaml).not.toMatch(raw);
  expect(parse(yaml)).toEqual(value);
  const found = await formatValue(value, { kind: 'jsonpath', expression: '$.list[0]' });
  expect(found).not.toMatch(raw);
  expect(JSON.parse(found)).toEqual([text]);
});
