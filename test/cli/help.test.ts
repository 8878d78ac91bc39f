// Help screens: what a person sees first.
import { expect, test } from 'vitest';
import { commandNames } from '../../src/cli/program.ts';
import { Machine } from '../support/cli.ts';
import { transcript } from '../support/transcript.ts';

const secrets = ['generate', 'list', 'add', 'change', 'remove'];
const above = ['create', 'list', 'export', 'rotate', 'revoke', 'check'];

test('the first screen has what is used most above the line', async () => {
  const { status, stdout, stderr } = await new Machine().jwks('--help');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.split('\n');
  const line = lines.findIndex((text) => text.includes('───'));
  const names = lines.map((text) => /^ {2}([a-z]+)/.exec(text)?.[1]);
  expect(names.slice(0, line).filter((name) => name !== undefined)).toEqual(above);
  expect(names.slice(line).filter((name) => name !== undefined)).toEqual([
    ...commandNames.slice(above.length),
    'help',
  ]);
  expect(lines.every((text) => text.length <= 80)).toBe(true);
});

test('the first screen tells operands by the names that usage has for them', async () => {
  const { stdout } = await new Machine().jwks('--help');
  expect(stdout).not.toContain('operands');
});

test('no command is a usage error that shows the first screen', async () => {
  const machine = new Machine();
  const help = await machine.jwks('--help');
  expect(await machine.jwks('')).toEqual({ status: 2, stdout: '', stderr: help.stdout });
  await transcript(
    machine,
    `
    $ jwks --quiet
    ! jwks: no command was named
    ! hint: jwks --help
    exit 2
    $ jwks secret
    ! jwks: secret wants a command of its own
    ! hint: jwks secret --help
    exit 2
  `,
  );
});

test.each([...commandNames, ...secrets.map((name) => `secret ${name}`), 'help'])(
  '%s --help has its usage and two examples',
  async (command) => {
    const machine = new Machine();
    const { status, stdout, stderr } = await machine.jwks(`${command} --help`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(new RegExp(`^Usage: jwks ${command} `));
    expect(stdout).toMatch(/\nExamples:\n( {2}\$ .*\n){2}/);
    expect(stdout).not.toContain('operands');
    expect(await machine.jwks(`${command} -h`)).toMatchObject({ status: 0, stdout });
    expect(await machine.jwks(`help ${command}`)).toEqual({ status: 0, stdout, stderr });
  },
);

test('--version', async () => {
  const machine = new Machine();
  expect((await machine.jwks('--version')).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await machine.jwks('--version --no-color')).toEqual(await machine.jwks('--version'));
});

test('help of what there is not', async () => {
  await transcript(
    new Machine(),
    `
    $ jwks help nope
    ! jwks: unknown command 'nope'
    ! hint: jwks --help
    exit 2
    $ jwks help secret nope
    ! jwks: unknown command 'secret nope'
    ! hint: jwks secret --help
    exit 2
    $ jwks secret add more
    ! jwks: too many arguments: add takes at most 0
    ! hint: jwks secret add --help
    exit 2
  `,
  );
});

test('operands and exit codes are explained', async () => {
  const { stdout } = await new Machine().jwks('check --help');
  expect(stdout).toMatch(/\nArguments:\n {2}set-id +only these sets/);
  expect(stdout).toMatch(/\nExit codes:\n {2}0 {2}.*\n {2}1 {2}.*\n {2}7 {2}.*\n$/);
});
