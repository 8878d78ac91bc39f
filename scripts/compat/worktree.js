// A commit of this repository, checked out beside it and built.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const project = fileURLToPath(new URL('../..', import.meta.url));

export class Worktree {
  constructor(path) {
    this.path = path;
    git('worktree', 'add', '--detach', '--quiet', path, 'HEAD');
  }

  remove() {
    git('worktree', 'remove', '--force', this.path);
  }

  /** Returns why there is nothing to run, or nothing. */
  build(commit) {
    const at = (name) => join(this.path, name);
    for (const name of ['node_modules', 'dist']) rmSync(at(name), { recursive: true, force: true });
    execFileSync('git', ['checkout', '--quiet', '--force', '--detach', commit], { cwd: this.path });
    if (!existsSync(at('bin/jwks.js')) || !existsSync(at('src/main.ts'))) return 'no command yet';
    if (hasSamePackages(this.path)) symlinkSync(join(project, 'node_modules'), at('node_modules'));
    else {
      const words = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'];
      if (spawnSync('npm', words, { cwd: this.path, stdio: 'ignore' }).status !== 0) return 'npm ci fails';
    }
    const built = spawnSync(process.execPath, ['scripts/build.js'], { cwd: this.path, encoding: 'utf8' });
    if (built.status !== 0) return `does not build: ${reasonIn(built.stdout + built.stderr)}`;
    return undefined;
  }
}

/** The bundler's reason, or the compiler's. */
function reasonIn(output) {
  return (/Could not resolve .*/.exec(output) ??
    /.*error TS.*/.exec(output) ??
    /.*Error: .*/.exec(output))?.[0];
}

/** Whether the packages of here are, at that commit's versions, all that it names. */
function hasSamePackages(worktree) {
  const { packages } = readJson(join(worktree, 'package-lock.json'));
  const { dependencies, devDependencies } = packages[''];
  return Object.keys({ ...dependencies, ...devDependencies }).every((name) => {
    const path = join(project, 'node_modules', name, 'package.json');
    return existsSync(path) && readJson(path).version === packages[`node_modules/${name}`]?.version;
  });
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'));
}

export function git(...words) {
  return execFileSync('git', words, { cwd: project, encoding: 'utf8' }).trim();
}
