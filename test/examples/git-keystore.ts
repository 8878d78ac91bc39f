// A keystore in git: a remote, clones of it, and for each clone a host of its own that remembers what it has seen.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { expect } from 'vitest';
import { Machine } from '../support/cli.ts';
import type { Finished } from '../support/command.ts';
import { beforehand, newShell, quote, type Shell, sh } from '../support/shell.ts';
import { ago, ScheduledHost } from './schedule.ts';

export const hasGit = spawnSync('git', ['--version']).status === 0;

const gitEnv = {
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'a',
  GIT_AUTHOR_EMAIL: 'a@example.com',
  GIT_COMMITTER_NAME: 'a',
  GIT_COMMITTER_EMAIL: 'a@example.com',
};

/** A remote repository with a keystore whose set `auth` is due for a successor, and its fingerprint. */
export class GitKeystore {
  readonly shell: Shell = newShell(gitEnv);
  readonly remote = `${this.shell.home}/origin.git`;
  readonly secretFile = `${this.shell.home}/secret`;
  identity = '';

  static async make(): Promise<GitKeystore> {
    const made = new GitKeystore();
    await made.do(
      'git init --quiet --bare --initial-branch main origin.git && git clone --quiet origin.git first',
    );
    await beforehand(made.shell, 'secret generate -q -o secret');
    await made.do('cd first && mkdir public && touch public/.gitkeep');
    const { machine } = new ScheduledHost();
    machine.now = ago('89d');
    const how = `--keystore ${made.shell.home}/first/keys --secret-file ${made.secretFile}`;
    const [init] = [
      await machine.jwks(`init ${how} -q --format json`),
      await machine.jwks(`create ${how} -q --alg ES256 auth`),
      await machine.jwks(`policy ${how} -q auth --rotate-every 90d`),
    ];
    made.identity = JSON.parse(init.stdout).identity;
    await made.do(`cd first && echo 'keys/** binary' > .gitattributes && git add --all &&
      git commit --quiet --message first && git push --quiet origin main`);
    return made;
  }

  /** Runs a script that must succeed; returns what it printed. */
  async do(script: string): Promise<string> {
    const { status, stdout, stderr } = await sh(this.shell, script);
    expect({ script, status, stderr: status === 0 ? '' : stderr }).toEqual({ script, status: 0, stderr: '' });
    return stdout;
  }

  async clone(name: string): Promise<Clone> {
    await this.do(`git clone --quiet origin.git ${name}`);
    return new Clone(this, name);
  }

  /** The files of the remote's `main`, below a path. */
  async pushed(path: string): Promise<string[]> {
    return (await this.do(`git -C origin.git ls-tree -r --name-only main ${path}`)).trim().split('\n');
  }
}

/** A host with a clone. */
export class Clone {
  readonly #keystore: GitKeystore;
  readonly #name: string;

  constructor(keystore: GitKeystore, name: string) {
    this.#keystore = keystore;
    this.#name = name;
    mkdirSync(this.state);
  }

  get state(): string {
    return `${this.#keystore.shell.home}/state-of-${this.#name}`;
  }

  /** The keystore, its secret and this host's memory. */
  get #env(): Readonly<Record<string, string>> {
    return {
      JWKS_KEYSTORE: 'keys',
      JWKS_SECRET_FILE: this.#keystore.secretFile,
      XDG_STATE_HOME: this.state,
    };
  }

  /** A script in the clone. */
  run(script: string, env: Readonly<Record<string, string>> = {}): Promise<Finished> {
    const { home, env: usual } = this.#keystore.shell;
    return sh({ home, env: { ...usual, ...this.#env, ...env } }, `cd ${quote(this.#name)} && ${script}`);
  }

  async do(script: string): Promise<string> {
    const { status, stdout, stderr } = await this.run(script);
    expect({ script, status, stderr: status === 0 ? '' : stderr }).toEqual({ script, status: 0, stderr: '' });
    return stdout;
  }

  /** Changes of the set, committed. */
  async change(times = 1): Promise<void> {
    const { home } = this.#keystore.shell;
    for (let time = 0; time < times; time++) {
      const how = { env: this.#env, cwd: `${home}/${this.#name}` };
      expect(await Machine.in(home).jwks('create -q --alg ES256 auth', how)).toMatchObject({ status: 0 });
    }
    await this.do('git add --all && git commit --quiet --message change');
  }
}
