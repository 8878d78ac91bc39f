// examples/crontab, run as cron does: its own variables, a poor PATH, /bin/sh -c.
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { sh } from '../support/shell.ts';
import { dueHost, examples, quietHost, type ScheduledHost } from './schedule.ts';

const lines = readFileSync(`${examples}crontab`, 'utf8').split('\n');
const variables = Object.fromEntries(
  lines.flatMap((line) => {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    return name === undefined ? [] : [[name, value ?? '']];
  }),
);
const jobs = lines.flatMap((line) => {
  const [, when, user, command] = /^([\d*]\S*(?: +\S+){4}) +(\S+) +(.*)$/.exec(line) ?? [];
  return command === undefined ? [] : [{ when, user, command }];
});
const [rotate, check] = jobs.map(({ command }) => command);

/** What the job says, which cron mails. The places of the example are moved below the host's home. */
async function run(host: ScheduledHost, command: string | undefined) {
  const { home } = host.machine;
  const tools = `${home}/usr-local-bin`;
  if (!existsSync(tools)) {
    mkdirSync(tools);
    mkdirSync(`${home}/public`);
    copyFileSync(`${examples}rotate-and-publish.sh`, `${tools}/rotate-and-publish.sh`);
    const { stdout } = await sh(host.shell, 'cat "$(command -v jwks)"');
    writeFileSync(`${tools}/jwks`, stdout, { mode: 0o755 });
  }
  const moved = (text: string) =>
    text
      .replace('/usr/local/bin', tools)
      .replace('/var/lib/jwks/keystore', `${home}/.local/share/jwks`)
      .replace('/etc/jwks/secret', `${home}/.config/jwks/secret`)
      .replace('/var/lib/jwks/state', `${home}/.local/state`)
      .replace('/var/lib/jwks', home);
  const own = Object.entries(variables).map(([name, value]) => [name, moved(value)]);
  const env = {
    HOME: home,
    LOGNAME: 'jwks',
    SHELL: '/bin/sh',
    PATH: '/usr/bin:/bin',
    ...Object.fromEntries(own),
  };
  return sh(
    { ...host.shell, env },
    `${variables['SHELL']} -c ${JSON.stringify(command).replaceAll('$', '\\$')}`,
  );
}

test('its jobs are lines of /etc/cron.d', () => {
  expect(jobs.map(({ user }) => user)).toEqual(['jwks', 'jwks']);
  for (const { when = '', command } of jobs) {
    expect(when.split(/ +/)).toHaveLength(5);
    // cron takes it for the end of the line.
    expect(command).not.toContain('%');
  }
  // A line without its end is not read.
  expect(lines.at(-1)).toBe('');
  // cron expands nothing in them.
  for (const value of Object.values(variables)) expect(value).not.toMatch(/[$~'"]/);
});

test('nothing is due: no mail', async () => {
  const { host, kid } = await quietHost();
  const silent = { status: 0, stdout: '', stderr: '' };
  expect(await run(host, rotate)).toMatchObject(silent);
  expect(await run(host, rotate)).toMatchObject(silent);
  expect(await run(host, check)).toMatchObject(silent);
  expect(readFileSync(`${host.machine.home}/public/jwks.json`, 'utf8')).toContain(kid);
});

test('a key was made: a line', async () => {
  const { host } = await dueHost();
  expect((await run(host, rotate)).stdout).toMatch(/^made a key: [\w-]{43}\n$/);
  expect((await run(host, rotate)).stdout).toBe('');
});

test('nobody has rotated for months: the check says so', async () => {
  const { host, kid } = await dueHost();
  await host.at('89d', 'policy -q auth --rotate-every 30d');
  const { stdout } = await run(host, check);
  expect(stdout).toContain(kid);
  expect(stdout).toContain('error');
});
