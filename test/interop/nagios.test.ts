// Nagios itself, which runs the plugin of the examples: what state it takes a set for, and what it shows.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { dueHost, examples, quietHost, type ScheduledHost } from '../examples/schedule.ts';
import { quote } from '../support/shell.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const program = ['nagios4', '/usr/sbin/nagios4'].find((one) => spawnSync(one, ['--version']).status === 0);
const days = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

function define(kind: string, members: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(members).map(([name, value]) => `  ${name} ${value}\n`);
  return `define ${kind} {\n${lines.join('')}}\n`;
}

/** A service for each plugin, checked at once and every 60 seconds. */
function objectsOf(plugins: Readonly<Record<string, string>>): string {
  const usual = { check_period: 'always', notification_period: 'always', contacts: 'me' };
  return [
    define('timeperiod', {
      ...{ timeperiod_name: 'always', alias: 'always' },
      ...Object.fromEntries(days.map((day) => [day, '00:00-24:00'])),
    }),
    define('command', { command_name: 'nothing', command_line: '/bin/true' }),
    define('contact', {
      contact_name: 'me',
      ...{ host_notification_commands: 'nothing', service_notification_commands: 'nothing' },
      ...{ host_notification_period: 'always', service_notification_period: 'always' },
    }),
    define('host', { ...usual, host_name: 'issuer', max_check_attempts: 1, active_checks_enabled: 0 }),
    ...Object.entries(plugins).flatMap(([name, path]) => [
      define('command', { command_name: name, command_line: path }),
      define('service', {
        ...{ ...usual, host_name: 'issuer', service_description: name, check_command: name },
        ...{ max_check_attempts: 1, check_interval: 60, retry_interval: 60 },
      }),
    ]),
  ].join('');
}

/** Everything in one directory, as whoever runs the test, and no waiting. */
function settingsOf(directory: string): string {
  const files = {
    cfg_file: 'objects.cfg',
    log_file: 'nagios.log',
    status_file: 'status.dat',
    object_cache_file: 'objects.cache',
    state_retention_file: 'retention.dat',
    command_file: 'nagios.cmd',
    query_socket: 'nagios.qh',
    lock_file: 'nagios.lock',
    temp_file: 'nagios.tmp',
    temp_path: '',
    check_result_path: '',
  };
  const group = spawnSync('id', ['-gn'], { encoding: 'utf8' }).stdout.trim();
  const settings = {
    ...Object.fromEntries(Object.entries(files).map(([name, file]) => [name, join(directory, file)])),
    ...{ nagios_user: userInfo().username, nagios_group: group },
    ...{ check_for_updates: 0, enable_notifications: 0, use_syslog: 0, retain_state_information: 0 },
    ...{ interval_length: 1, status_update_interval: 1 },
    ...{ service_inter_check_delay_method: 'n', max_service_check_spread: 1 },
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** What Nagios has in its status file of each service that it has checked. */
function servicesIn(path: string): Record<string, { state: string; output: string; figures: string }> {
  const blocks = readFileSync(path, 'utf8').match(/^servicestatus \{[\s\S]*?^\t\}$/gm) ?? [];
  const services = blocks.map((block) => {
    const read = (name: string) => new RegExp(`^\\t${name}=(.*)$`, 'm').exec(block)?.[1] ?? '';
    const state = read('has_been_checked') === '1' ? read('current_state') : 'not yet';
    const shown = { state, output: read('plugin_output'), figures: read('performance_data') };
    return [read('service_description'), shown] as const;
  });
  return Object.fromEntries(services);
}

test.skipIf(program === undefined)(
  'it takes sets for what they are (skipped where it is not installed)',
  async () => {
    const directory = temporaryDirectory();
    const plugin = ({ shell }: ScheduledHost, name: string, set = ''): string => {
      const path = join(directory, `${name}.sh`);
      const { PATH = '', HOME = '' } = shell.env;
      const script = `PATH=${quote(PATH)} HOME=${quote(HOME)} exec ${quote(`${examples}check_jwks.sh`)} ${set}`;
      writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      return path;
    };
    const [quiet, due] = [await quietHost(), await dueHost()];
    await due.host.at('89d', 'policy -q auth --rotate-every 30d');
    const plugins = {
      quiet: plugin(quiet.host, 'quiet'),
      overdue: plugin(due.host, 'overdue', 'auth'),
      nobody: plugin(quiet.host, 'nobody', 'nobody'),
    };
    writeFileSync(join(directory, 'objects.cfg'), objectsOf(plugins));
    const settings = join(directory, 'nagios.cfg');
    writeFileSync(settings, settingsOf(directory));
    const nagios = spawn(program ?? '', [settings], { stdio: 'ignore' });
    const ended = new Promise((resolve) => nagios.once('close', resolve));
    onTestFinished(async () => {
      nagios.kill();
      await ended;
    });
    const seen = () => servicesIn(join(directory, 'status.dat'));
    await vi.waitFor(
      () => expect(Object.values(seen()).filter(({ state }) => state !== 'not yet')).toHaveLength(3),
      { timeout: 20_000, interval: 100 },
    );
    expect(seen()).toEqual({
      quiet: {
        state: '0',
        output: 'JWKS OK - 1 set, nothing overdue',
        figures: expect.stringMatching(/^sets=1 overdue=0s next_change=\d+s$/),
      },
      overdue: {
        state: '2',
        output: expect.stringMatching(/^JWKS CRITICAL - auth /),
        figures: expect.stringMatching(/^sets=1 overdue=[1-9]\d+s next_change=0s$/),
      },
      nobody: { state: '3', output: expect.stringMatching(/set "nobody" does not exist/), figures: '' },
    });
  },
);
