// jwks doctor: what is wrong with a keystore, its files and its host, and what of that can be mended.
import type { Command } from 'commander';
import type { Diagnosis } from '../../operations/doctor.ts';
import { examples, exitCodes, type Open, operands, operandsOf, optionsOf } from '../command.ts';
import { describeCount } from '../describe-count.ts';
import { failWithErrors, toFindingsTable, toFindingsValue } from '../findings.ts';
import type { Session } from '../session.ts';
import { escapeText } from '../terminal-text.ts';

export function register(program: Command, open: Open): void {
  const command = program
    .command('doctor')
    .summary('find what is wrong with the keystore')
    .description(
      'Opens every document, proves every private key, and looks at modes, leftover files, revisions, the secret file, the clock, free space and versions. --repair changes only what cannot lose a key: it removes temporary files older than an hour, empties revisions that are proved superseded by a newest that the secret has opened, and takes modes away that are too wide.',
    )
    .usage('[options]')
    .addArgument(operands())
    .option('--repair', 'mend what can be mended without losing a key, and look again')
    .addHelpText('after', () => examples('jwks doctor', 'jwks doctor --repair --format json'))
    .addHelpText('after', () => exitCodes({ 0: 'nothing of weight was found', 1: 'an error was found' }));
  command.action(() => open(command, run));

  async function run(session: Session): Promise<void> {
    operandsOf(command, { required: [], most: 0 });
    const repair = optionsOf<{ readonly repair?: boolean }>(command).repair === true;
    await session.printer.prepare();
    const { doctor } = await import('../../operations/doctor.ts');
    const { node, openssl } = process.versions;
    const request = { repair, sources: session.sources(), runtime: { node, openssl } };
    const access = await session.access();
    const diagnosis = await session.sayingWarnings(session.during('examining', doctor(access, request)));
    for (const one of diagnosis.repairs) await session.printer.say(escapeText(one));
    await session.printer.result({
      usual: 'table',
      json: () => ({ ...toFindingsValue(diagnosis), ...(repair ? { repairs: diagnosis.repairs } : {}) }),
      table: () => toFindingsTable(session, diagnosis, describeGood(diagnosis)),
    });
    if (diagnosis.ok && diagnosis.findings.length > 0)
      await session.printer.say(`no errors: ${describeGood(diagnosis)}`);
    failWithErrors(diagnosis.findings);
  }
}

function describeGood({ sets, isOpened, proved }: Diagnosis): string {
  const what = describeCount(sets, 'set');
  if (!isOpened) return `${what}; without the secret nothing private was opened or proved`;
  return `${what}, ${describeCount(proved, 'private key')} proved`;
}
