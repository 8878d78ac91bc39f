// jwks config: every effective setting, and where it comes from.
import type { Command } from 'commander';
import { defaultFacts, type PolicyFacts } from '../../lifecycle/policy.ts';
import { formatDuration } from '../../lifecycle/time.ts';
import { examples, type Open, operands, operandsOf } from '../command.ts';
import { describePath } from '../describe-path.ts';
import type { Session } from '../session.ts';
import type { Setting } from '../settings.ts';
import { formatTable } from '../terminal-text.ts';

interface Row {
  readonly name: string;
  readonly value: string | readonly string[] | null;
  readonly from: string;
}

export function register(program: Command, open: Open): void {
  const command = program
    .command('config')
    .summary('show the settings, and where they come from')
    .description(
      'Shows every effective setting and where it comes from. Of the secret only its source, never itself.',
    )
    .usage('[options]')
    .addArgument(operands())
    .addHelpText('after', () => examples('jwks config', 'JWKS_KEYSTORE=/srv/jwks jwks config --format json'));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    operandsOf(command, { required: [], most: 0 });
    await session.printer.prepare();
    const rows = rowsOf(session, await session.secretSource());
    const shown = (text: string) =>
      session.host.stdout.isTerminal ? describePath(text, session.host) : text;
    await session.printer.result({
      usual: 'table',
      json: () => ({ settings: rows }),
      table: () =>
        formatTable(
          [{ title: 'SETTING' }, { title: 'VALUE', shrinks: 'last' }, { title: 'FROM', shrinks: 'last' }],
          rows.map(({ name, value, from }) => [
            name,
            value === null ? 'not set' : shown([value].flat().join(', ')),
            shown(from),
          ]),
          session.host.stdout,
        ),
    });
  }
}

function rowsOf(session: Session, secret: string | undefined): Row[] {
  const { keystore, identity, alg, format, policy, audit, files } = session.settings;
  const command = session.settings.secretCommand;
  const isCommand = command !== undefined && secret === `secretCommand ${command.value[0]}`;
  const facts = Object.entries({ rotateEvery: undefined, ...(policy?.value ?? defaultFacts) });
  return [
    row('keystore', keystore && { ...keystore, value: keystore.value.label }),
    row('identity', identity),
    {
      name: 'secret',
      value: secret ?? null,
      from: secret === undefined ? 'default' : isCommand ? command.from : 'found',
    },
    row('alg', alg),
    row('format', format),
    ...facts.map(
      ([name, value]): Row => ({
        name: `policy.${name}`,
        value: describeFact(value),
        from: policy?.origins[name] ?? 'default',
      }),
    ),
    row('audit', audit),
    { name: 'files', value: files, from: files.length === 0 ? 'none found' : 'found' },
  ];
}

function describeFact(value: PolicyFacts[keyof PolicyFacts]): Row['value'] {
  if (typeof value === 'number') return formatDuration(value);
  return typeof value === 'boolean' ? String(value) : (value ?? null);
}

function row(name: string, setting: Setting<string> | undefined): Row {
  return { name, value: setting?.value ?? null, from: setting?.from ?? 'default' };
}
