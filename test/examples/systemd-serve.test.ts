// examples/systemd/jwks-serve.service: what systemd thinks of it, and its command and environment without systemd.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Machine } from '../support/cli.ts';
import { serving } from '../support/serving.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { examples } from './schedule.ts';

const name = 'jwks-serve.service';
const unit = readFileSync(`${examples}systemd/${name}`, 'utf8');
const rotation = readFileSync(`${examples}systemd/jwks-rotate.service`, 'utf8');
const readme = readFileSync(`${examples}README.md`, 'utf8');

function settingsOf(text: string): (wanted: string) => string[] {
  const settings = [...text.matchAll(/^(\w+)=(.*)$/gm)].map(([, key = '', value = '']) => ({ key, value }));
  return (wanted) => settings.filter(({ key }) => key === wanted).map(({ value }) => value);
}

const valuesOf = settingsOf(unit);

/** `--offline` came with 250. */
const version = Number(
  /^systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1],
);

describe.skipIf(!(version >= 250))('systemd-analyze (skipped where there is none from 250 on)', () => {
  test('verify has nothing to say', () => {
    const directory = temporaryDirectory();
    writeFileSync(`${directory}/jwks`, '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(`${directory}/${name}`, unit.replace('/usr/local/bin/jwks', `${directory}/jwks`));
    const words = ['verify', '--man=no', `${directory}/${name}`];
    const { status, stdout, stderr } = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('security finds no more exposure than that of a service with a network', () => {
    const words = ['security', '--offline=true', '--no-pager', `${examples}systemd/${name}`];
    const { stdout } = spawnSync('systemd-analyze', words, { encoding: 'utf8' });
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeLessThanOrEqual(1.2);
    const [, told, figure] = /of systemd (\d+) puts jwks-serve at ([\d.]+) /.exec(readme) ?? [];
    expect(told).toBeDefined();
    if (version === Number(told)) expect(exposure).toBe(Number(figure));
  });
});

test('it is no less confined than the rotation, but for the network', () => {
  const ofRotation = settingsOf(rotation);
  const own = ['ExecStart', 'Type', 'TimeoutStartSec', 'Environment', 'Description', 'LoadCredential'];
  const network = ['PrivateNetwork', 'RestrictAddressFamilies'];
  const state = ['StateDirectory'];
  for (const [, key = ''] of rotation.matchAll(/^(\w+)=/gm)) {
    if ([...own, ...network, ...state].includes(key)) continue;
    expect({ key, values: valuesOf(key) }).toEqual({ key, values: ofRotation(key) });
  }
  expect(valuesOf('IPAddressAllow')).toEqual(['localhost']);
  expect(valuesOf('RestrictAddressFamilies')).toEqual(['AF_UNIX AF_INET AF_INET6']);
  expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
  expect(valuesOf('LoadCredential')).toEqual([]);
  expect(valuesOf('Restart')).toEqual(['on-failure']);
});

test('its command and environment are enough: no HOME, no secret, nothing written but what was seen', async () => {
  const machine = new Machine();
  const { home } = machine;
  mkdirSync(`${home}/S/jwks/state`, { recursive: true });
  const jwks = async (argv: string) => {
    const ran = await machine.jwks(`${argv} --keystore ${home}/S/jwks/keystore --secret-file ${home}/secret`);
    expect(ran).toMatchObject({ status: 0 });
    return ran.stdout;
  };
  expect(await machine.jwks(`secret generate -o ${home}/secret`)).toMatchObject({ status: 0 });
  const identity = JSON.parse(await jwks('init -q --format jsonpath=identity'));
  await jwks('create --alg ES256 auth');
  const before = readdirSync(`${home}/S/jwks`, { recursive: true }).sort();

  expect(valuesOf('EnvironmentFile')).toEqual(['/etc/jwks/serve.env']);
  const pairs = valuesOf('Environment').map((text) => text.replace('%S', `${home}/S`).split('='));
  const env = { ...Object.fromEntries(pairs), HOME: undefined, JWKS_IDENTITY: identity };
  const [, words = ''] = /^\/usr\/local\/bin\/jwks serve (.*)$/.exec(valuesOf('ExecStart')[0] ?? '') ?? [];
  const { url, stop } = await serving(machine, words, { env });
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: unknown[] };
  expect(keys).toHaveLength(1);
  expect(await stop()).toMatchObject({ status: 0, stdout: '' });

  const after = readdirSync(`${home}/S/jwks`, { recursive: true }).sort();
  const isOfState = (path: string | Buffer) => String(path).startsWith('state/');
  expect(after.filter((path) => !isOfState(path))).toEqual(before);
  // It may write nothing else: ProtectSystem=strict.
  expect(valuesOf('StateDirectory')).toEqual(['jwks/state']);
});

test('it may listen where it does, which is where nginx asks', async () => {
  const { stdout } = await new Machine().jwks('serve --help');
  const port = / --port <n>[^(]*\(default:\s+(\d+)/.exec(stdout)?.[1];
  expect(valuesOf('SocketBindAllow')).toEqual([`tcp:${port}`]);
  expect(readFileSync(`${examples}nginx/jwks.conf`, 'utf8')).toContain(`server 127.0.0.1:${port};`);
});
