// Production replaced by a copy of staging: the same secret opens it, and it is another keystore all the same.
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { generateSecretText } from '../../src/keystore/secret.ts';
import { Machine } from '../support/cli.ts';

const env = { JWKS_SECRET: generateSecretText() };

async function replaced(): Promise<{ jwks: (words: string) => ReturnType<Machine['jwks']>; work: string }> {
  const machine = new Machine();
  const jwks = (words: string) => machine.jwks(words, { env });
  for (const place of ['prod', 'staging']) {
    await jwks(`init --keystore ${place}`);
    await jwks(`create --alg ES256 auth ${place} --keystore ${place}`);
  }
  const work = `${machine.home}/work`;
  rmSync(`${work}/prod`, { recursive: true });
  cpSync(`${work}/staging`, `${work}/prod`, { recursive: true });
  return { jwks, work };
}

test('nothing of it is read as production', async () => {
  const { jwks, work } = await replaced();
  writeFileSync(`${work}/public.json`, 'as it was');
  for (const command of [
    'export auth',
    'export --all -o public.json',
    'export auth -o new.json',
    'list',
    'get auth',
  ]) {
    const ran = await jwks(`${command} --keystore prod --format json`);
    expect([command, ran.status, ran.stdout]).toEqual([command, 4, '']);
    expect(JSON.parse(ran.stderr).error).toMatchObject({ code: 'identity' });
  }
  expect(readFileSync(`${work}/public.json`, 'utf8')).toBe('as it was');
  expect(() => readFileSync(`${work}/new.json`)).toThrow('ENOENT');
});

test('a command that takes the secret says so, and from then on it is the one', async () => {
  const { jwks } = await replaced();
  const created = await jwks('create -q --alg ES256 auth next --keystore prod');
  expect(created).toMatchObject({ status: 0, stdout: 'next\n' });
  expect(created.stderr).toMatch(/^jwks: another keystore is at .*: [\w-]{43}, until now [\w-]{43}$/m);
  const exported = await jwks('export auth --keystore prod');
  expect(exported).toMatchObject({ status: 0, stderr: '' });
  expect(
    JSON.parse(exported.stdout)
      .keys.map(({ kid }: { kid: string }) => kid)
      .sort(),
  ).toEqual(['next', 'staging']);
  const again = await jwks('create -q --alg ES256 auth later --keystore prod');
  expect(again).toEqual({ status: 0, stdout: 'later\n', stderr: '' });
});
