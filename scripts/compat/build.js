// One build of the command, run in a home of its own with a clock that may be set back and a death at a chosen moment.
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Preloaded: days back, and the link(2), which is what makes a revision, before which the process dies. */
const preload = `
const back = Number(process.env.COMPAT_BACK ?? 0) * 86_400_000;
const { now } = Date;
Date.now = () => now() - back;
let left = Number(process.env.COMPAT_DIE ?? Infinity);
const fs = require('node:fs');
const { linkSync } = fs;
fs.linkSync = (...args) => {
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
  return linkSync(...args);
};
`;

export class Build {
  /** `directory` has `bin` and `dist`. */
  constructor(directory, home) {
    this.bin = join(directory, 'bin/jwks.js');
    this.home = home;
  }

  /** What it printed and how it ended. `words`: a list, or a text with a space between two. */
  run(words, { back = 0, die, env, stdin = '' } = {}) {
    const argv = toList(words);
    const hook = join(this.home, '..', 'preload.cjs');
    writeFileSync(hook, preload);
    const options = {
      cwd: this.home,
      env: {
        PATH: process.env.PATH,
        HOME: this.home,
        XDG_STATE_HOME: join(this.home, 'state'),
        COMPAT_BACK: String(back),
        ...(die === undefined ? {} : { COMPAT_DIE: String(die) }),
        ...env,
      },
      timeout: 120_000,
      maxBuffer: 2 ** 26,
    };
    return new Promise((resolve) => {
      const child = execFile(
        process.execPath,
        ['--require', hook, this.bin, ...argv],
        options,
        (error, stdout, stderr) => {
          resolve({ status: error === null ? 0 : (error.code ?? error.signal), stdout, stderr });
        },
      );
      child.stdin.on('error', () => {});
      child.stdin.end(stdin);
    });
  }

  /** As `run`, for what must succeed and prints JSON. */
  async json(words, options) {
    const { status, stdout, stderr } = await this.run(words, options);
    if (status !== 0) throw new Error(`${String(words)}: exit ${status}, ${lastLine(stderr)}`);
    return JSON.parse(stdout);
  }
}

/** The line that says what is wrong. */
export function lastLine(text) {
  const lines = text.split('\n').filter((line) => line.startsWith('jwks: '));
  return (lines.at(-1) ?? text.split('\n')[0] ?? '').replace('jwks: ', '').slice(0, 160);
}

/** Words as a list, or as a text with a space between two. */
export function toList(words) {
  return typeof words === 'string' ? words.split(' ') : words;
}
