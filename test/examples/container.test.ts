// examples/container: the image's file as a parser reads it, and its steps without an engine: what RUN installs,
// HEALTHCHECK asks and ENTRYPOINT starts.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { delimiter, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DockerfileParser, type Instruction } from 'dockerfile-ast';
import { validate } from 'dockerfile-utils';
import { expect, onTestFinished, test } from 'vitest';
import { finish } from '../support/command.ts';
import { closedPort, startHttp } from '../support/https-server.ts';
import { childrenOf, newShell, sh } from '../support/shell.ts';
import { temporaryDirectory } from '../support/temporary.ts';
import { examples } from './schedule.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const text = readFileSync(`${examples}container/Dockerfile`, 'utf8');
const dockerfile = DockerfileParser.parse(text);
const instructions = dockerfile.getInstructions();

function named(keyword: string): readonly Instruction[] {
  return instructions.filter((one) => one.getKeyword() === keyword);
}

/** The words of what is in exec form, and so JSON; with `CMD` in front where it is HEALTHCHECK. */
function wordsOf(instruction: Instruction | undefined): string[] {
  const [json = ''] = /\[.*\]$/s.exec(instruction?.getArgumentsContent() ?? '') ?? [];
  return JSON.parse(json);
}

test('it is a Dockerfile', () => {
  expect(validate(text)).toEqual([]);
});

test('two stages of images with a version', () => {
  const images = dockerfile.getFROMs().map((from) => [from.getImageName(), from.getImageTag()]);
  expect(images).toHaveLength(2);
  for (const [name, tag] of images) {
    expect(name).toBe('node');
    expect(tag).toMatch(/^\d+-slim$/);
  }
});

test('its user is none of root, by number; nothing is added from elsewhere', () => {
  const users = named('USER').map((one) => one.getArgumentsContent());
  expect(users).toEqual(['1000:1000']);
  expect(named('ADD')).toEqual([]);
  expect(text).not.toMatch(/curl|wget|apt-get|secret/i);
});

test('what runs has no shell in front of it, and takes the real command line', async () => {
  expect(wordsOf(named('ENTRYPOINT')[0])).toEqual(['jwks']);
  const words = wordsOf(named('CMD')[0]);
  expect(words.slice(0, 2)).toEqual(['serve', '--all']);
  const help = await sh(newShell(), 'jwks serve --help');
  const port = / --port <n>[^(]*\(default:\s+(\d+)/.exec(help.stdout)?.[1];
  expect(named('EXPOSE').map((one) => one.getArgumentsContent())).toEqual([port]);
  expect(wordsOf(named('HEALTHCHECK')[0]).join(' ')).toContain(`http://127.0.0.1:${port}/health/alive`);
});

test('the builder gets the package alone', () => {
  const ignored = readFileSync(`${examples}container/Dockerfile.dockerignore`, 'utf8');
  const lines = ignored.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const [copied] = named('COPY').map((one) => one.getArguments()[0]?.getValue());
  expect(lines).toEqual(['*', `!${copied}`]);
});

/** What HEALTHCHECK says of a server: its exit status. */
async function health(url: string): Promise<number | null> {
  const [node = '', ...words] = wordsOf(named('HEALTHCHECK')[0]);
  expect(node).toBe('node');
  const here = words.map((word) => word.replace('127.0.0.1:4450', new URL(url).host));
  return (await finish(spawn(process.execPath, here, { env: {} }))).status;
}

test('HEALTHCHECK fails where nobody answers, or somebody who is not well', async () => {
  expect(await health(`http://127.0.0.1:${await closedPort()}`)).toBe(1);
  const ill = await startHttp((_, response) => response.writeHead(503).end());
  expect(await health(ill)).toBe(1);
  const well = await startHttp(({ url }, response) => {
    response.writeHead(url === '/health/alive' ? 200 : 404).end();
  });
  expect(await health(well)).toBe(0);
});

/** A registry with the one package that ours depends on, as it is installed here. */
async function registryOf(name: string): Promise<string> {
  const directory = temporaryDirectory();
  const source = `${root}node_modules/${name}`;
  const tarball = await pack(source, directory);
  const bytes = readFileSync(tarball);
  const manifest = JSON.parse(readFileSync(`${source}/package.json`, 'utf8'));
  const integrity = `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
  const url: string = await startHttp((request, response) => {
    if (request.url === `/${name}.tgz`) return response.end(bytes);
    if (request.url !== `/${name}`) return response.writeHead(404).end();
    const version = { ...manifest, dist: { tarball: `${url}/${name}.tgz`, integrity } };
    const versions = { [manifest.version]: version };
    return response.end(JSON.stringify({ name, 'dist-tags': { latest: manifest.version }, versions }));
  });
  return url;
}

/** The path of the tarball. */
async function pack(source: string, directory: string): Promise<string> {
  const words = ['pack', source, '--ignore-scripts', '--silent', '--pack-destination', directory];
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory };
  const packed = await finish(spawn('npm', words, { cwd: directory, env }));
  expect(packed).toMatchObject({ status: 0 });
  return `${directory}/${packed.stdout.trim()}`;
}

/** What the first stage makes, in a directory: its RUN as it stands, but for the two places. */
async function installed(): Promise<string> {
  const directory = temporaryDirectory();
  await pack(root, directory);
  const [run] = named('RUN');
  const places: Record<string, string> = { '/opt/jwks': `${directory}/opt/jwks`, '/tmp/': `${directory}/` };
  const script = (run?.getArgumentsContent() ?? '').replace(/\\\n/g, '');
  const env = {
    PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
    HOME: directory,
    npm_config_registry: await registryOf('jose'),
    npm_config_update_notifier: 'false',
  };
  const here = script.replace(/\/opt\/jwks|\/tmp\//g, (place) => places[place] ?? '');
  const ran = await finish(spawn('sh', ['-c', here], { cwd: directory, env }));
  expect(ran).toMatchObject({ status: 0, stderr: '' });
  return `${directory}/opt/jwks`;
}

/** Ends with a first line of the log that says where it listens. */
async function listening(child: ChildProcess): Promise<string> {
  let said = '';
  if (child.stderr === null) throw new Error('it has no stderr');
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    const url = /"listener":"public","url":"([^"]+)"/.exec(line)?.[1];
    if (url !== undefined) return new URL(url).origin.replace('0.0.0.0', '127.0.0.1');
  }
  throw new Error(`it does not listen: ${said}`);
}

// As in a container: process 1 of its own, and a file system that cannot be written.
const apart = ['--mount', '--pid', '--fork', '--kill-child'];
if (process.geteuid?.() !== 0) apart.unshift('--user', '--map-root-user');
const readOnly = 'mount -o remount,bind,ro /';
const canBeApart = spawnSync('unshare', [...apart, 'sh', '-ec', `${readOnly} && ! touch /x`]).status === 0;

test('its steps make a command that serves, is well, and ends by SIGTERM', { timeout: 90_000 }, async ({
  skip,
}) => {
  const opt = await installed();
  const home = temporaryDirectory();
  mkdirSync(`${home}/state`);
  const entry = [...wordsOf(named('ENTRYPOINT')[0]), ...wordsOf(named('CMD')[0]), '--port', '0'];
  const path = [`${opt}/bin`, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter);
  const places = { JWKS_KEYSTORE: `${home}/keystore`, XDG_STATE_HOME: `${home}/state` };
  const ran = await sh(
    { home, env: { PATH: path, ...places } },
    `jwks secret generate -o ${home}/secret && export JWKS_SECRET_FILE=${home}/secret && jwks init -q > made &&
    jwks create --alg ES256 auth -q && [ -x "$(command -v rotate-and-publish.sh)" ]`,
  );
  expect({ status: ran.status, stderr: ran.status === 0 ? '' : ran.stderr }).toEqual({
    status: 0,
    stderr: '',
  });
  expect(existsSync(`${opt}/lib/node_modules/jwks-keystore/node_modules/vitest`)).toBe(false);
  const identity = /\s([\w-]{43})\s*$/.exec(readFileSync(`${home}/made`, 'utf8'))?.[1] ?? '';

  skip(!canBeApart, 'unshare of namespaces is not allowed here');
  // The home may be on another file system.
  const own = `mount --bind ${home} ${home} && mount -o remount,bind,ro ${home}`;
  const script = `${readOnly} && ${own} && mount -t tmpfs none ${home}/state && exec "$@"`;
  const child = spawn('unshare', [...apart, 'sh', '-ec', script, 'sh', ...entry], {
    env: { PATH: path, ...places, JWKS_IDENTITY: identity },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise((resolve) => child.once('close', (status) => resolve(status)));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await ended;
  });
  const url = await listening(child);
  expect(await health(url)).toBe(0);
  const { keys } = (await (await fetch(`${url}/.well-known/jwks.json`)).json()) as { keys: unknown[] };
  expect(keys).toHaveLength(1);
  const [first = 0] = await childrenOf(child.pid ?? 0);
  expect(readFileSync(`/proc/${first}/status`, 'utf8')).toMatch(/^NSpid:\t\d+\t1$/m);
  process.kill(first, 'SIGTERM');
  expect(await ended).toBe(0);
  expect(await health(url)).toBe(1);
});
