// What a restore or a copy does with sets, in words.
import type { SetStep } from '../operations/decide-restore.ts';
import type { RestorePlan } from '../operations/plan-restore.ts';
import type { Session } from './session.ts';
import { escapeText, formatTable } from './terminal-text.ts';

export async function printSets(
  session: Session,
  title: 'restored' | 'copied',
  sets: readonly Pick<SetStep, 'set' | 'revision' | 'action'>[],
): Promise<void> {
  const rows = sets.map(({ set, revision, action }) => ({ set, revision, action }));
  await session.printer.result({
    usual: 'table',
    json: () => ({ [title]: rows }),
    table: () =>
      formatTable(
        [{ title: 'SET ID', shrinks: 'last' }, { title: 'REVISION' }, { title: 'ACTION' }],
        rows.map(({ set, revision, action }) => [set, String(revision), action]),
        session.host.stdout,
      ),
  });
}

/** The rest of a question that begins with `restore into`. */
export function whatIsReplaced({ steps, label, master, isNew, origin }: RestorePlan): string {
  const there = steps.filter(({ isThere, isSame }) => isThere && !isSame);
  const namesOf = (wanted: string) =>
    there.filter(({ action }) => action === wanted).map(({ set }) => `"${escapeText(set)}"`);
  const written = [...(isNew || master === undefined ? [] : ['its master document']), ...namesOf('written')];
  const merged = namesOf('merged');
  const parts = [
    ...(written.length > 0 ? [`replace ${written.join(', ')} by newer revisions`] : []),
    ...(merged.length > 0
      ? [`take out of ${merged.join(', ')} what is retired or revoked in ${origin.noun}`]
      : []),
  ];
  const what = parts.length > 0 ? `, and ${parts.join(', and ')}` : '';
  return `the keystore at ${escapeText(label)}${what}`;
}

export async function sayUntried({ printer }: Session, kids: readonly string[]): Promise<void> {
  if (kids.length > 0)
    await printer.say(`not tried, since this Node cannot: ${kids.map((kid) => escapeText(kid)).join(', ')}`, {
      always: true,
    });
}

export async function sayLacking({ printer }: Session, { steps, origin }: RestorePlan): Promise<void> {
  for (const { set, lacking } of steps) {
    if (lacking.length === 0) continue;
    const kids = lacking.map((kid) => escapeText(kid)).join(', ');
    await printer.say(`${escapeText(set)}: ${origin.noun} has keys that are not taken in: ${kids}`, {
      always: true,
    });
  }
}
