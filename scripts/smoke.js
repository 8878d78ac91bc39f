// Runs every command of a `jwks` once, in an empty home, to see that none lacks a part: of what was installed from
// the tarball, and of the executable. What the commands do is tested elsewhere.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// [words, what stdout or stderr has to match, exit status where it is not 0]. {name} stands for what a step printed
// that has it as its fourth.
const steps = [
  ['--version', /^\d+\.\d+\.\d+\n$/],
  ['help', /Usage: jwks/],
  ['help create', /Usage: jwks create/],
  ['no-such-command', /unknown command/, 2],
  ['init', /IDENTITY/],
  ['create --alg ES256 auth', /"kty": "EC"/],
  ['create --alg RS256 --bits 2048 -q rsa', /^[\w-]{43}\n$/, 0, 'rsa'],
  ['create --alg RS256 rsa', /"kty": "RSA"/],
  ['create --alg Ed25519 ed', /"kty": "OKP"/],
  ['create --alg ECDH-ES --use enc sealed', /"use": "enc"/],
  ['list', /auth\t\S+\tES256\tsig\tactive/],
  ['list --format yaml', /alg: ES256/],
  ['get auth --format jsonpath=$..kid', /[\w-]{43}/],
  ['export --all', /"keys"/],
  ['export auth -o auth.json', /^$/],
  ['export auth --private --yes -o auth.private.json', /private keys/],
  ['lint auth.json', /ok/],
  ['thumbprint auth.json', /^[\w-]{43}\n$/],
  ['convert auth.private.json --to pkcs8 --private --yes -o auth.pem', /private keys|^$/],
  ['convert auth.json --to ssh', /ecdsa-sha2-nistp256/],
  ['import taken auth.pem -q', /^[\w-]{43}\n$/],
  ['policy auth --rotate-every 90d --token-ttl 1h', /90d/],
  ['rotate --due', /./],
  ['rotate auth', /published from now/],
  ['retire -- rsa {rsa}', /{rsa}/],
  ['revoke ed --all', /revoked/],
  ['check', /./, [0, 1]],
  ['history auth', /rotat|publish/],
  ['timeline auth', /auth/],
  ['timeline auth --as svg', /<svg/],
  ['timeline auth --as html', /<html/],
  ['sign auth --sub alice --exp 5m', /^[\w-]+\.[\w-]+\.[\w-]+\n$/, 0, 'token'],
  ['verify --set auth {token}', /alice/],
  ['explain {token}', /./],
  ['encrypt sealed auth.json -o message', /^$/],
  ['decrypt sealed message', /"keys"/],
  ['secret list', /first/],
  ['secret change', /./],
  ['rekey', /./],
  ['doctor', /./, [0, 1]],
  ['backup backup.json', /backed up 5 sets/],
  ['restore backup.json --verify-only', /every document and key is good/],
  ['restore backup.json --into restored', /auth\t\d+\twritten/],
  ['copy --from restored --to copied', /auth/],
  ['delete taken --yes', /taken/],
  ['algs', /RS256\tsig/],
  ['config', /keystore/],
  ['completion bash', /complete /],
  ['completion zsh', /compdef/],
  ['completion fish', /complete /],
];

/**
 * Runs them with `command` (words) in front, and `more` of them after.
 * @throws {Error} with what was printed, at the first that is not as it should be, or where a command is in no step
 */
export async function smoke(command, env, more = []) {
  const cwd = mkdtempSync(join(realpathSync(tmpdir()), 'jwks-smoke-'));
  try {
    const home = join(cwd, 'home');
    mkdirSync(home);
    const place = { cwd: home, env: { ...env, HOME: home }, encoding: 'utf8' };
    const all = [...steps, ...more];
    const known = new Map();
    for (const step of all) runStep(step, command, place, known);
    await runServe(command, place);
    refuseMissing(all, known.get('help'));
    return all.length + 1;
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function runStep([line, expected, exit = 0, name = line], [file, ...before], place, known) {
  const fill = (text) => text.replace(/\{([a-z]+)\}/g, (_, word) => known.get(word));
  const argv = fill(line).split(' ');
  const { status, stdout, stderr, error } = spawnSync(file, [...before, ...argv], place);
  if (error !== undefined) throw error;
  const isExpected = [exit].flat().includes(status);
  const pattern = new RegExp(fill(expected.source));
  if (!isExpected || (!pattern.test(stdout) && !pattern.test(stderr)))
    throw new Error(`jwks ${line}: exit ${status}, and not ${pattern}\n${stdout}\n${stderr}`);
  known.set(name, stdout.trim());
}

/** Asked once, and ended as a service manager would. */
async function runServe([file, ...before], place) {
  const argv = [...before, 'serve', 'auth', '--port', '0', '--log-format', 'json'];
  const child = spawn(file, argv, { ...place, stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let log = '';
  try {
    const address = await new Promise((resolve, reject) => {
      child.stderr.on('data', (chunk) => {
        log += chunk;
        const [url] = /http:\/\/127\.0\.0\.1:[1-9]\d*/.exec(log) ?? [];
        if (url !== undefined) resolve(url);
      });
      child.once('error', reject);
      child.once('close', () => reject(new Error(`jwks serve: it ended\n${log}`)));
    });
    const answer = await fetch(`${address}/.well-known/jwks.json`);
    const { keys } = await answer.json();
    if (!(keys.length > 0)) throw new Error('jwks serve: it answers no keys');
  } finally {
    child.kill('SIGTERM');
  }
  const status = await ended;
  if (status !== 0) throw new Error(`jwks serve: exit ${status}\n${log}`);
}

function refuseMissing(all, help) {
  const run = new Set(['serve', ...all.map(([line]) => line.split(' ')[0])]);
  const [list] = help.split('\nOptions of every command');
  const missing = [...list.matchAll(/^ {2}([a-z]+)\b/gm)]
    .map(([, name]) => name)
    .filter((name) => !run.has(name));
  if (missing.length > 0) throw new Error(`scripts/smoke.js does not run ${missing.join(', ')}`);
}
