// Makes docs/pictures/*.svg from what the built command shows on a terminal: `node scripts/pictures.js [DIRECTORY]`.
// The clock stands still and keys get the names below, so that the same command makes the same pictures.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const now = Date.parse('2026-01-05T10:00:00Z');

/** In place of what is new in each run: key ids, in the order in which keys are made, and coordinates. */
const kidNames = [
  'Kx3fQ9mTzW1vR7bLhN5cYpD2sGjA8eUoX6iMwZtEq4k',
  'p7VnB2yJdC9rSgH4xTkW8mQaLzE1uF6oXiN3wRvYb5s',
];
const coordinateNames = [
  'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
];

/** Each picture: what is typed before it unseen, what is typed in it, and how wide the terminal is. */
const pictures = {
  'first-run': { typed: ['jwks create --alg ES256 auth'], columns: 88 },
  rotate: {
    before: ['jwks create --alg ES256 auth', 'jwks policy auth --rotate-every 90d --token-ttl 1h'],
    typed: ['jwks rotate auth'],
    columns: 84,
  },
  list: {
    before: ['jwks create --alg ES256 auth', 'jwks rotate auth'],
    typed: ['jwks list'],
    columns: 112,
  },
  timeline: {
    before: ['jwks create --alg ES256 auth', 'jwks rotate auth'],
    typed: ['jwks timeline auth'],
    columns: 92,
  },
};

const colours = {
  31: '#ff7b72',
  32: '#3fb950',
  33: '#d29922',
  34: '#58a6ff',
  35: '#bc8cff',
  36: '#39c5cf',
  90: '#8b949e',
};

/** For processes in a home of its own, where bash has the command as a function. */
function optionsIn(directory) {
  const preload = join(root, 'test/support/fast-clock.cjs');
  return {
    cwd: directory,
    encoding: 'utf8',
    env: {
      PATH: process.env.PATH,
      HOME: directory,
      TERM: 'xterm-256color',
      TZ: 'UTC',
      LANG: 'C.UTF-8',
      JWKS_ACTOR: 'you@host',
      JWKS_TEST_CLOCK: `${now} 0`,
      // Inherited as a function: `script` starts a shell.
      'BASH_FUNC_jwks%%': `() { '${process.execPath}' --require '${preload}' '${join(root, 'bin/jwks.js')}' "$@"; }`,
    },
  };
}

function onTerminal(options, columns, command) {
  const line = `stty cols ${columns} rows 50; ${command}`;
  const env = { ...options.env, SHELL: '/bin/bash', JWKS_PICTURE: line };
  return execFileSync('script', ['-qec', 'bash -c "$JWKS_PICTURE"', '/dev/null'], {
    ...options,
    env,
  }).replaceAll('\r\n', '\n');
}

/** Key ids, cut ones too, and coordinates by their names. */
function named(text, kids) {
  const found = [...text.matchAll(/(?<![\w-])[\w-]{43}(?![\w-])/g)].map(([token]) => token);
  const coordinates = found.filter((token) => !kids.includes(token));
  const pairs = [
    ...kids.map((kid, index) => [kid, kidNames[index]]),
    ...coordinates.map((token, index) => [token, coordinateNames[index]]),
  ];
  for (const [token, name] of pairs) {
    if (name === undefined) throw new Error(`there is no name for ${token}`);
    for (let length = token.length; length >= 7; length--)
      text = text.replaceAll(token.slice(0, length), name.slice(0, length));
  }
  return text;
}

function escapeXml(text) {
  return text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** The runs of equal style in a line: text, colour, weight. */
function runsOf(line) {
  const runs = [];
  let [colour, isBold, isDim] = ['', false, false];
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    const codes = /^\x1b\[([\d;]*)m$/.exec(part)?.[1];
    if (codes === undefined) {
      if (part.includes('\x1b')) throw new Error(`no picture of ${JSON.stringify(part)}`);
      if (part !== '') runs.push({ text: part, colour, isBold, isDim });
      continue;
    }
    for (const code of (codes || '0').split(';').map(Number)) {
      if (code === 0) [colour, isBold, isDim] = ['', false, false];
      else if (code === 1) isBold = true;
      else if (code === 2) isDim = true;
      else if (code === 22) [isBold, isDim] = [false, false];
      else if (code === 39) colour = '';
      else if (code in colours) colour = colours[code];
      else throw new Error(`no picture of the style ${code}`);
    }
  }
  return runs;
}

/** A character is one cell of 8.4 by 19, wherever the font has other ideas: every run has its place and length. */
function toSvg(title, lines, columns) {
  const [cell, row, margin, bar] = [8.4, 19, 16, 30];
  const width = Math.ceil(columns * cell + 2 * margin);
  const height = bar + lines.length * row + margin;
  const at = (column) => Number((margin + column * cell).toFixed(1));
  const rows = lines.flatMap((line, index) => {
    let column = 0;
    const words = [];
    for (const { text, colour, isBold, isDim } of runsOf(line)) {
      const style = `${colour && ` fill="${colour}"`}${isBold ? ' font-weight="600"' : ''}${isDim ? ' fill-opacity=".65"' : ''}`;
      // Spaces have no ink, and renderers drop or squeeze them.
      for (const found of text.matchAll(/\S+(?: \S+)*/g)) {
        const x = at(column + [...text.slice(0, found.index)].length);
        const length = ([...found[0]].length * cell).toFixed(1);
        const place = `x="${x}" y="${bar + index * row + 14}" textLength="${length}" lengthAdjust="spacingAndGlyphs"`;
        words.push(`<text ${place}${style}>${escapeXml(found[0])}</text>`);
      }
      column += [...text].length;
    }
    return words;
  });
  const dots = ['#ff5f57', '#febc2e', '#28c840'].map(
    (fill, index) => `<circle cx="${margin + 4 + index * 18}" cy="15" r="5" fill="${fill}"/>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${escapeXml(title)}</title>`,
    `<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>`,
    ...dots,
    '<g font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,\'DejaVu Sans Mono\',monospace" font-size="14" fill="#e6edf3">',
    ...rows,
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

function draw(name, { before = [], typed, columns }, directory) {
  const home = mkdtempSync(join(tmpdir(), 'jwks-picture-'));
  try {
    const options = optionsIn(home);
    for (const command of before) execFileSync('bash', ['-c', command], { ...options, stdio: 'ignore' });
    const shown = typed.map(
      (command) => `\x1b[32m$\x1b[39m \x1b[1m${command}\x1b[22m\n${onTerminal(options, columns, command)}`,
    );
    const listed = JSON.parse(execFileSync('bash', ['-c', 'jwks list --format json'], options));
    const kids = listed.sets.flatMap(({ keys }) => keys.map(({ kid }) => kid)).reverse();
    const lines = named(shown.join('').replace(/\n+$/, ''), kids).split('\n');
    const longest = Math.max(...lines.map((line) => [...line.replace(/\x1b\[[\d;]*m/g, '')].length));
    writeFileSync(join(directory, `${name}.svg`), toSvg(typed.join('; '), lines, Math.max(longest, 60)));
    if (name === 'timeline') {
      const chart = execFileSync('bash', ['-c', 'jwks timeline auth --as svg'], options);
      writeFileSync(join(directory, 'timeline-chart.svg'), named(chart, kids));
    }
  } finally {
    rmSync(home, { recursive: true });
  }
}

const directory = process.argv[2] ?? join(root, 'docs/pictures');
mkdirSync(directory, { recursive: true });
for (const [name, picture] of Object.entries(pictures)) draw(name, picture, directory);
