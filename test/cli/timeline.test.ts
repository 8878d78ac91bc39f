// jwks timeline: the keys over time as a picture, on a terminal, in a file, as SVG and as a page.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { instant, Machine } from '../support/cli.ts';
import { snapshotOf } from '../support/snapshot.ts';
import { transcript } from '../support/transcript.ts';
import { ok } from './machines.ts';

const utf8 = { LANG: 'en_GB.UTF-8' };

/** A set in which a second key took over from the first a week before. */
async function twoKeys(): Promise<Machine> {
  const machine = new Machine('2026-01-01T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth first');
  machine.now = instant('2026-01-25T12:00:00Z');
  await ok(machine, 'create --alg ES256 auth second');
  machine.now = instant('2026-02-01T12:00:00Z');
  return machine;
}

test('on a terminal it fills the columns', async () => {
  await transcript(
    await twoKeys(),
    `
    $ jwks timeline
    auth  ES256         5 Jan      12 Jan      19 Jan      26 Jan     2 Feb      UTC
    first  active  ███████████████████████████████████████░░░░░░░░░░░│░░░░░░░░░░░░░░
    second active                                         ███████████│██████████████
                                                                     ▲ now
                   ··· published   ███ signs   ░░░ still verifies
    `,
    { terminal: 80, env: { ...utf8, NO_COLOR: '1' } },
  );
});

test('elsewhere it is what a terminal of 80 columns shows, in plain characters where the locale has no others', async () => {
  await transcript(
    await twoKeys(),
    `
    $ jwks timeline auth
    auth  ES256         5 Jan      12 Jan      19 Jan      26 Jan     2 Feb      UTC
    first  active  #######################################-----------|--------------
    second active                                         ###########|##############
                                                                     ^ now
                   ... published   ### signs   --- still verifies
    `,
  );
});

test.each([
  [{ LANG: 'C.utf8' }, true],
  [{ LC_ALL: 'C', LANG: 'en_GB.UTF-8' }, false],
  [{ LC_ALL: '', LC_CTYPE: 'de_DE.UTF-8', LANG: 'C' }, true],
  [{ LANG: 'de_DE@euro' }, false],
  [{ ...utf8, TERM: 'linux' }, false],
  [{ ...utf8, TERM: 'dumb' }, false],
  [{}, false],
])('%j: has it more than ASCII? %s', async (env, isUnicode) => {
  const { stdout } = await (await twoKeys()).jwks('timeline', { env, terminal: 80 });
  expect(stdout.includes('█')).toBe(isUnicode);
});

test('colours are for a terminal, not for a file that was asked for on one', async () => {
  const machine = await twoKeys();
  const settings = { terminal: 100, env: utf8 };
  const shown = await machine.jwks('timeline', settings);
  const written = await machine.jwks('timeline -o keys.txt', settings);
  const file = readFileSync(join(machine.home, 'work/keys.txt'), 'utf8');
  expect(shown.stdout).toContain('\u001b[32m');
  expect(written).toMatchObject({ status: 0, stdout: '' });
  expect(file).toBe((await machine.jwks('timeline', { env: utf8 })).stdout);
  expect((await machine.jwks('timeline --no-color', settings)).stdout).not.toContain('\u001b');
});

test('--at is another time, and --from and --to another window', async () => {
  await transcript(
    await twoKeys(),
    `
    $ jwks timeline --at 2026-01-10 --from 2026-01-01 --to 2026-01-31
    auth  ES256           5 Jan           12 Jan         19 Jan          26 Jan  UTC
    first active   ##################|##############################################
                                     ^ 2026-01-10T00:00:00Z
                  ... published   ### signs   --- still verifies
    $ jwks timeline --from 2026-01-31 --to 2026-01-31
    ! jwks: the picture ends before it begins: --from must be earlier than --to
    exit 2
    $ jwks timeline --from someday
    ! jwks: --from someday is no time such as 2026-12-24T10:00:00Z
    ! hint: jwks timeline --help
    exit 2
    $ jwks timeline --as png
    ! jwks: --as png is not one of text, svg, html
    ! hint: jwks timeline --help
    exit 2
    $ jwks timeline nowhere
    ! jwks: set "nowhere" does not exist
    ! hint: jwks list shows the sets there are
    exit 3
    `,
  );
});

test('as SVG and as a page; what --format says is accepted and ignored', async () => {
  const machine = await twoKeys();
  const svg = await machine.jwks('timeline --as svg --format json');
  expect(svg).toMatchObject({ status: 0, stderr: '' });
  expect(svg.stdout).toMatch(/^<svg xmlns[\s\S]*Keys of auth[\s\S]*<\/svg>\n$/);
  const page = await machine.jwks('timeline auth --as html --format yaml -o keys.html');
  expect(page).toEqual({ status: 0, stdout: '', stderr: '' });
  expect(readFileSync(join(machine.home, 'work/keys.html'), 'utf8')).toMatch(
    /^<!doctype html>[\s\S]*<\/html>\n$/,
  );
});

test('it needs no secret and changes nothing', async () => {
  const machine = await twoKeys();
  const before = snapshotOf(machine.home);
  const { status, stderr } = await machine.jwks('timeline --at 2030-01-01', {
    env: { JWKS_SECRET_FILE: '/nowhere' },
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(snapshotOf(machine.home)).toEqual(before);
});

test('an empty keystore is an empty picture, and it says how to begin', async () => {
  const machine = new Machine();
  await ok(machine, 'init');
  await transcript(
    machine,
    `
    $ jwks timeline
    ! jwks: there are no sets yet; jwks create SET makes one
    `,
  );
});
