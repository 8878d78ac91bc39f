// examples/systemd: what systemd itself thinks of the units, and the service's environment without systemd.
import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { finish } from '../support/command.ts';
import { sh } from '../support/shell.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { examples, quietHost } from './schedule.ts';

/** All but jwks-serve.service, which systemd-serve.test.ts is about. */
const units = readdirSync(`${examples}systemd`).filter((name) => !name.includes('serve'));
const service = readFileSync(`${examples}systemd/jwks-rotate.service`, 'utf8');
const readme = readFileSync(`${examples}README.md`, 'utf8');
const settings = service.split('\n').flatMap((line) => {
  const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
  return name === undefined ? [] : [{ name, value: value ?? '' }];
});
const valuesOf = (wanted: string) => settings.filter(({ name }) => name === wanted).map(({ value }) => value);

/** `--offline` came with 250. */
const version = Number(
  /^systemd (\d+)/.exec(spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1],
);

/** The units in a directory, with the script where it is now. */
function copied(): string[] {
  const directory = temporaryDirectory();
  return units.map((name) => {
    const text = readFileSync(`${examples}systemd/${name}`, 'utf8');
    writeFileSync(`${directory}/${name}`, text.replaceAll('/usr/local/bin/', examples));
    return `${directory}/${name}`;
  });
}

describe.skipIf(!(version >= 250))('systemd-analyze (skipped where there is none from 250 on)', () => {
  test('verify has nothing to say', () => {
    const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...copied()], {
      encoding: 'utf8',
    });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test('security finds little exposure', () => {
    const path = copied().find((name) => name.endsWith('jwks-rotate.service')) ?? '';
    const { stdout } = spawnSync('systemd-analyze', ['security', '--offline=true', '--no-pager', path], {
      encoding: 'utf8',
    });
    const exposure = Number(/Overall exposure level for \S+: ([\d.]+)/.exec(stdout)?.[1]);
    expect(exposure).toBeLessThanOrEqual(0.5);
    // The figure in README.md is that of one version.
    const [, told, figure] = /of systemd (\d+) puts the exposure at ([\d.]+) /.exec(readme) ?? [];
    if (version === Number(told)) expect(exposure).toBe(Number(figure));
  });

  test('the calendar of the timer is one', () => {
    const timer = readFileSync(`${examples}systemd/jwks-rotate.timer`, 'utf8');
    const calendar = /^OnCalendar=(.*)$/m.exec(timer)?.[1] ?? '';
    expect(spawnSync('systemd-analyze', ['calendar', calendar]).status).toBe(0);
    expect(timer).toMatch(/^Persistent=true$/m);
    expect(timer).toMatch(/^RandomizedDelaySec=/m);
  });
});

test('the service leaves Node what it needs', () => {
  expect(valuesOf('MemoryDenyWriteExecute')).toEqual([]);
  expect(valuesOf('RestrictAddressFamilies')).toEqual(['AF_UNIX']);
  expect(valuesOf('SystemCallErrorNumber')).toEqual(['EPERM']);
});

test('its environment is enough: no HOME, the secret as a credential', async () => {
  const { host, kid } = await quietHost();
  const { home } = host.machine;
  const states = valuesOf('StateDirectory').join(' ').split(' ');
  for (const name of states) mkdirSync(`${home}/S/${name}`, { recursive: true });
  mkdirSync(`${home}/credentials`);
  renameSync(`${home}/.local/share/jwks`, `${home}/S/jwks/keystore`);
  const [credential = ''] = valuesOf('LoadCredential');
  // As systemd mounts it.
  copyFileSync(`${home}/.config/jwks/secret`, `${home}/credentials/${credential.split(':')[0]}`);
  await sh(host.shell, 'chmod 0440 credentials/* && rm -r .config .local');
  const environment = Object.fromEntries(
    valuesOf('Environment').map((text) => text.replace('%S', `${home}/S`).split('=')),
  );
  const env = {
    PATH: host.shell.env['PATH'] ?? '',
    CREDENTIALS_DIRECTORY: `${home}/credentials`,
    ...environment,
  };
  const ran = await finish(spawn('./rotate-and-publish.sh', { cwd: home, env }));
  expect(ran).toMatchObject({ status: 0, stdout: '', stderr: '' });
  expect(readFileSync(`${home}/S/jwks/public/jwks.json`, 'utf8')).toContain(kid);
  expect(readdirSync(`${home}/S/jwks/state/jwks`)).toHaveLength(1);
});

test('the path unit watches the file that the service publishes', () => {
  const path = readFileSync(`${examples}systemd/jwks-reload.path`, 'utf8');
  const published = valuesOf('Environment').find((text) => text.startsWith('PUBLISH_TO='));
  expect(path).toContain(`PathChanged=${published?.slice('PUBLISH_TO='.length).replace('%S', '/var/lib')}\n`);
});
