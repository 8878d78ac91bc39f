// jwks algs: the algorithms, and what this machine can do of them.
import type { Command } from 'commander';
import type { Algorithm } from '../../jose/algorithms.ts';
import { examples, type Open, operands, operandsOf } from '../command.ts';
import type { Session } from '../session.ts';
import { type Column, formatTable } from '../terminal-text.ts';

export function register(program: Command, open: Open): void {
  const command = program
    .command('algs')
    .summary('list the algorithms, and what this machine can do')
    .description('Lists the algorithms with the keys that fit, and whether this machine can make them.')
    .usage('[options]')
    .addArgument(operands())
    .addHelpText('after', () => examples('jwks algs', "jwks algs --format 'jsonpath=algorithms.#.alg'"));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    operandsOf(command, { required: [], most: 0 });
    await session.printer.prepare();
    const { algorithms, missingSupport, mldsaNode } = await import('../../jose/algorithms.ts');
    const rows = algorithms.map((algorithm) => ({
      algorithm,
      here: describeSupport(algorithm, missingSupport(algorithm), mldsaNode),
    }));
    await session.printer.result({
      usual: 'table',
      json: () => ({
        algorithms: rows.map(({ algorithm, here }) => ({ ...algorithm, available: here === 'yes' })),
      }),
      table: () =>
        formatTable(
          columns,
          rows.map(({ algorithm, here }) => [
            algorithm.alg,
            algorithm.use,
            algorithm.kty,
            describeChoice(algorithm),
            here,
            algorithm.source,
          ]),
          session.host.stdout,
        ),
    });
  }
}

const columns: readonly Column[] = [
  { title: 'ALGORITHM' },
  { title: 'USE' },
  { title: 'KEY TYPE' },
  { title: 'SIZE OR CURVE', shrinks: 'last' },
  { title: 'HERE' },
  { title: 'DEFINED IN', shrinks: 'first' },
];

/** The default first. */
function describeChoice({ bits, curves }: Algorithm): string {
  return bits.length > 0 ? bits.join(', ') : curves.length > 0 ? curves.join(', ') : 'fixed';
}

function describeSupport(
  { kty }: Algorithm,
  missing: { readonly all: boolean; readonly curves: readonly string[] },
  node: string,
): string {
  if (missing.all) return kty === 'AKP' ? `Node ${node}+` : 'no';
  return missing.curves.length === 0 ? 'yes' : `not on ${missing.curves.join(', ')}`;
}
