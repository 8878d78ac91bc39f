// Prometheus itself: promtool on what is written for it, its rules on those figures, a server that scrapes ours, and
// the node_exporter that reads the file.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { closedPort } from '../support/https-server.ts';
import { serving } from '../support/serving.ts';
import { temporaryDirectory } from '../support/temporary.ts';

const isThere = (program: string) => spawnSync(program, ['--version']).status === 0;
const hasTool = isThere('promtool');
const hasServer = isThere('prometheus');
const hasExporter = isThere('prometheus-node-exporter');

/** A name with everything in it that a label has to escape, and more. */
const odd = 'a "quoted" \\ one, {b="c"} ü';

/** One set that is overdue, one without a policy, one with an odd name. */
async function overdueMachine(): Promise<Machine> {
  const machine = new Machine('2026-02-01T12:00:00Z');
  for (const argv of [
    ['create', '--alg', 'ES256', 'auth'],
    ['policy', 'auth', '--rotate-every', '30d'],
    ['create', '--alg', 'EdDSA', 'plain'],
    ['create', '--alg', 'ES256', odd],
  ])
    expect(await machine.jwks(argv)).toMatchObject({ status: 0 });
  machine.now = instant('2026-05-01T12:00:00Z');
  return machine;
}

async function checked(machine: Machine, words = ''): Promise<string> {
  return (await machine.jwks(`check --format prometheus -q ${words}`)).stdout;
}

function promtool(words: readonly string[], input = '') {
  const { status, stdout, stderr } = spawnSync('promtool', words, { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
}

function codeOf(page: string, language: string): string {
  const text = readFileSync(fileURLToPath(new URL(`../../${page}`, import.meta.url)), 'utf8');
  return new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(text)?.[1] ?? '';
}

describe.skipIf(!hasTool)('promtool (skipped where it is not installed)', () => {
  const lint = (text: string) => promtool(['check', 'metrics'], text);

  test('would say what is wrong', () => {
    expect(lint('jwks_keys{set="a} 1\n').status).not.toBe(0);
    expect(lint('# TYPE jwks_keys counter\njwks_keys 1\n').said).toMatch(/jwks_keys/);
  });

  test('finds nothing wrong in what check writes', async () => {
    const machine = await overdueMachine();
    const text = await checked(machine);
    expect(text).toContain('jwks_check_ok 0\n');
    expect(text).toContain('set="a \\"quoted\\" \\\\ one, {b=\\"c\\"} ü"');
    expect(lint(text)).toEqual({ status: 0, said: '' });
    expect(lint(await checked(machine, 'plain'))).toEqual({ status: 0, said: '' });
  });

  test('finds nothing wrong in what serve answers', async () => {
    const server = await serving(await overdueMachine(), '--all --metrics-port 0');
    await fetch(`${server.url}/nothing`);
    const text = await (await fetch(`${server.metrics}/metrics`)).text();
    expect(text).toContain('code="404"');
    expect(lint(text)).toEqual({ status: 0, said: '' });
  });

  test('the rules of the examples are good, and fire on what check writes', async () => {
    const machine = await overdueMachine();
    const directory = temporaryDirectory();
    const rules = join(directory, 'rules.yml');
    writeFileSync(rules, codeOf('examples/README.md', 'yaml'));
    expect(promtool(['check', 'rules', rules])).toMatchObject({ status: 0 });

    /** Which alerts are on where Prometheus has read this text for an hour. */
    const fires = (text: string, expected: readonly (readonly [alert: string, labels: object])[]) => {
      const samples = text.split('\n').flatMap((line) => {
        const [, series = '', value] = /^([^#].*) (\S+)$/.exec(line) ?? [];
        return value === undefined ? [] : [{ series, values: `${value}x60` }];
      });
      expect(samples.length).toBeGreaterThan(5);
      const alerts = ['JwksOverdue', 'JwksCheckFailed'].map((alertname) => ({
        eval_time: '1h',
        alertname,
        exp_alerts: expected
          .filter(([alert]) => alert === alertname)
          .map(([, labels]) => ({ exp_labels: labels })),
      }));
      const tests = [{ interval: '1m', input_series: samples, alert_rule_test: alerts }];
      const path = join(directory, 'test.yml');
      // JSON is YAML too.
      writeFileSync(path, JSON.stringify({ rule_files: [rules], tests }));
      expect(promtool(['test', 'rules', path])).toMatchObject({ status: 0 });
    };
    fires(await checked(machine), [
      ['JwksOverdue', { set: 'auth' }],
      ['JwksCheckFailed', {}],
    ]);
    fires(await checked(machine, 'plain'), []);
  });
});

/** With its labels in order, whoever wrote it. */
function toSeries(line: string): string {
  const [, name = '', labels = '', value = ''] = /^(\w+)\{(.*)\} (\S+)$/.exec(line) ?? [];
  const pairs = labels.match(/\w+="(?:\\.|[^"\\])*"/g) ?? [];
  return `${name}{${pairs.sort().join(',')}} ${value}`;
}

/** A server that ends with the test. */
function start(program: string, words: readonly string[]): void {
  const child = spawn(program, words, { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
}

interface Answer {
  readonly status: string;
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>;
      readonly value: readonly [at: number, value: string];
    }[];
  };
}

/** A Prometheus that scrapes one address every second; what it answers to a query. */
async function prometheus(target: string) {
  const directory = temporaryDirectory();
  const port = await closedPort();
  const configuration = {
    global: { scrape_interval: '1s', scrape_timeout: '1s' },
    scrape_configs: [{ job_name: 'jwks', static_configs: [{ targets: [new URL(target).host] }] }],
  };
  writeFileSync(join(directory, 'prometheus.yml'), JSON.stringify(configuration));
  start('prometheus', [
    `--config.file=${directory}/prometheus.yml`,
    `--storage.tsdb.path=${directory}/data`,
    `--web.listen-address=127.0.0.1:${port}`,
  ]);
  return async (
    expression: string,
  ): Promise<readonly { metric: Readonly<Record<string, string>>; value: number }[]> => {
    const url = `http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expression)}`;
    const answer = (await (await fetch(url)).json()) as Answer;
    expect({ expression, ...answer }).toMatchObject({ status: 'success' });
    return answer.data.result.map(({ metric, value: [, value] }) => ({ metric, value: Number(value) }));
  };
}

describe.skipIf(!hasServer)('a Prometheus server (skipped where it is not installed)', () => {
  test('scrapes what serve answers, and the alarms of the page about it can be asked of it', async () => {
    const machine = await overdueMachine();
    const server = await serving(machine, '--all --metrics-port 0');
    const query = await prometheus(server.metrics);
    await vi.waitFor(async () => expect(await query('up')).toMatchObject([{ value: 1 }]), {
      timeout: 20_000,
      interval: 200,
    });
    const active = await query('jwks_keys{state="active"}');
    const counts = Object.fromEntries(active.map(({ metric, value }) => [metric['set'], value]));
    expect(counts).toEqual({ auth: 1, plain: 1, [odd]: 1 });
    const page = readFileSync(fileURLToPath(new URL('../../docs/serve.md', import.meta.url)), 'utf8');
    const [, listed = ''] = /Alarms that pay: (.*)\.$/m.exec(page) ?? [];
    const alarms = [...listed.matchAll(/`([^`]+)`/g)].map(([, alarm = '']) => alarm);
    expect(alarms.length).toBeGreaterThan(2);
    const ringing: string[] = [];
    for (const alarm of alarms) if ((await query(alarm)).length > 0) ringing.push(alarm);
    expect(ringing).toEqual(['jwks_overdue_seconds > 86400']);
  });
});

describe.skipIf(!hasExporter)('node_exporter (skipped where it is not installed)', () => {
  test('hands on the file that check writes', async () => {
    const machine = await overdueMachine();
    const directory = temporaryDirectory();
    const file = join(directory, 'jwks.prom');
    const words = `check --format prometheus -q -o ${file}`;
    expect((await machine.jwks(words)).status).toBe(1);
    const port = await closedPort();
    start('prometheus-node-exporter', [
      '--collector.disable-defaults',
      '--collector.textfile',
      `--collector.textfile.directory=${directory}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ]);
    const text = await vi.waitFor(async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text(), {
      timeout: 10_000,
      interval: 100,
    });
    expect(text).toMatch(/^node_textfile_scrape_error 0$/m);
    const ours = (all: string) =>
      all
        .split('\n')
        .filter((line) => /^jwks_keys\{/.test(line))
        .map(toSeries);
    expect(ours(text).sort()).toEqual(ours(readFileSync(file, 'utf8')).sort());
    expect(ours(text)).toHaveLength(15);
    expect(ours(text)).toContain('jwks_keys{set="auth",state="active"} 1');
  });
});
